from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.emails.service import mail_link
from marketplace.accounts.letters import Letters
from marketplace.accounts.models import Organisation, OrganisationKind, User
from marketplace.accounts.organisations.schemas import OrganisationCreate
from marketplace.accounts.organisations.service import found, join_operator
from marketplace.accounts.passwords.hashing import hash_password
from marketplace.accounts.passwords.refusing import refuse_guessable
from marketplace.accounts.people.schemas import SignUp
from marketplace.accounts.permissions import MemberRole
from marketplace.kernel.db import now


async def sign_up(
    session: AsyncSession, request: SignUp, *, letters: Letters
) -> tuple[User, Organisation]:
    """Create a person and the organisation of kind `person` that they act as; mail them a link.

    Raises:
        EmailTakenError: by the database, when the e-mail has an account.
        WrongRegionError: the country has no such region.
        PasswordBreachedError: the password is guessed early.
    """
    password = request.password.get_secret_value()
    user = await _create_user(session, request.email, password, request.display_name)
    await mail_link(session, user, letters=letters)
    own = OrganisationCreate(
        name=request.display_name,
        kind=OrganisationKind.PERSON,
        country=request.country,
        region=request.region,
    )
    return user, await found(session, user.id, own, MemberRole.OWNER)


async def create_operator(session: AsyncSession, email: str, password: str, name: str) -> User:
    """Create an operator of the platform; only the command line calls this.

    Whoever does so vouches for the address.
    """
    user = await _create_user(session, email.lower(), password, name)
    user.email_verified_at = now(session)
    await join_operator(session, user.id)
    return user


async def create_statistician(
    session: AsyncSession, email: str, password: str, office: str, country: str
) -> User:
    """Create an account of a public office that reads finer statistics, and nothing else.

    Whoever does so, on the command line, vouches for the address and the office.
    """
    user = await _create_user(session, email.lower(), password, office)
    user.email_verified_at = now(session)
    request = OrganisationCreate(name=office, kind=OrganisationKind.PUBLIC_BODY, country=country)
    await found(session, user.id, request, MemberRole.STATISTICIAN)
    return user


async def _create_user(session: AsyncSession, email: str, password: str, name: str) -> User:
    refuse_guessable(password, email, name)
    password_hash = await hash_password(password)  # before the session takes a connection
    user = User(
        created_at=now(session),
        email=email,
        password_hash=password_hash,
        display_name=name,
    )
    session.add(user)
    await session.flush()
    return user
