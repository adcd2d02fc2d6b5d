"""Signing in with a password, and the session tokens that this gives."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.accounts.authentication import Found, new_secret, secret_hash
from marketplace.accounts.callers import Caller
from marketplace.accounts.errors import NotAMemberError
from marketplace.accounts.models import LoginSession, Membership, Organisation
from marketplace.accounts.permissions import MemberRole
from marketplace.accounts.proving import Proof, prove
from marketplace.accounts.revocations import revoke
from marketplace.accounts.sessions.schemas import SignIn
from marketplace.accounts.suspensions.queries import require_not_suspended
from marketplace.kernel.db import fetch, now
from marketplace.kernel.errors import NotFoundError

LIFETIME: Final = timedelta(hours=12)
PREFIX: Final = "mp_"
KIND: Final = "session"

_FIND: Final = text(
    """
    SELECT s.id, s.user_id, s.organisation_id, s.expires_at, m.role,
        u.email_verified_at IS NOT NULL AS is_verified, EXISTS (
        SELECT FROM organisation_suspension x
        WHERE x.organisation_id = s.organisation_id AND x.lifted_at IS NULL) AS is_suspended
    FROM login_session s JOIN membership m USING (user_id, organisation_id)
    JOIN user_account u ON u.id = s.user_id
    WHERE s.token_hash = :token_hash AND s.revoked_at IS NULL
    """
)
_OF_PERSON: Final = text(
    """
    SELECT s.id, s.organisation_id, o.name AS organisation_name, s.created_at, s.expires_at,
        coalesce(s.last_used_at, s.created_at) AS last_used_at, s.device,
        coalesce(s.token_hash = CAST(:token_hash AS bytea), false) AS is_current
    FROM login_session s JOIN membership m USING (user_id, organisation_id)
    JOIN organisation o ON o.id = s.organisation_id
    WHERE s.user_id = :user_id AND s.revoked_at IS NULL AND s.expires_at > :now
    ORDER BY s.id DESC LIMIT 100
    """
)
_SIGN_OUT: Final = text(
    """
    UPDATE login_session SET revoked_at = :now
    WHERE user_id = :user_id AND revoked_at IS NULL AND expires_at > :now
      AND (CAST(:only AS uuid) IS NULL OR id = :only)
      AND (CAST(:organisation_id AS uuid) IS NULL OR organisation_id = :organisation_id)
      AND (CAST(:but AS bytea) IS NULL OR token_hash <> :but)
    RETURNING id
    """
)
_FORGET: Final = text(
    "DELETE FROM login_session WHERE id IN (SELECT id FROM login_session"
    " WHERE expires_at < :now LIMIT 10000)"
)
NOTE_USE: Final = text(
    """
    UPDATE login_session SET last_used_at = :now WHERE id = ANY (CAST(:ids AS uuid[]))
      AND coalesce(last_used_at, created_at) < :before
    """
)


async def find_session(session: AsyncSession, token: str) -> Found | None:
    """The person and organisation that a session token stands for."""
    row = (await session.execute(_FIND, {"token_hash": secret_hash(token)})).first()
    if row is None:
        return None
    role, used = MemberRole(row.role), f"{KIND}:{row.id}"
    return Found(
        Actor.in_role(row.organisation_id, row.user_id, role, is_verified=row.is_verified),
        row.expires_at,
        frozenset(
            {
                used,
                f"user:{row.user_id}",
                f"organisation:{row.organisation_id}",
                f"membership:{row.organisation_id}:{row.user_id}",
            }
        ),
        is_suspended=row.is_suspended,
        used=used,
    )


async def sign_in(
    session: AsyncSession, request: SignIn, *, caller: Caller
) -> tuple[str, LoginSession, Organisation]:
    """Check who it is and issue a token that acts for one organisation.

    Nothing may have been asked of `session` yet: see `prove`.

    Raises:
        TooManyAttemptsError, WrongCredentialsError, SecondFactorNeededError,
        WrongSecondFactorError: as `prove` does.
        NotAMemberError: the organisation is not one of theirs.
        OrganisationSuspendedError: it is, and is suspended.
    """
    proof = Proof(request.email, request.password, request.code)
    user_id = await prove(session, proof, caller=caller)
    return await admit(session, user_id, request.organisation_id, caller=caller)


async def admit(
    session: AsyncSession,
    user_id: UUID,
    organisation_id: UUID | None,
    *,
    caller: Caller,
    proved_at: datetime | None = None,
) -> tuple[str, LoginSession, Organisation]:
    """Issue a token to a person who was made sure of, by us or at `proved_at` by their provider.

    Raises:
        NotAMemberError: the organisation is not one of theirs.
        OrganisationSuspendedError: it is, and is suspended.
    """
    organisation = await _acting_for(session, user_id, organisation_id)
    await require_not_suspended(session, organisation.id)
    token = new_token()
    login = LoginSession(
        created_at=now(session),
        token_hash=secret_hash(token),
        user_id=user_id,
        organisation_id=organisation.id,
        expires_at=now(session) + LIFETIME,
        device=caller.device,
        proved_at=proved_at,
    )
    session.add(login)
    return token, login, organisation


def new_token() -> str:
    return new_secret(PREFIX)


async def sign_out(session: AsyncSession, token: str) -> None:
    """Revoke the session of a token."""
    query = select(LoginSession).where(col(LoginSession.token_hash) == secret_hash(token))
    login = (await session.execute(query)).scalar_one_or_none()
    if login:
        login.revoked_at = now(session)
        await revoke(session, f"{KIND}:{login.id}")


async def sessions_of(session: AsyncSession, user_id: UUID, token: str) -> Sequence[Row[Any]]:
    """A person's living sessions, newest first, at most a hundred; `token` is the current one's."""
    values = {"user_id": user_id, "token_hash": secret_hash(token), "now": now(session)}
    return await fetch(session, _OF_PERSON, **values)


async def end_session(session: AsyncSession, user_id: UUID, session_id: UUID) -> None:
    """Sign one of a person's sessions out.

    Raises:
        NotFoundError: it is not theirs, or ended before.
    """
    if not await _end(session, user_id, only=session_id):
        raise NotFoundError("no such session")


async def sign_out_everywhere(
    session: AsyncSession, user_id: UUID, *, but: str | None = None
) -> None:
    """Sign a person out everywhere, but for the session of a token if one is given."""
    await _end(session, user_id, but=secret_hash(but) if but else None)


async def _end(
    session: AsyncSession,
    user_id: UUID,
    *,
    only: UUID | None = None,
    but: bytes | None = None,
    organisation_id: UUID | None = None,
) -> bool:
    rows = await fetch(
        session,
        _SIGN_OUT,
        user_id=user_id,
        only=only,
        but=but,
        organisation_id=organisation_id,
        now=now(session),
    )
    ended = [f"{KIND}:{row.id}" for row in rows]
    await revoke(session, *ended)
    return bool(ended)


async def end_sessions(session: AsyncSession, organisation_id: UUID, user_id: UUID) -> None:
    """Revoke a person's sessions for one organisation, for good: also if they join it again."""
    await _end(session, user_id, organisation_id=organisation_id)


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
