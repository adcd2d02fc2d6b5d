"""The clock's moves: whatever is due, each in a transaction of its own."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.kernel.db import Sessions, mark_locked, now
from marketplace.kernel.errors import MarketplaceError
from marketplace.kernel.events import publish
from marketplace.kernel.lifecycle import BY_CLOCK, CLOCK, Aggregate, move
from marketplace.kernel.logs import get_logger

logger = get_logger(__name__)

BATCH: Final = 100
POSTPONED: Final = timedelta(hours=6)

ClockMove = Callable[..., Awaitable[None]]
"""`async def (session, aggregate, *, role, actor)`: the same use case that a person calls."""


@dataclass(frozen=True, slots=True)
class Clock:
    """Which use case runs for each due move of a table; a move not named only changes state."""

    model: type[Any]
    moves: Mapping[str, ClockMove]


async def plain_move(
    session: AsyncSession, aggregate: Aggregate, *, role: str, actor: Any, name: str
) -> None:
    move(session, aggregate, name, role=role, actor=actor)


async def run_due(sessions: Sessions, clock: Clock) -> int:
    """Make the moves that are due, at most `BATCH`; returns how many were looked at."""
    for count in range(BATCH):
        if not await _run_next(sessions, clock):
            return count
    return BATCH


async def _run_next(sessions: Sessions, clock: Clock) -> bool:
    aggregate_id: UUID | None = None
    try:
        async with sessions.begin() as session:
            aggregate = await _lock_next(session, clock.model)
            if aggregate is None:
                return False
            aggregate_id = aggregate.id
            await _make_move(session, clock, aggregate)
    except MarketplaceError as refusal:
        assert aggregate_id is not None
        await _postpone(sessions, clock.model, aggregate_id, refusal)
    return True


async def _lock_next(session: AsyncSession, model: type[Any]) -> Any:
    query = (
        select(model)
        .where(col(model.due_at) <= now(session))
        .order_by(col(model.due_at))
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    aggregate = (await session.execute(query)).scalar_one_or_none()
    if aggregate is not None:
        mark_locked(session, aggregate)
    return aggregate


async def _make_move(session: AsyncSession, clock: Clock, aggregate: Any) -> None:
    name = aggregate.lifecycle.due[aggregate.state].move
    use_case = clock.moves.get(name)
    if use_case is None:
        await plain_move(session, aggregate, role=CLOCK, actor=BY_CLOCK, name=name)
    else:
        await use_case(session, aggregate, role=CLOCK, actor=BY_CLOCK)


async def _postpone(
    sessions: Sessions, model: type[Any], aggregate_id: UUID, refusal: MarketplaceError
) -> None:
    """A refused clock move is told in the history and tried again later, not in a tight loop."""
    async with sessions.begin() as session:
        aggregate = await session.get_one(model, aggregate_id, with_for_update=True)
        aggregate.due_at = now(session) + POSTPONED
        kind = aggregate.lifecycle.name
        subject, data = f"{kind}:{aggregate_id}", {"code": refusal.code}
        publish(session, f"{kind}.clock_refused", subject=subject, actor=CLOCK, data=data)
    logger.warning("clock move refused", subject=subject, code=refusal.code)
