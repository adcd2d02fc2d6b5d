"""What the front page shows, read at once: tables of a few hundred rows, however many deals."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from zoneinfo import ZoneInfo

import asyncpg

from marketplace.kernel.db import clock_of
from marketplace.kernel.driver_pools import Reads
from marketplace.kernel.errors import NotFoundError
from marketplace.settings import Settings
from marketplace.statistics.live import revisions, series, settlement_days
from marketplace.statistics.queries import Period, cumulative_table
from marketplace.statistics.releases.queries import as_cumulative, released_table
from marketplace.statistics.releases.schemas import DimensionTable
from marketplace.statistics.schemas import CumulativeTable, RevisionRead, SeriesRead
from marketplace.statistics.units import Unit, read_unit

REVISIONS_SHOWN: Final = 10
_PRINTED: Final = """
    SELECT s.source, s.as_of, s.printed_deals, s.printed_amount_minor,
        sum(f.deals)::bigint AS deals, sum(f.amount_minor)::bigint AS amount_minor,
        min(f.period_from) AS begins, max(f.period_until) - 1 AS ends
    FROM published_series s JOIN published_figure f ON f.series_id = s.id
    WHERE s.currency = $1
        AND s.as_of = (SELECT max(n.as_of) FROM published_series n WHERE n.source = s.source)
    GROUP BY s.id ORDER BY begins, s.source
"""


@dataclass(frozen=True, slots=True)
class Printed:
    """What a source printed: its own total, where it has one, and what its parts come to."""

    source: str
    as_of: date
    printed_deals: int | None
    printed_amount_minor: int | None
    deals: int
    amount_minor: int
    begins: date
    ends: date

    @property
    def differs(self) -> bool:
        """Whether the printed total is another than that of the printed parts."""
        told = (self.printed_deals, self.printed_amount_minor)
        return None not in told and told != (self.deals, self.amount_minor)


@dataclass(frozen=True, slots=True)
class Figures:
    """The cumulative table as asked for, the same by years, and what goes with it.

    What is told of deals is as of `as_of`, in the reporting time zone: `today`, unless the public
    reads the last release (`is_live` is then false).
    """

    today: date
    as_of: date
    is_live: bool
    table: CumulativeTable
    years: CumulativeTable
    series: Sequence[SeriesRead]
    cycle: Sequence[tuple[int, float]]
    regions: DimensionTable | None
    revisions: Sequence[RevisionRead]
    printed: Sequence[Printed]

    @property
    def until(self) -> date:
        """The last day that yearly figures count: a release tells of years that ended alone."""
        rows = self.years.rows
        return rows[-1].ends if rows and not self.is_live else self.as_of


async def gather(state: Any, unit_code: str, period: Period) -> Figures:
    """Read everything; where live totals are restricted, the public reads the last release."""
    reads: Reads = state.reads
    settings: Settings = state.settings
    unit, zone = read_unit(unit_code), settings.reporting_time_zone
    is_live = settings.live_statistics == "public"
    today = clock_of(state.sessions).now().astimezone(ZoneInfo(zone)).date()
    tables = {
        one: await _table(reads, one, unit, zone, is_live=is_live)
        for one in sorted({period, Period.YEAR})
    }
    regions = await _released(reads, "seller_region", Period.YEAR, unit)
    return Figures(
        today=today,
        as_of=today if is_live or not regions else regions.release.as_of,
        is_live=is_live,
        table=tables[period],
        years=tables[Period.YEAR],
        series=await series(reads, zone),
        cycle=await settlement_days(reads) if is_live else [],
        regions=regions,
        revisions=await _revised(reads, unit.currency) if is_live else [],
        printed=await _printed(reads, unit.currency) if is_live else [],
    )


async def _table(
    reads: Reads, period: Period, unit: Unit, zone: str, *, is_live: bool
) -> CumulativeTable:
    if is_live:
        return await cumulative_table(reads, period=period, kind=None, unit=unit, time_zone=zone)
    found = await _released(reads, "right_kind", period, unit)
    return as_cumulative(found, period, unit, zone)


async def _released(
    reads: Reads, dimension: str, period: Period, unit: Unit
) -> DimensionTable | None:
    try:
        return await released_table(reads, dimension, period, unit, date.max)
    except NotFoundError:
        return None


async def _revised(reads: Reads, currency: str) -> Sequence[RevisionRead]:
    before = (date.max, 0)
    return await revisions(reads, currency, before=before, limit=REVISIONS_SHOWN)


async def _printed(reads: Reads, currency: str) -> list[Printed]:
    found: Sequence[asyncpg.Record] = await reads.rows(_PRINTED, currency)
    return [Printed(**dict(row)) for row in found]
