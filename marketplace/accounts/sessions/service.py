"""Signing in with a password, and the session tokens that this gives."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.accounts.authentication import Found, new_secret, secret_hash
from marketplace.accounts.errors import NotAMemberError, WrongCredentialsError
from marketplace.accounts.models import LoginSession, Membership, Organisation
from marketplace.accounts.passwords import verify_password
from marketplace.accounts.people.queries import user_by_email
from marketplace.accounts.permissions import MemberRole
from marketplace.accounts.revocations import revoke
from marketplace.accounts.sessions.schemas import SignIn
from marketplace.accounts.suspensions.queries import require_not_suspended
from marketplace.kernel.db import now

LIFETIME: Final = timedelta(hours=12)
PREFIX: Final = "mp_"

_FIND: Final = text(
    """
    SELECT s.id, s.user_id, s.organisation_id, s.expires_at, m.role, EXISTS (
        SELECT FROM organisation_suspension x
        WHERE x.organisation_id = s.organisation_id AND x.lifted_at IS NULL) AS is_suspended
    FROM login_session s JOIN membership m USING (user_id, organisation_id)
    WHERE s.token_hash = :token_hash AND s.revoked_at IS NULL
    """
)
_END: Final = text(
    "UPDATE login_session SET revoked_at = :now WHERE revoked_at IS NULL"
    " AND user_id = :user_id AND organisation_id = :organisation_id"
)
_FORGET: Final = text(
    "DELETE FROM login_session WHERE id IN (SELECT id FROM login_session"
    " WHERE expires_at < :now LIMIT 10000)"
)


async def find_session(session: AsyncSession, token: str) -> Found | None:
    """The person and organisation that a session token stands for."""
    row = (await session.execute(_FIND, {"token_hash": secret_hash(token)})).first()
    if row is None:
        return None
    return Found(
        Actor.in_role(row.organisation_id, row.user_id, MemberRole(row.role)),
        row.expires_at,
        frozenset(
            {
                f"session:{row.id}",
                f"user:{row.user_id}",
                f"organisation:{row.organisation_id}",
                f"membership:{row.organisation_id}:{row.user_id}",
            }
        ),
        row.is_suspended,
    )


async def sign_in(session: AsyncSession, request: SignIn) -> tuple[str, LoginSession, Organisation]:
    """Check the password and issue a token that acts for one organisation.

    Raises:
        WrongCredentialsError: unknown e-mail and wrong password alike, after the same time.
        NotAMemberError: the organisation is not one of theirs.
        OrganisationSuspendedError: it is, and is suspended.
    """
    user = await user_by_email(session, request.email)
    password = request.password.get_secret_value()
    if not await verify_password(password, user.password_hash if user else None) or user is None:
        raise WrongCredentialsError
    organisation = await _acting_for(session, user.id, request.organisation_id)
    await require_not_suspended(session, organisation.id)
    token = new_token()
    login = LoginSession(
        created_at=now(session),
        token_hash=secret_hash(token),
        user_id=user.id,
        organisation_id=organisation.id,
        expires_at=now(session) + LIFETIME,
    )
    session.add(login)
    return token, login, organisation


def new_token() -> str:
    return new_secret(PREFIX)


async def sign_out(session: AsyncSession, token: str) -> None:
    """Revoke the session of a token; of any other credential nothing is signed out."""
    query = select(LoginSession).where(col(LoginSession.token_hash) == secret_hash(token))
    login = (await session.execute(query)).scalar_one_or_none()
    if login:
        login.revoked_at = now(session)
        await revoke(session, f"session:{login.id}")


async def end_sessions(session: AsyncSession, organisation_id: UUID, user_id: UUID) -> None:
    """Revoke a person's sessions for one organisation, for good: also if they join it again."""
    values = {"organisation_id": organisation_id, "user_id": user_id, "now": now(session)}
    await session.execute(_END, values)


async def forget_expired(session: AsyncSession) -> None:
    """Delete sessions that have expired, at most ten thousand a call."""
    await session.execute(_FORGET, {"now": now(session)})


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
