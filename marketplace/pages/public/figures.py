"""What the front page shows, read at once: tables of a few hundred rows, however many deals."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from marketplace.kernel.driver_pools import Reads
from marketplace.kernel.errors import NotFoundError
from marketplace.settings import Settings
from marketplace.statistics.counts import series
from marketplace.statistics.live import settlement_days
from marketplace.statistics.periods import Period
from marketplace.statistics.public import told_table
from marketplace.statistics.releases.queries import released_table
from marketplace.statistics.releases.schemas import DimensionTable
from marketplace.statistics.schemas import CumulativeTable, SeriesRead
from marketplace.statistics.sight import public_sight
from marketplace.statistics.units import Unit, read_unit


@dataclass(frozen=True, slots=True)
class Figures:
    """The cumulative table as asked for, the same by years, and what goes with it."""

    table: CumulativeTable
    years: CumulativeTable
    series: Sequence[SeriesRead]
    cycle: Sequence[tuple[int, float]]
    regions: DimensionTable | None


async def gather(reads: Reads, settings: Settings, unit_code: str, period: Period) -> Figures:
    """Read everything as everybody may: what is released, or live totals where that is wanted."""
    unit, zone, sight = read_unit(unit_code), settings.reporting_time_zone, public_sight(settings)
    tables = {
        one: await told_table(reads, sight, period=one, kind=None, unit=unit, time_zone=zone)
        for one in {period, Period.YEAR}
    }
    ended = {row.begins.year for row in tables[Period.YEAR].rows if row.is_complete}
    return Figures(
        table=tables[period],
        years=tables[Period.YEAR],
        series=await series(reads, zone, sight, period=Period.YEAR),
        cycle=await settlement_days(reads, ended),
        regions=await _released(reads, "seller_region", Period.YEAR, unit),
    )


async def _released(
    reads: Reads, dimension: str, period: Period, unit: Unit
) -> DimensionTable | None:
    try:
        return await released_table(reads, dimension, period, unit, date.max)
    except NotFoundError:
        return None
