from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.accounts.authentication import new_token, token_hash
from marketplace.accounts.errors import (
    NotAMemberError,
    PermissionMissingError,
    UnknownUserError,
    WrongCredentialsError,
)
from marketplace.accounts.models import (
    LoginSession,
    Membership,
    Organisation,
    OrganisationKind,
    User,
)
from marketplace.accounts.passwords import hash_password, verify_password
from marketplace.accounts.permissions import MemberRole
from marketplace.accounts.schemas import MemberAdd, OrganisationCreate, SignIn, SignUp
from marketplace.kernel.db import now
from marketplace.kernel.events import publish

SESSION_LIFETIME: Final = timedelta(hours=12)


async def sign_up(session: AsyncSession, request: SignUp) -> tuple[User, Organisation]:
    """Create a person and the organisation of kind `person` that they act as.

    Raises:
        EmailTakenError: by the database, when the e-mail has an account.
    """
    user = User(
        created_at=now(session),
        email=request.email,
        password_hash=await hash_password(request.password.get_secret_value()),
        display_name=request.display_name,
    )
    session.add(user)
    await session.flush()
    organisation = await _found(
        session,
        user.id,
        OrganisationCreate(
            name=request.display_name,
            kind=OrganisationKind.PERSON,
            country=request.country,
            region=request.region,
        ),
        MemberRole.OWNER,
    )
    return user, organisation


async def create_organisation(
    session: AsyncSession, request: OrganisationCreate, *, actor: Actor
) -> Organisation:
    """Found an organisation; its founder is the owner. Persons and operators are not founded."""
    if request.kind in {OrganisationKind.PERSON, OrganisationKind.OPERATOR}:
        raise PermissionMissingError(f"an organisation of kind {request.kind} is not created here")
    return await _found(session, actor.user_id, request, MemberRole.OWNER)


async def _found(
    session: AsyncSession, user_id: UUID, request: OrganisationCreate, role: MemberRole
) -> Organisation:
    organisation = Organisation(created_at=now(session), **request.model_dump())
    session.add(organisation)
    await session.flush()
    _join(session, organisation.id, user_id, role)
    subject, data = f"organisation:{organisation.id}", {"kind": organisation.kind}
    publish(session, "organisation.found", subject=subject, actor=f"user:{user_id}", data=data)
    return organisation


def _join(
    session: AsyncSession, organisation_id: UUID, user_id: UUID, role: MemberRole
) -> Membership:
    membership = Membership(
        created_at=now(session), organisation_id=organisation_id, user_id=user_id, role=role
    )
    session.add(membership)
    return membership


async def add_member(
    session: AsyncSession, organisation_id: UUID, request: MemberAdd, *, actor: Actor
) -> Membership:
    """Let a person who has signed up act for the actor's organisation."""
    if organisation_id != actor.organisation_id:
        raise NotAMemberError("sign in for that organisation first")
    organisation = await session.get_one(Organisation, organisation_id)
    fixed = {OrganisationKind.PERSON, OrganisationKind.OPERATOR}
    if organisation.kind in fixed or request.role is MemberRole.OPERATOR:
        raise PermissionMissingError(f"nobody joins a {organisation.kind} as {request.role}")
    user = await _by_email(session, request.email)
    if user is None:
        raise UnknownUserError("ask them to sign up first")
    membership = _join(session, organisation_id, user.id, request.role)
    data = {"user_id": user.id, "role": request.role}
    subject = f"organisation:{organisation_id}"
    publish(session, "organisation.add_member", subject=subject, actor=actor.label, data=data)
    return membership


async def sign_in(session: AsyncSession, request: SignIn) -> tuple[str, LoginSession, Organisation]:
    """Check the password and issue a token that acts for one organisation.

    Raises:
        WrongCredentialsError: unknown e-mail and wrong password alike, after the same time.
        NotAMemberError: the organisation is not one of theirs.
    """
    user = await _by_email(session, request.email)
    password = request.password.get_secret_value()
    if not await verify_password(password, user.password_hash if user else None) or user is None:
        raise WrongCredentialsError
    organisation = await _acting_for(session, user.id, request.organisation_id)
    token = new_token()
    login = LoginSession(
        created_at=now(session),
        token_hash=token_hash(token),
        user_id=user.id,
        organisation_id=organisation.id,
        expires_at=now(session) + SESSION_LIFETIME,
    )
    session.add(login)
    return token, login, organisation


async def _acting_for(
    session: AsyncSession, user_id: UUID, organisation_id: UUID | None
) -> Organisation:
    """The wanted organisation; else their own, which is the first they belong to."""
    query = (
        select(Organisation)
        .join(Membership, col(Membership.organisation_id) == Organisation.id)
        .where(col(Membership.user_id) == user_id)
        .order_by(col(Membership.created_at), col(Membership.id))
        .limit(1)
    )
    if organisation_id is not None:
        query = query.where(col(Organisation.id) == organisation_id)
    organisation = (await session.execute(query)).scalar_one_or_none()
    if organisation is None:
        raise NotAMemberError
    return organisation


async def sign_out(session: AsyncSession, token: str) -> None:
    query = select(LoginSession).where(col(LoginSession.token_hash) == token_hash(token))
    login = (await session.execute(query)).scalar_one()
    login.revoked_at = now(session)


async def create_operator(session: AsyncSession, email: str, password: str, name: str) -> User:
    """Create an operator of the platform; only the command line calls this."""
    user = User(
        created_at=now(session),
        email=email.lower(),
        password_hash=await hash_password(password),
        display_name=name,
    )
    session.add(user)
    await session.flush()
    query = select(Organisation).where(col(Organisation.kind) == OrganisationKind.OPERATOR)
    organisation = (await session.execute(query)).scalars().first()
    if organisation is None:
        request = OrganisationCreate(name="Operator", kind=OrganisationKind.OPERATOR, country="KR")
        await _found(session, user.id, request, MemberRole.OPERATOR)
    else:
        _join(session, organisation.id, user.id, MemberRole.OPERATOR)
        subject = f"organisation:{organisation.id}"
        data = {"user_id": user.id, "role": MemberRole.OPERATOR}
        publish(
            session, "organisation.add_member", subject=subject, actor="command_line", data=data
        )
    return user


async def _by_email(session: AsyncSession, email: str) -> User | None:
    query = select(User).where(col(User.email) == email)
    return (await session.execute(query)).scalar_one_or_none()
