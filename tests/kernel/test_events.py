import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import select

from marketplace.kernel.clock import ShiftedClock
from marketplace.kernel.database_errors import is_transient
from marketplace.kernel.events import (
    ATTEMPTS_MAX,
    Consumer,
    EventFailure,
    Fact,
    Handler,
    deliver,
    ensure_position,
    history,
    publish,
    read_after,
    retry,
)
from tests.factories.world import World

START = (0, 0)


class StoppedClock(ShiftedClock):
    """Moves only when a test moves it, so that a backoff ends to the microsecond."""

    def now(self) -> datetime:
        return datetime(2026, 1, 5, 9, tzinfo=UTC) + self.offset


@pytest.fixture
def clock() -> ShiftedClock:
    return StoppedClock()


def tell(session: AsyncSession, number: int, type_: str = "test.told") -> None:
    publish(session, type_, subject=f"test:{number}", actor="clock", data={"number": number})


async def tell_each(world: World, numbers: range) -> None:
    """One transaction for each event."""
    for number in numbers:
        async with world.sessions.begin() as session:
            tell(session, number)


async def consumer(world: World, handlers: Mapping[str, Handler]) -> Consumer:
    async with world.sessions.begin() as session:
        await ensure_position(session, "test")
        await ensure_position(session, "test")
    return Consumer("test", handlers)


async def rows(world: World, query: str) -> list[Any]:
    async with world.sessions() as session:
        return [tuple(row) for row in (await session.execute(text(query))).all()]


class Listener:
    """Keeps what it hears; refuses the numbers that it is told to refuse."""

    def __init__(self, *refused: int) -> None:
        self.heard: list[int] = []
        self.refused = set(refused)

    async def __call__(self, session: AsyncSession, fact: Fact) -> None:
        number = fact.data["number"]
        tell(session, number, "test.echo")
        await session.flush()
        if number in self.refused:
            raise ValueError("the secret formula is 42")
        self.heard.append(number)


async def test_a_fact_reaches_its_handler_as_it_was_published(world: World) -> None:
    heard: list[Fact] = []

    async def hear(session: AsyncSession, fact: Fact) -> None:
        heard.append(fact)

    listening = await consumer(world, {"test.told": hear})
    async with world.sessions.begin() as session:
        tell(session, 1)
        tell(session, 2, "test.other")
        tell(session, 3)

    assert await deliver(world.sessions, listening) == 3
    assert [fact.data for fact in heard] == [{"number": 1}, {"number": 3}]
    assert (heard[0].subject, heard[0].actor, heard[0].type) == ("test:1", "clock", "test.told")
    assert heard[0].recorded_at == world.clock.now()
    assert heard[0].transaction_id == heard[1].transaction_id
    assert await rows(
        world,
        "SELECT transaction_id::text::bigint, sequence FROM event_consumer WHERE name = 'test'",
    ) == [heard[1].position]
    assert await deliver(world.sessions, listening) == 0


async def test_consumers_read_in_commit_order_and_miss_no_late_commit(world: World) -> None:
    listener = Listener()
    listening = await consumer(world, {"test.told": listener})

    async with world.sessions.begin() as early:
        await early.execute(text("SELECT pg_current_xact_id()"))
        await tell_each(world, range(1, 3))
        assert await deliver(world.sessions, listening) == 0  # an older transaction is still open
        tell(early, 0)

    assert await deliver(world.sessions, listening) == 3
    assert listener.heard == [0, 1, 2]


async def test_what_was_rolled_back_is_no_event(world: World) -> None:
    listener = Listener()
    listening = await consumer(world, {"test.told": listener})
    async with world.sessions() as session:
        tell(session, 1)
        await session.flush()

    assert await deliver(world.sessions, listening) == 0
    assert listener.heard == []


async def test_a_bounded_batch_goes_on_where_it_ended(world: World) -> None:
    listener = Listener()
    listening = await consumer(world, {"test.told": listener})
    await tell_each(world, range(5))

    assert [await deliver(world.sessions, listening, limit=2) for _ in range(2)] == [2, 2]
    assert listener.heard == [0, 1, 2, 3]


async def test_a_consumer_without_a_position_waits(world: World) -> None:
    await tell_each(world, range(1))
    assert await deliver(world.sessions, Consumer("unknown", {})) == 0


async def test_a_failing_event_is_retried_with_growing_pauses_and_then_set_aside(
    world: World,
) -> None:
    listener = Listener(1)
    listening = await consumer(world, {"test.told": listener})
    await tell_each(world, range(3))

    assert await deliver(world.sessions, listening) == 1
    assert listener.heard == [0]
    for attempt in range(1, ATTEMPTS_MAX):
        failures = "SELECT attempts, error, set_aside FROM event_failure"
        assert await rows(world, failures) == [(attempt, "ValueError", False)]
        world.clock.offset += timedelta(seconds=2**attempt) - timedelta(microseconds=1)
        assert await deliver(world.sessions, listening) == 0
        assert await rows(world, failures) == [(attempt, "ValueError", False)]
        world.clock.offset += timedelta(microseconds=1)
        passed = await deliver(world.sessions, listening)
        assert (passed > 0) == (attempt == ATTEMPTS_MAX - 1)

    assert listener.heard == [0, 2]
    assert await rows(world, failures) == [(ATTEMPTS_MAX, "ValueError", True)]
    echoes = "SELECT data->>'number' FROM event WHERE type = 'test.echo' ORDER BY sequence"
    assert await rows(world, echoes) == [("0",), ("2",)]  # what a failed try wrote is undone


