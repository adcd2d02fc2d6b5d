import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from marketplace.kernel.db import Sessions
from marketplace.kernel.events import publish
from marketplace.kernel.seals import (
    GENESIS,
    EventSeal,
    canonical,
    last_seal,
    merkle_root,
    seal_hash,
    seal_new_events,
    verify,
)
from tests.factories.world import World

SEALED = ((3, 4), (4, 1), (6, 2))
"""How many events each of these past transactions wrote, in order of their ids, per seal."""

WRITE = text(
    """
    INSERT INTO event (transaction_id, type, subject, actor, data, recorded_at)
    SELECT CAST(CAST(:transaction_id AS text) AS xid8), 'test.told',
        CAST(:transaction_id AS text) || '-' || number, 'clock',
        jsonb_build_object('number', number, '한', '글'), '2026-01-05T00:00:00.123456Z'
    FROM generate_series(1, :events) AS number
    """
)


async def write(session: AsyncSession, transaction_id: int, events: int) -> None:
    """Events of a transaction long ago, so that they count as committed: subjects 3-1, 3-2 …"""
    await session.execute(WRITE, {"transaction_id": str(transaction_id), "events": events})


@pytest.fixture
async def log(connection: AsyncConnection, sessions: Sessions) -> AsyncIterator[AsyncSession]:
    """Three seals over seven events, two more not sealed, and tables that a superuser opened."""
    async with sessions() as session:
        for transaction_id, events in SEALED:
            await write(session, transaction_id, events)
            await seal_new_events(session)
            await session.flush()
        await write(session, 8, 2)
        for table in ("event", "event_seal"):
            await session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        yield session


INSERT = """
    INSERT INTO event (transaction_id, type, subject, actor, data, recorded_at)
    VALUES ('{}', 'test.told', 'forged', 'clock', '{{}}', now())
"""


async def heads(session: AsyncSession) -> list[str]:
    found = await session.execute(text("SELECT hash FROM event_seal ORDER BY number"))
    return list(found.scalars())


async def test_a_log_that_nobody_touched_is_whole(log: AsyncSession) -> None:
    first, second, third = await heads(log)
    for expected in (None, GENESIS, first, second, third):
        verdict = await verify(log, expected_head=expected)
        assert verdict.problems == ()
    assert (verdict.seals, verdict.sealed_events, verdict.unsealed_events) == (3, 7, 2)
    assert verdict.head == third


TAMPERING: dict[str, tuple[str, ...]] = {
    "data edited": ("UPDATE event SET data = data || '{\"number\": 9}' WHERE subject = '3-2'",),
    "type edited": ("UPDATE event SET type = 'test.other' WHERE subject = '3-2'",),
    "subject edited": ("UPDATE event SET subject = '3-9' WHERE subject = '3-2'",),
    "actor edited": ("UPDATE event SET actor = 'user:1' WHERE subject = '3-2'",),
    "time edited": (
        "UPDATE event SET recorded_at = recorded_at + interval '1us' WHERE subject = '3-2'",
    ),
    "one deleted": ("DELETE FROM event WHERE subject = '3-2'",),
    "the newest sealed one deleted": ("DELETE FROM event WHERE subject = '6-2'",),
    "all deleted": ("DELETE FROM event",),
    "one inserted": (INSERT.format(3),),
    "one inserted before all": (INSERT.format(1),),
    "one inserted between transactions": (INSERT.format(5),),
    "one put in the place of another": (
        "DELETE FROM event WHERE subject = '4-1'",
        INSERT.format(4),
    ),
    "two transactions swapped": (
        "UPDATE event SET transaction_id = '2' WHERE transaction_id = '4'",
        "UPDATE event SET transaction_id = '4' WHERE transaction_id = '3'",
        "UPDATE event SET transaction_id = '3' WHERE transaction_id = '2'",
    ),
    "two swapped inside a transaction": (
        "UPDATE event SET subject = '3-0' WHERE subject = '3-1'",
        "UPDATE event SET subject = '3-1' WHERE subject = '3-2'",
        "UPDATE event SET subject = '3-2' WHERE subject = '3-0'",
    ),
    "moved to another seal": ("UPDATE event SET transaction_id = '5' WHERE subject = '3-2'",),
    "moved behind all seals": ("UPDATE event SET transaction_id = '9' WHERE subject = '3-2'",),
    "oldest seal deleted": ("DELETE FROM event_seal WHERE number = 1",),
    "seal in the middle deleted": ("DELETE FROM event_seal WHERE number = 2",),
    "seal deleted and the next renumbered": (
        "DELETE FROM event_seal WHERE number = 2",
        "UPDATE event_seal SET number = 2 WHERE number = 3",
    ),
    "count edited": ("UPDATE event_seal SET events = 5 WHERE number = 1",),
    "root edited": ("UPDATE event_seal SET merkle_root = repeat('0', 64) WHERE number = 2",),
    "seal redated": (
        "UPDATE event_seal SET sealed_at = sealed_at - interval '1us' WHERE number = 2",
    ),
    "end of a seal moved": ("UPDATE event_seal SET last_transaction_id = '3' WHERE number = 2",),
}


