"""Whom of ours a provider means: found by issuer and subject, once linked by a verified e-mail."""

from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.api_keys.service import end_all_keys
from marketplace.accounts.emails.service import mark_verified
from marketplace.accounts.identity_providers.errors import IdentityTakenError
from marketplace.accounts.identity_providers.models import ExternalIdentity, IdentityProvider
from marketplace.accounts.identity_providers.rules import Told
from marketplace.accounts.letters import Letter, Letters
from marketplace.accounts.mailed_tokens.service import withdraw
from marketplace.accounts.members.queries import role_in
from marketplace.accounts.members.service import join
from marketplace.accounts.models import OrganisationKind, User
from marketplace.accounts.oauth.service import end_grants
from marketplace.accounts.organisations.schemas import OrganisationCreate
from marketplace.accounts.organisations.service import found
from marketplace.accounts.people.queries import user_by_email
from marketplace.accounts.permissions import MemberRole
from marketplace.accounts.sessions.service import sign_out_everywhere
from marketplace.kernel.db import lock, now
from marketplace.kernel.events import publish

NO_PASSWORD: Final = ""
"""Matches no hash: such a person signs in by their provider, until they choose a password."""

_ONE_AT_A_TIME: Final = text("SELECT pg_advisory_xact_lock(hashtext('external identity ' || :of))")
"""Who first signs in twice at once is made once. Hashes that meet cost a wait, and nothing else."""


async def person_of(
    session: AsyncSession, provider: IdentityProvider, told: Told, *, letters: Letters
) -> User:
    """The person whom a provider vouches for: known, linked by their e-mail, or made.

    Raises:
        IdentityTakenError: their e-mail is that of an account which somebody else of the same
            issuer has: addresses go from one person to the next, subjects do not.
        EmailTakenError: by the database, when they sign up at the same moment.
    """
    await session.execute(_ONE_AT_A_TIME, {"of": told.email})
    query = select(ExternalIdentity).where(
        col(ExternalIdentity.issuer) == provider.issuer,
        col(ExternalIdentity.subject) == told.subject,
    )
    identity = (await session.execute(query)).scalar_one_or_none()
    if identity:
        identity.last_login_at, identity.email = now(session), told.email
        identity.provider_id = provider.id
        return await session.get_one(User, identity.user_id)
    return await _link(session, provider, told, letters)


async def _link(
    session: AsyncSession, provider: IdentityProvider, told: Told, letters: Letters
) -> User:
    user = await user_by_email(session, told.email)
    if user is None:
        user = await _create(session, provider, told)
    else:
        user = await lock(session, User, user.id)
        await _require_free(session, provider, user.id)
        if user.email_verified:
            await letters.send(session, user.email, Letter.IDENTITY_LINKED)
        else:
            await _take_over(session, user)
    session.add(
        ExternalIdentity(
            created_at=now(session),
            provider_id=provider.id,
            user_id=user.id,
            issuer=provider.issuer,
            subject=told.subject,
            email=told.email,
            last_login_at=now(session),
        )
    )
    label, data = f"user:{user.id}", {"provider_id": provider.id}
    publish(session, "user.link_identity", subject=label, actor=label, data=data)
    await _join(session, provider, user.id)
    await session.flush()
    return user


async def _create(session: AsyncSession, provider: IdentityProvider, told: Told) -> User:
    user = User(
        created_at=now(session),
        email=told.email,
        email_verified_at=now(session),
        password_hash=NO_PASSWORD,
        display_name=told.name,
    )
    session.add(user)
    await session.flush()
    own = OrganisationCreate(name=told.name, kind=OrganisationKind.PERSON, country=provider.country)
    await found(session, user.id, own, MemberRole.OWNER)
    return user


async def _require_free(session: AsyncSession, provider: IdentityProvider, user_id: UUID) -> None:
    query = select(ExternalIdentity.id).where(
        col(ExternalIdentity.user_id) == user_id, col(ExternalIdentity.issuer) == provider.issuer
    )
    if (await session.execute(query)).first():
        raise IdentityTakenError


async def _take_over(session: AsyncSession, user: User) -> None:
    """An account whose address was never confirmed may be a stranger's, who waits for its owner.

    Whatever that stranger knows or holds ends; what they wrote stays, for the owner to see.
    """
    user.password_hash = NO_PASSWORD
    await withdraw(session, user.id)
    await sign_out_everywhere(session, user.id)
    await end_all_keys(session, user.id)
    await end_grants(session, user.id)
    await mark_verified(session, user)


async def _join(session: AsyncSession, provider: IdentityProvider, user_id: UUID) -> None:
    """Make them a member, once: who is taken out of the organisation later stays out."""
    organisation_id, role = provider.organisation_id, provider.role
    if organisation_id is None or role is None or await role_in(session, organisation_id, user_id):
        return
    join(session, organisation_id, user_id, role)
    subject = f"organisation:{organisation_id}"
    data = {"user_id": user_id, "role": role, "identity_provider_id": provider.id}
    publish(session, "organisation.add_member", subject=subject, actor=f"user:{user_id}", data=data)
