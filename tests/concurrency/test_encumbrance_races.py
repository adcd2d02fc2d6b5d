"""Two acts on one right in flight at once, for every pair in the table of conflicts."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from marketplace.assets.encumbrances.conflicts import PASSING, verdict
from marketplace.assets.encumbrances.kinds import ACTS, SALE, Act, Deed, EncumbranceKind
from tests.factories.encumbrances import START, Register, refusal
from tests.factories.world import World

WRITTEN = [act for act in ACTS if act is not Deed.WORK]
LEAVING = [*EncumbranceKind, SALE]
"""What an act leaves behind that can stand against another."""
BLOCKED = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pid = $1"


@asynccontextmanager
async def connected(world: World, number: int) -> AsyncIterator[list[asyncpg.Connection]]:
    url = world.settings.asyncpg_url()
    found = [await asyncpg.connect(url) for _ in range(number)]
    try:
        yield found
    finally:
        for connection in found:
            await connection.close()


def pairs() -> Iterator[tuple[str, Act]]:
    return ((standing, act) for standing in LEAVING for act in WRITTEN)


async def race(
    first: Register, second: Register, watcher: Any, pair: tuple[str, Act], level: str
) -> str | None:
    """Both begin before either commits; what refused the second, whom the first made wait."""
    standing, act = pair
    right_id = await first.right("KR")
    one = first.connection.transaction()
    other = second.connection.transaction(isolation=level)
    await one.start()
    await other.start()
    await second.connection.fetchval("SELECT 1 FROM ip_right LIMIT 1")  # it has its snapshot
    await first.stand(standing, right_id)
    waiting = asyncio.create_task(second.do(act, right_id))
    pid = second.connection.get_server_pid()
    while not waiting.done() and not await watcher.fetchval(BLOCKED, pid):
        pass  # asking the database lets the other go on
    assert not waiting.done(), f"{pair}: the second did not wait for the first"
    await one.commit()
    try:
        await waiting
    except asyncpg.SerializationError:
        await other.rollback()
        return "serialization"
    except asyncpg.PostgresError as error:
        await other.rollback()
        return refusal(error)
    await other.commit()
    return None


@pytest.mark.parametrize("level", ["read_committed", "repeatable_read", "serializable"])
async def test_of_two_that_conflict_exactly_one_commits(world: World, level: str) -> None:
    async with connected(world, 3) as (one, other, watcher):
        first = await Register.open(one)
        second = first.on(other)
        for pair in pairs():
            standing, act = pair
            found = verdict(standing, act, "KR", "patent", START.date())
            refused = await race(first, second, watcher, pair, level)
            if found not in PASSING:
                assert refused is not None, pair
                assert refused == "serialization" or refused.startswith("conflict_"), pair
            elif level == "read_committed":
                assert refused is None, pair


async def test_many_who_want_the_same_scope_at_once(world: World) -> None:
    """Twelve exclusive licences of one right: one is granted, and nobody deadlocks."""
    async with connected(world, 12) as connections:
        register = await Register.open(connections[0])
        right_id = await register.right("KR")
        tries = [
            register.on(connection).grant(EncumbranceKind.EXCLUSIVE, right_id)
            for connection in connections
        ]
        done = await asyncio.gather(*tries, return_exceptions=True)
        refused = [refusal(one) for one in done if isinstance(one, Exception)]
        assert refused == ["conflict_refused"] * 11
        count = "SELECT count(*) FROM encumbrance WHERE right_id = $1"
        assert await connections[0].fetchval(count, right_id) == 1
