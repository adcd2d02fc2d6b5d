"""Asking once, for every consumer of this process, whether the event log goes on."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from sqlalchemy import text

from marketplace.kernel.db import Sessions

_BEHIND: Final = text(
    """
    SELECT c.name, EXISTS (
        SELECT FROM event e
        WHERE (e.transaction_id, e.sequence) > (c.transaction_id, c.sequence)
          AND e.transaction_id < pg_snapshot_xmin(pg_current_snapshot()))
    FROM event_consumer c
    """
)


class News:
    """Many consumers look several times a second each; one statement answers all who wait."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._asking: asyncio.Task[Mapping[str, bool]] | None = None

    async def heed(self, name: str, run: Callable[[], Awaitable[int]]) -> int:
        """Run only if the consumer is behind, or has no position yet; else 0.

        What is committed while an answer is under way is seen at the next look.
        """
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask())
        is_behind = (await asyncio.shield(self._asking)).get(name, True)
        return await run() if is_behind else 0

    async def _ask(self) -> Mapping[str, bool]:
        async with self._sessions() as session:
            return {row.name: row[1] for row in await session.execute(_BEHIND)}
