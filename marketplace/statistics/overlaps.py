"""What published periods may not count twice: another source's periods, and live deals."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.kernel.db import now
from marketplace.kernel.errors import ConflictError
from marketplace.statistics.folding import COUNTED

NAMED_MAX: Final = 5
"""Clashes that a message names; a file of a thousand periods may have as many."""

_LOCK: Final = text("LOCK TABLE published_series IN SHARE ROW EXCLUSIVE MODE")
_OTHERS: Final = text(
    """
    SELECT s.source, f.label, f.period_from, f.period_until
    FROM published_series s JOIN published_figure f ON f.series_id = s.id
    WHERE s.currency = :currency AND s.source <> :source AND s.as_of = (
        SELECT max(n.as_of) FROM published_series n WHERE n.source = s.source)
    ORDER BY f.period_from, s.source
    """
)
_FIRST_LIVE: Final = text(
    """
    SELECT min(recorded_at AT TIME ZONE :time_zone)::date FROM event
    WHERE type = ANY (:types) AND data ->> 'currency' = :currency
    """
)


class HistoryOverlapsError(ConflictError):
    code = "history_overlaps"
    title = "These figures would be counted twice"


@dataclass(frozen=True, slots=True)
class Span:
    """A labelled half-open period of days."""

    label: str
    begins: date
    ends: date

    def __str__(self) -> str:
        return f"{self.label!r} ({self.begins} to {self.ends - timedelta(days=1)})"


async def lock_series(session: AsyncSession) -> None:
    """Let one import after the other look for overlaps; readers of the table do not wait."""
    await session.execute(_LOCK)


async def require_uncounted(
    session: AsyncSession, spans: Iterable[Span], *, source: str, currency: str, time_zone: str
) -> None:
    """Refuse periods of which the cumulative table counts a day already, or is going to.

    Only amounts of one currency are ever added. A later edition of the same source takes the place
    of the earlier one, so the two may overlap.

    Raises:
        HistoryOverlapsError: the message names the first few periods that clash.
    """
    live_from = await _live_from(session, currency, time_zone)
    found = (await session.execute(_OTHERS, {"source": source, "currency": currency})).all()
    others = [(row.source, Span(row.label, row.period_from, row.period_until)) for row in found]
    clashes = []
    for span in spans:
        clashes += [
            f"{span} overlaps {other} of {name!r}"
            for name, other in others
            if span.begins < other.ends and other.begins < span.ends
        ]
        if span.ends > live_from:
            clashes.append(f"{span} reaches into the live deals, counted from {live_from} on")
    if clashes:
        more = f"; and {len(clashes) - NAMED_MAX} more" if len(clashes) > NAMED_MAX else ""
        raise HistoryOverlapsError("; ".join(clashes[:NAMED_MAX]) + more)


async def _live_from(session: AsyncSession, currency: str, time_zone: str) -> date:
    """The first day of a counted deal; without one today, since the next may be settled now."""
    values = {"time_zone": time_zone, "types": list(COUNTED), "currency": currency}
    first: date | None = (await session.execute(_FIRST_LIVE, values)).scalar_one()
    return first or now(session).astimezone(ZoneInfo(time_zone)).date()
