"""Who sits before a browser that came to our pages."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.authentication import new_secret, secret_hash
from marketplace.accounts.browser_sessions.models import BrowserSession
from marketplace.accounts.callers import Caller
from marketplace.accounts.models import LoginSession
from marketplace.accounts.revocations import revoke
from marketplace.accounts.sessions.schemas import SignIn
from marketplace.accounts.sessions.service import admit, sign_in
from marketplace.kernel.db import now

PREFIX: Final = "mpb_"

_FIND: Final = text(
    """
    SELECT s.user_id, u.email, u.display_name, b.created_at AS signed_in_at, s.proved_at
    FROM browser_session b JOIN login_session s ON s.id = b.login_session_id
    JOIN user_account u ON u.id = s.user_id
    WHERE b.cookie_hash = :cookie_hash AND s.revoked_at IS NULL AND s.expires_at > :now
    """
)
_END: Final = text(
    """
    UPDATE login_session SET revoked_at = :now
    WHERE revoked_at IS NULL AND id = (
        SELECT login_session_id FROM browser_session WHERE cookie_hash = :cookie_hash)
    RETURNING id
    """
)


@dataclass(frozen=True, slots=True)
class Visitor:
    """A signed-in person, as our pages know them."""

    user_id: UUID
    email: str
    display_name: str
    signed_in_at: datetime
    proved_at: datetime | None
    """When an identity provider made sure of them."""


async def start(session: AsyncSession, request: SignIn, *, caller: Caller) -> tuple[str, datetime]:
    """Sign in by the page; gives the cookie's value and when it ends.

    The login's own token is dropped: nobody holds it, so the cookie is the only way to use it.

    Raises:
        MarketplaceError: whatever signing in raises.
    """
    _, login, _ = await sign_in(session, request, caller=caller)
    return await _remember(session, login), login.expires_at


async def start_vouched(
    session: AsyncSession, user_id: UUID, proved_at: datetime | None, *, caller: Caller
) -> tuple[str, datetime]:
    """Sign somebody in for whom an identity provider vouches; gives what `start` gives.

    Raises:
        NotAMemberError, OrganisationSuspendedError: as `admit` does.
    """
    _, login, _ = await admit(session, user_id, None, caller=caller, proved_at=proved_at)
    return await _remember(session, login), login.expires_at


async def _remember(session: AsyncSession, login: LoginSession) -> str:
    await session.flush()
    cookie = new_secret(PREFIX)
    session.add(
        BrowserSession(
            created_at=now(session), cookie_hash=secret_hash(cookie), login_session_id=login.id
        )
    )
    return cookie


async def find(session: AsyncSession, cookie: str) -> Visitor | None:
    values = {"cookie_hash": secret_hash(cookie), "now": now(session)}
    row = (await session.execute(_FIND, values)).first()
    return Visitor(*row) if row else None


async def end(session: AsyncSession, cookie: str) -> None:
    """Sign the browser out, if it was signed in."""
    values = {"cookie_hash": secret_hash(cookie), "now": now(session)}
    ended = (await session.execute(_END, values)).scalar_one_or_none()
    if ended:
        await revoke(session, f"session:{ended}")
