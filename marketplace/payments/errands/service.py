"""Calls to providers, written down with the change that needs them and made after it committed.

An errand is leased, not held: a worker that dies loses nothing, and after the lease another one
makes the same call with the same idempotency key, or finds what became of the first.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.kernel.db import Sessions, now
from marketplace.kernel.errors import MarketplaceError
from marketplace.kernel.ids import new_id
from marketplace.kernel.logs import get_logger
from marketplace.payments.errands.desk import Desk
from marketplace.payments.errands.desk import Errand as Run
from marketplace.payments.errands.models import ErrandKind

logger = get_logger(__name__)

BATCH: Final = 50
LEASE: Final = timedelta(minutes=2)
"""Longer than the longest call."""
FIRST_RETRY: Final = timedelta(seconds=2)
RETRY_MAX: Final = timedelta(hours=1)
LOOKS_MAX: Final = 100
"""Attempts, over some four days, after which nothing is looked at any more; the reconciliation
tells what was missed. What changes something at the provider is tried for ever."""

_ASK: Final = text(
    """
    INSERT INTO provider_errand AS e (id, created_at, kind, target, due_at, asked, attempts)
    VALUES (:id, :now, :kind, :target, :now, 1, 0)
    ON CONFLICT (kind, target)
    DO UPDATE SET due_at = least(e.due_at, EXCLUDED.due_at), asked = e.asked + 1
    """
)
_CLAIM: Final = text(
    """
    UPDATE provider_errand SET due_at = :lease, attempts = attempts + 1
    WHERE id = (SELECT id FROM provider_errand WHERE due_at <= :now
                ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING id, kind, target, asked, attempts
    """
)
_FINISH: Final = text("DELETE FROM provider_errand WHERE id = :id AND asked = :asked")
_AGAIN: Final = text(
    "UPDATE provider_errand SET due_at = :due_at, error = :error WHERE id = :id AND asked = :asked"
)
_AT_ONCE: Final = text(
    "UPDATE provider_errand SET due_at = :now, attempts = 0 WHERE id = :id AND asked <> :asked"
)


@dataclass(frozen=True, slots=True)
class _Claimed:
    id: UUID
    kind: str
    target: str
    asked: int
    attempts: int


async def ask(session: AsyncSession, kind: ErrandKind, target: object) -> None:
    """Have a call made as soon as this transaction has committed."""
    values = {"id": new_id(), "now": now(session), "kind": kind, "target": str(target)}
    await session.execute(_ASK, values)


async def run_errands(desk: Desk, errands: Mapping[ErrandKind, Run]) -> int:
    """Make the calls that are due, at most `BATCH`; returns how many were tried."""
    for count in range(BATCH):
        claimed = await _claim(desk.sessions)
        if claimed is None:
            return count
        await _run(desk, errands, claimed)
    return BATCH


async def _claim(sessions: Sessions) -> _Claimed | None:
    async with sessions.begin() as session:
        values = {"now": now(session), "lease": now(session) + LEASE}
        row = (await session.execute(_CLAIM, values)).first()
        return _Claimed(*row) if row else None


async def _run(desk: Desk, errands: Mapping[ErrandKind, Run], claimed: _Claimed) -> None:
    try:
        await errands[ErrandKind(claimed.kind)](desk, claimed.target)
    except Exception as error:  # noqa: BLE001 - whatever fails is told, and tried again
        await _put_off(desk.sessions, claimed, error)
        return
    names = {"id": claimed.id, "asked": claimed.asked}
    async with desk.sessions.begin() as session:
        await session.execute(_FINISH, names)
        # Asked for again while it was made, it may have seen what was before.
        await session.execute(_AT_ONCE, {**names, "now": now(session)})


async def _put_off(sessions: Sessions, claimed: _Claimed, error: Exception) -> None:
    expected = isinstance(error, MarketplaceError)
    code = error.code if isinstance(error, MarketplaceError) else type(error).__name__
    told = {"kind": claimed.kind, "attempts": claimed.attempts, "error": code}
    logger.warning("errand put off", **told, exc_info=None if expected else error)
    async with sessions.begin() as session:
        due_at = _next(now(session), claimed.attempts)
        names = {"id": claimed.id, "asked": claimed.asked}
        if claimed.kind.startswith("look_") and claimed.attempts >= LOOKS_MAX:
            logger.error("errand given up", **told)
            await session.execute(_FINISH, names)
        await session.execute(_AGAIN, {**names, "due_at": due_at, "error": code})
        await session.execute(_AT_ONCE, {**names, "now": now(session)})


def _next(at: datetime, attempts: int) -> datetime:
    """After 2, 4, 8 … seconds, and never more than an hour later."""
    doubled: timedelta = FIRST_RETRY * 2 ** min(attempts - 1, 12)
    return at + min(doubled, RETRY_MAX)