@pytest.mark.parametrize("statements", TAMPERING.values(), ids=TAMPERING)
async def test_tampering_is_detected(log: AsyncSession, statements: tuple[str, ...]) -> None:
    for statement in statements:
        changed: Any = await log.execute(text(statement))
        assert changed.rowcount > 0
    assert (await verify(log)).problems != ()


async def test_an_edit_with_a_seal_recomputed_breaks_the_chain(log: AsyncSession) -> None:
    """Whoever can rewrite a seal must rewrite all that follow, up to the head kept elsewhere."""
    kept = (await heads(log))[-1]
    await log.execute(text("UPDATE event SET actor = 'x' WHERE transaction_id = '4'"))
    seal = await log.get_one(EventSeal, 2)
    facts = await log.execute(text("SELECT * FROM event WHERE transaction_id = '4'"))
    seal.merkle_root = merkle_root([canonical(fact) for fact in facts.all()])  # type: ignore[arg-type]
    seal.hash = seal_hash(2, 1, seal.merkle_root, seal.previous_hash, seal.sealed_at)
    await log.flush()

    assert (await verify(log)).problems == ("seal 3 does not follow the seal before it",)
    third = await log.get_one(EventSeal, 3)
    third.previous_hash = seal.hash
    third.hash = seal_hash(3, 2, third.merkle_root, third.previous_hash, third.sealed_at)
    await log.flush()

    assert (await verify(log)).problems == ()
    assert (await verify(log, expected_head=kept)).problems == (
        "the chain does not contain the expected head: newer seals were removed",
    )


async def test_truncation_is_detected_by_a_head_kept_elsewhere(log: AsyncSession) -> None:
    _, second, third = await heads(log)
    await log.execute(text("DELETE FROM event WHERE transaction_id > '4'"))
    await log.execute(text("DELETE FROM event_seal WHERE number = 3"))

    verdict = await verify(log)
    assert (verdict.head, verdict.problems) == (second, ())
    verdict = await verify(log, expected_head=third)
    assert verdict.problems == (
        "the chain does not contain the expected head: newer seals were removed",
    )


async def test_each_problem_names_its_seal(log: AsyncSession) -> None:
    await log.execute(text("UPDATE event SET actor = 'x' WHERE transaction_id = '3'"))
    await log.execute(text("DELETE FROM event WHERE transaction_id = '6'"))
    assert (await verify(log)).problems == (
        "seal 1 does not match its events: one was edited, moved or replaced",
        "seal 3 covers 2 events, and 0 are there",
        "seal 3 does not match its events: one was edited, moved or replaced",
    )


async def test_a_seal_covers_what_came_since_the_last_one(log: AsyncSession) -> None:
    before = await last_seal(log)
    assert before is not None
    made = await seal_new_events(log)
    assert made is not None
    assert (made.number, made.events, made.previous_hash) == (4, 2, before.hash)
    assert await seal_new_events(log) is None
    assert (await verify(log)).problems == ()


async def test_real_commits_are_sealed_once_by_whoever_comes_first(world: World) -> None:
    async def tell(number: int) -> None:
        async with world.sessions.begin() as session:
            publish(session, "test.told", subject=f"test:{number}", actor="clock", data={})

    async def seal() -> int:
        async with world.sessions.begin() as session:
            made = await seal_new_events(session)
            return made.events if made else 0

    await asyncio.gather(*map(tell, range(8)))
    assert sorted(await asyncio.gather(seal(), seal(), seal())) == [0, 0, 8]
    world.clock.offset = timedelta(hours=1)
    async with world.sessions.begin() as unfinished:
        publish(unfinished, "test.late", subject="test:9", actor="clock", data={})
        await unfinished.flush()
        await tell(8)
        assert await seal() == 0  # an older transaction may still write
    assert await seal() == 2
    async with world.sessions() as session:
        verdict = await verify(session)
    assert (verdict.seals, verdict.sealed_events, verdict.unsealed_events) == (2, 10, 0)
    assert verdict.problems == ()
