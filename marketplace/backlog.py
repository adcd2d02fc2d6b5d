"""Figures of what waits in the database, for `/metrics`: one bounded query, at most every 5 s."""

import asyncio
import time
from typing import Final

import asyncpg
from prometheus_client import Gauge

from marketplace.kernel.driver_pools import Reads
from marketplace.kernel.logs import get_logger

logger = get_logger(__name__)

FRESH_SECONDS: Final = 5.0
COUNTED_MAX: Final = 10_000
"""Counting ends here, so that a scrape costs the same on the worst day."""

EVENT_LAG: Final = Gauge(
    "marketplace_event_lag_seconds",
    "Age of the oldest event that a consumer has not passed; 0 when there is none",
    ("consumer",),
)
WAITING: Final = Gauge(
    "marketplace_waiting",
    f"What waits, counted to {COUNTED_MAX} at most; set aside and queued is for an operator",
    ("what",),
)

_LAGS: Final = """
    SELECT c.name, coalesce(greatest(0, extract(epoch FROM now() - (
        SELECT e.recorded_at FROM event e
        WHERE (e.transaction_id, e.sequence) > (c.transaction_id, c.sequence)
          AND e.transaction_id < pg_snapshot_xmin(pg_current_snapshot())
        ORDER BY e.transaction_id, e.sequence LIMIT 1))), 0)::float8 AS seconds
    FROM event_consumer c
"""
_SOURCES: Final = {
    "events set aside": "event_failure WHERE set_aside",
    "bank entries queued": "bank_entry WHERE state = 'queued'",
    "bank entries unmatched": "bank_entry WHERE state = 'received'",
    "mail to send": "mail WHERE due_at IS NOT NULL",
    "mail set aside": "mail WHERE due_at IS NULL",
}
_COUNTS: Final = " UNION ALL ".join(
    f"SELECT '{what}' AS what,"  # noqa: S608 - built from the constants above
    f" (SELECT count(*) FROM (SELECT FROM {rows} LIMIT {COUNTED_MAX}) counted) AS count"
    for what, rows in _SOURCES.items()
)


class Backlog:
    """Keeps the gauges fresh. While the database is away they say nothing, not what was."""

    def __init__(self) -> None:
        self._read_at = float("-inf")
        self._reading = asyncio.Lock()

    async def refresh(self, reads: Reads) -> None:
        """Read the figures unless they are fresh; scrapes at once read once."""
        async with self._reading:
            if time.monotonic() < self._read_at + FRESH_SECONDS:
                return
            self._read_at = time.monotonic()
            try:
                await _read(reads)
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                EVENT_LAG.clear()
                WAITING.clear()
                logger.warning("backlog unknown", error=type(error).__name__)


async def _read(reads: Reads) -> None:
    for row in await reads.rows(_LAGS):
        EVENT_LAG.labels(row["name"]).set(row["seconds"])
    for row in await reads.rows(_COUNTS):
        WAITING.labels(row["what"]).set(row["count"])
