"""Hot reads and hot writes: fixed SQL on connections of the driver itself.

An ORM object per row costs ten times the query itself. A fair gate stands in front of each pool,
because pools let newcomers overtake those who wait, which multiplies the slowest answers.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Final, Protocol, Self

import asyncpg

from marketplace.kernel.db import SESSION_SETTINGS

Connection = Any
"""An `asyncpg.Connection`, alone or lent by a pool."""

READ_SETTINGS: Final = {
    **SESSION_SETTINGS,
    "default_transaction_read_only": "on",
    # The statements are fixed and led by indexes; for a page whose length is a parameter
    # PostgreSQL would else plan every time, at twice the cost of reading it.
    "plan_cache_mode": "force_generic_plan",
}
WRITE_SETTINGS: Final = {**SESSION_SETTINGS, "plan_cache_mode": "force_generic_plan"}


class Reads(Protocol):
    """The port of hot reads; each call is one statement, and sees one snapshot."""

    async def value(self, statement: str, *arguments: Any) -> Any: ...

    async def row(self, statement: str, *arguments: Any) -> asyncpg.Record | None: ...

    async def rows(self, statement: str, *arguments: Any) -> list[asyncpg.Record]: ...


class Writes(Protocol):
    """The port of hot writes: transactions of a few fixed statements, or of one."""

    async def execute(self, statement: str, *arguments: Any) -> None: ...

    def transaction(self) -> AbstractAsyncContextManager[Connection]: ...


class FairPool:
    """A fixed number of connections behind a first-come, first-served gate."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]", size: int) -> None:
        self._pool = pool
        self._gate = asyncio.Semaphore(size)

    @classmethod
    async def _open(cls, url: str, size: int, settings: dict[str, str]) -> Self:
        pool = await asyncpg.create_pool(
            url,
            min_size=1,
            max_size=size,
            reset=_nothing,
            command_timeout=30,
            timeout=10,
            server_settings=settings,
        )
        return cls(pool, size)

    async def close(self) -> None:
        await self._pool.close()


class ReadPool(FairPool):
    """Hot reads, in sessions that cannot write."""

    @classmethod
    async def open(cls, url: str, *, size: int) -> Self:
        """Connect to a `postgresql://` address."""
        return await cls._open(url, size, READ_SETTINGS)

    async def value(self, statement: str, *arguments: Any) -> Any:
        async with self._gate:
            return await self._pool.fetchval(statement, *arguments)

    async def row(self, statement: str, *arguments: Any) -> asyncpg.Record | None:
        async with self._gate:
            return await self._pool.fetchrow(statement, *arguments)

    async def rows(self, statement: str, *arguments: Any) -> list[asyncpg.Record]:
        async with self._gate:
            return await self._pool.fetch(statement, *arguments)


class OneReading:
    """Reads that ask each question once, for a page whose parts must not contradict each other."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads
        self._found: dict[tuple[str, str, str], Any] = {}

    async def value(self, statement: str, *arguments: Any) -> Any:
        return await self._once("value", statement, arguments)

    async def row(self, statement: str, *arguments: Any) -> asyncpg.Record | None:
        found: asyncpg.Record | None = await self._once("row", statement, arguments)
        return found

    async def rows(self, statement: str, *arguments: Any) -> list[asyncpg.Record]:
        found: list[asyncpg.Record] = await self._once("rows", statement, arguments)
        return found

    async def _once(self, how: str, statement: str, arguments: tuple[Any, ...]) -> Any:
        asked = how, statement, repr(arguments)
        if asked not in self._found:
            self._found[asked] = await getattr(self._reads, how)(statement, *arguments)
        return self._found[asked]


class WritePool(FairPool):
    """Hot writes; a transaction is committed when its block ends without an error."""

    @classmethod
    async def open(cls, url: str, *, size: int) -> Self:
        """Connect to a `postgresql://` address."""
        return await cls._open(url, size, WRITE_SETTINGS)

    async def execute(self, statement: str, *arguments: Any) -> None:
        """Run one statement, which is a transaction by itself: one round trip, not three."""
        async with self._gate:
            await self._pool.execute(statement, *arguments)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        async with self._gate, self._pool.acquire() as connection, connection.transaction():
            yield connection


async def _nothing(_: object) -> None:
    """Fixed statements leave no session state behind."""
