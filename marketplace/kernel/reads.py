"""Hot reads: fixed SQL on a small pool of driver connections, bytes passed through.

An ORM object per row costs ten times the query itself. A fair gate stands in front of the pool,
because pools let newcomers overtake those who wait, which multiplies the slowest answers.
"""

import asyncio
from typing import Any, Protocol

import asyncpg

from marketplace.kernel.db import PLANNING


class Reads(Protocol):
    """The port of hot reads; each call is one statement, and sees one snapshot."""

    async def value(self, statement: str, *arguments: Any) -> Any: ...

    async def row(self, statement: str, *arguments: Any) -> asyncpg.Record | None: ...

    async def rows(self, statement: str, *arguments: Any) -> list[asyncpg.Record]: ...


class ReadPool:
    """A fixed number of connections behind a first-come, first-served gate."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]", size: int) -> None:
        self._pool = pool
        self._gate = asyncio.Semaphore(size)

    @classmethod
    async def open(cls, url: str, *, size: int) -> "ReadPool":
        """Connect to a `postgresql://` address; sessions are read-only, so no reset is needed."""
        pool = await asyncpg.create_pool(
            url,
            min_size=1,
            max_size=size,
            reset=_nothing,
            command_timeout=30,
            timeout=10,
            server_settings={
                "default_transaction_read_only": "on",
                "timezone": "UTC",
                # The statements are fixed and led by indexes; for a page whose length is a
                # parameter PostgreSQL would else plan every time, at twice the cost of reading it.
                "plan_cache_mode": "force_generic_plan",
                **PLANNING,
            },
        )
        return cls(pool, size)

    async def value(self, statement: str, *arguments: Any) -> Any:
        async with self._gate:
            return await self._pool.fetchval(statement, *arguments)

    async def row(self, statement: str, *arguments: Any) -> asyncpg.Record | None:
        async with self._gate:
            return await self._pool.fetchrow(statement, *arguments)

    async def rows(self, statement: str, *arguments: Any) -> list[asyncpg.Record]:
        async with self._gate:
            return await self._pool.fetch(statement, *arguments)

    async def close(self) -> None:
        await self._pool.close()


async def _nothing(_: object) -> None:
    """Fixed read statements leave no session state behind."""
