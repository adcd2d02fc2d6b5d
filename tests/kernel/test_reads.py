import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from marketplace.kernel.driver_pools import OneReading, ReadPool
from marketplace.kernel.postgres import EmbeddedPostgres


@pytest.fixture
async def pool(server: EmbeddedPostgres) -> AsyncIterator[ReadPool]:
    """One connection, so that every reader has to wait for the others."""
    pool = await ReadPool.open(server.url("postgres").replace("+asyncpg", ""), size=1)
    yield pool
    await pool.close()


async def test_reads_return_what_the_statement_says(pool: ReadPool) -> None:
    assert await pool.value("SELECT $1::int + 1", 41) == 42
    assert await pool.row("SELECT 1 AS one WHERE false") is None
    row = await pool.row("SELECT 1 AS one")
    assert row is not None
    assert row["one"] == 1
    assert [r[0] for r in await pool.rows("SELECT generate_series(1, 3)")] == [1, 2, 3]


async def test_reads_cannot_write(pool: ReadPool) -> None:
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        await pool.value("CREATE TABLE written (id int)")


async def test_one_reading_asks_each_question_once(pool: ReadPool) -> None:
    reading, moment = OneReading(pool), "SELECT clock_timestamp() AS at, $1::int[] AS about"
    row, rows = await reading.row(moment, [1]), await reading.rows(moment, [1])
    assert await reading.row(moment, [1]) == row
    assert await reading.rows(moment, [1]) == rows
    assert await reading.value(moment, [1]) == await reading.value(moment, [1])
    # Another question, and another reading, are answered anew.
    assert await reading.row(moment, [2]) != row
    assert await OneReading(pool).row(moment, [1]) != row


async def test_readers_take_turns_and_nobody_overtakes(pool: ReadPool) -> None:
    turns: list[int] = []

    async def read(reader: int) -> None:
        for _ in range(20):
            await pool.value("SELECT 1")
            turns.append(reader)

    await asyncio.gather(*map(read, range(4)))
    assert turns == [0, 1, 2, 3] * 20


async def test_a_reader_that_goes_away_gives_its_place_up(pool: ReadPool) -> None:
    slow = asyncio.create_task(pool.value("SELECT pg_sleep(60)"))
    waiting = [asyncio.create_task(pool.value("SELECT $1::int", n)) for n in range(3)]
    await asyncio.sleep(0)
    waiting[1].cancel()
    slow.cancel()

    results = await asyncio.gather(slow, *waiting, return_exceptions=True)
    assert [type(result) for result in results] == [
        asyncio.CancelledError,
        int,
        asyncio.CancelledError,
        int,
    ]
    assert await pool.value("SELECT 7") == 7


async def test_a_failed_read_gives_its_place_up(pool: ReadPool) -> None:
    with pytest.raises(asyncpg.DivisionByZeroError):
        await pool.value("SELECT 1 / 0")
    with pytest.raises(asyncpg.PostgresError):
        await pool.value("SELECT pg_terminate_backend(pg_backend_pid())")
    assert await pool.value("SELECT 7") == 7
