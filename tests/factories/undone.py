"""Whatever a test does to a shared world is thrown away, so that many tests share its set-up."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.ext.asyncio import async_sessionmaker as make_sessions

from tests.conftest import ConnectionReads, ConnectionWrites
from tests.factories.world import World


@asynccontextmanager
async def undone(world: World) -> AsyncIterator[AsyncConnection]:
    """Run the service and its clocks inside one transaction that is rolled back at the end.

    Events written inside are not delivered, because they never commit; everything that people,
    clocks and bank statements do is as ever.
    """
    sessions, offset, state = world.sessions, world.clock.offset, world.app.state
    reads, writes = state.reads, state.writes
    async with world.engine.connect() as connection:
        outer = await connection.begin()
        world.sessions = state.sessions = make_sessions(
            connection,
            expire_on_commit=False,
            join_transaction_mode="create_savepoint",
            info={"clock": world.clock},
        )
        raw = await connection.get_raw_connection()
        state.reads = ConnectionReads(raw.driver_connection)
        state.writes = ConnectionWrites(raw.driver_connection)
        try:
            yield connection
        finally:
            world.sessions = state.sessions = sessions
            state.reads, state.writes = reads, writes
            world.clock.offset = offset
            await outer.rollback()
