from sqlalchemy import text

from marketplace.kernel.db import Sessions
from marketplace.worker import CLOCK_SECONDS, loops
from tests.factories.world import World

_NEXT_ID = text("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint")


async def next_transaction_id(sessions: Sessions) -> int:
    async with sessions() as session:
        return int((await session.execute(_NEXT_ID)).scalar_one())


async def test_who_finds_nothing_to_do_takes_no_transaction_id(world: World) -> None:
    """Else an idle service wears out its ids, and keeps its disk from resting."""
    await world.work()
    polls = [
        loop
        for loop in loops(world.sessions, world.settings)
        if loop.pause_seconds <= CLOCK_SECONDS
    ]
    before = await next_transaction_id(world.sessions)

    assert [await loop.run() for loop in polls] == [0] * len(polls)

    assert await next_transaction_id(world.sessions) == before
