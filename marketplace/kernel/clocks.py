"""The clock's moves: whatever is due, each in a transaction of its own."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, exists, literal_column, union_all
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.kernel.database_errors import is_transient
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


@dataclass(frozen=True, slots=True)
class _Seen:
    """The row that a clock move was tried on, as it was then."""

    model: type[Any]
    id: UUID
    version: int


async def plain_move(
    session: AsyncSession, aggregate: Aggregate, *, role: str, actor: Any, name: str
) -> None:
    move(session, aggregate, name, role=role, actor=actor)


async def run_all_due(sessions: Sessions, clocks: Sequence[Clock]) -> int:
    """Make what is due of every table, at most `BATCH` moves of each; one statement finds where.

    Raises:
        Exception: what stopped the first clock that failed, after all others had their turn.
    """
    done, failures = 0, list[Exception]()
    for clock in await _with_due(sessions, clocks):
        try:
            done += await run_due(sessions, clock)
        except Exception as error:  # noqa: BLE001 - raised below
            failures.append(error)
    if failures:
        raise failures[0]
    return done


async def _with_due(sessions: Sessions, clocks: Sequence[Clock]) -> list[Clock]:
    """Which tables have something due. It takes no lock, so that an idle service takes no ids."""
    async with sessions() as session:
        moment = now(session)
        probes: list[Select[Any]] = [
            select(literal_column(str(number))).where(
                exists().where(col(clock.model.due_at) <= moment)
            )
            for number, clock in enumerate(clocks)
        ]
        found = (await session.execute(union_all(*probes))).scalars()
        return [clocks[number] for number in found]


async def run_due(sessions: Sessions, clock: Clock) -> int:
    """Make the moves that are due, at most `BATCH`; returns how many were looked at."""
    for count in range(BATCH):
        if not await _run_next(sessions, clock):
            return count
    return BATCH


async def _run_next(sessions: Sessions, clock: Clock) -> bool:
    seen: _Seen | None = None
    try:
        async with sessions.begin() as session:
            aggregate = await _lock_next(session, clock.model)
            if aggregate is None:
                return False
            seen = _Seen(clock.model, aggregate.id, aggregate.version)
            await _make_move(session, clock, aggregate)
    except Exception as error:
        if seen is None or is_transient(error):
            raise
        await _postpone(sessions, seen, error)
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


async def _postpone(sessions: Sessions, seen: _Seen, error: Exception) -> None:
    """A failed clock move is told in the history and tried again later, not in a tight loop.

    A bug is postponed like a refusal: one bad row must not hold up all that are due after it.
    """
    async with sessions.begin() as session:
        aggregate = await session.get_one(seen.model, seen.id, with_for_update=True)
        if aggregate.version != seen.version:
            return  # somebody moved it meanwhile, and that move set the clock anew
        aggregate.due_at = now(session) + POSTPONED
        kind = aggregate.lifecycle.name
        code = error.code if isinstance(error, MarketplaceError) else "internal_error"
        subject, data = f"{kind}:{seen.id}", {"code": code}
        publish(session, f"{kind}.clock_refused", subject=subject, actor=CLOCK, data=data)
    trace = None if isinstance(error, MarketplaceError) else error
    logger.warning("clock move refused", subject=subject, code=code, exc_info=trace)