async def test_a_failure_that_passes_is_forgotten(world: World) -> None:
    listener = Listener(1)
    listening = await consumer(world, {"test.told": listener})
    await tell_each(world, range(3))
    assert await deliver(world.sessions, listening) == 1

    listener.refused.clear()
    world.clock.offset += timedelta(seconds=2)
    assert await deliver(world.sessions, listening) == 3  # 1, 2 and the echo of 0

    assert listener.heard == [0, 1, 2]
    assert await rows(world, "SELECT * FROM event_failure") == []


async def test_a_database_error_in_a_handler_spoils_nothing_else(world: World) -> None:
    async def break_a_rule(session: AsyncSession, fact: Fact) -> None:
        await session.execute(text("DELETE FROM event"))

    listener = Listener()
    listening = await consumer(world, {"test.told": listener, "test.bad": break_a_rule})
    async with world.sessions.begin() as session:
        tell(session, 1)
        tell(session, 2, "test.bad")

    assert await deliver(world.sessions, listening) == 1
    assert listener.heard == [1]
    assert await rows(world, "SELECT attempts, error FROM event_failure") == [(1, "IntegrityError")]


async def test_another_worker_skips_what_one_is_handling(world: World) -> None:
    started, go_on = asyncio.Event(), asyncio.Event()
    heard: list[int] = []

    async def wait(session: AsyncSession, fact: Fact) -> None:
        started.set()
        await go_on.wait()
        heard.append(fact.sequence)

    listening = await consumer(world, {"test.told": wait})
    await tell_each(world, range(1))
    first = asyncio.create_task(deliver(world.sessions, listening))
    await started.wait()

    assert await deliver(world.sessions, listening) == 0
    assert heard == []
    go_on.set()
    assert await first == 1
    assert len(heard) == 1
    assert await deliver(world.sessions, listening) == 0


async def test_two_workers_lose_nothing_and_do_nothing_twice(world: World) -> None:
    listening = await consumer(world, {"test.told": Listener()})

    async def work(writers: list[asyncio.Task[None]]) -> None:
        while await deliver(world.sessions, listening, 3) or not all(w.done() for w in writers):
            pass

    writers = [asyncio.create_task(tell_each(world, range(n * 20, n * 20 + 20))) for n in range(3)]
    await asyncio.gather(work(writers), work(writers), *writers)
    while await deliver(world.sessions, listening):
        pass

    echoes = "SELECT count(*), count(DISTINCT subject) FROM event WHERE type = 'test.echo'"
    assert await rows(world, echoes) == [(60, 60)]
    assert await rows(world, "SELECT * FROM event_failure") == []


async def test_a_killed_worker_leaves_its_events_to_the_next(world: World) -> None:
    started = asyncio.Event()

    async def hang(session: AsyncSession, fact: Fact) -> None:
        tell(session, 0, "test.echo")
        await session.flush()
        started.set()
        await asyncio.Event().wait()

    hanging = await consumer(world, {"test.told": hang})
    await tell_each(world, range(1))
    killed = asyncio.create_task(deliver(world.sessions, hanging))
    await started.wait()
    killed.cancel()
    with pytest.raises(asyncio.CancelledError):
        await killed

    listener = Listener()
    assert await deliver(world.sessions, Consumer("test", {"test.told": listener})) == 1
    assert listener.heard == [0]
    assert await rows(world, "SELECT count(*) FROM event WHERE type = 'test.echo'") == [(1,)]


async def test_history_is_of_one_subject_in_order(world: World) -> None:
    async with world.sessions.begin() as session:
        tell(session, 1, "test.a")
        tell(session, 2)
        tell(session, 1, "test.b")
    async with world.sessions() as session:
        assert [fact.type for fact in await history(session, "test:1")] == ["test.a", "test.b"]
        assert await history(session, "test:9") == []
        everything = await read_after(session, START, limit=2)
    assert [fact.subject for fact in everything] == ["test:1", "test:2"]


async def test_what_was_set_aside_is_handled_once_its_cause_is_mended(world: World) -> None:
    listener = Listener(0)
    listening = await consumer(world, {"test.told": listener})
    await tell_each(world, range(1))
    while not await deliver(world.sessions, listening):
        world.clock.offset += timedelta(hours=1)

    with pytest.raises(ValueError, match="secret formula"):
        await retry_all(world, listening)
    assert await rows(world, "SELECT set_aside FROM event_failure") == [(True,)]
    listener.refused.clear()
    await retry_all(world, listening)

    assert listener.heard == [0]
    assert await rows(world, "SELECT * FROM event_failure") == []


async def retry_all(world: World, listening: Consumer) -> None:
    async with world.sessions.begin() as session:
        for failure in (await session.execute(select(EventFailure))).scalars().all():
            await retry(session, listening, failure)


async def test_a_lost_connection_is_no_failure_of_the_event(world: World) -> None:
    losing = True

    async def lose(session: AsyncSession, fact: Fact) -> None:
        if losing:
            await session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    listening = await consumer(world, {"test.told": lose})
    await tell_each(world, range(1))

    with pytest.raises(DBAPIError) as lost:
        await deliver(world.sessions, listening)

    assert is_transient(lost.value)
    assert await rows(world, "SELECT * FROM event_failure") == []
    losing = False
    assert await deliver(world.sessions, listening) == 1
