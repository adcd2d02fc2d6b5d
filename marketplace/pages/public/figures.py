"""What the front page shows, read at once: tables of a few hundred rows, however many deals."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from marketplace.kernel.driver_pools import Reads
from marketplace.kernel.errors import NotFoundError
from marketplace.settings import Settings
from marketplace.statistics.live import series, settlement_days
from marketplace.statistics.queries import Period, cumulative_table
from marketplace.statistics.releases.queries import as_cumulative, released_table
from marketplace.statistics.releases.schemas import DimensionTable
from marketplace.statistics.schemas import CumulativeTable, SeriesRead
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
    """Read everything; where live totals are restricted, the public reads the last release."""
    unit, zone = read_unit(unit_code), settings.reporting_time_zone
    is_public = settings.live_statistics == "public"
    tables = {
        one: await _table(reads, one, unit, zone, is_public=is_public)
        for one in {period, Period.YEAR}
    }
    return Figures(
        table=tables[period],
        years=tables[Period.YEAR],
        series=await series(reads, zone),
        cycle=await settlement_days(reads) if is_public else [],
        regions=await _released(reads, "seller_region", Period.YEAR, unit),
    )


async def _table(
    reads: Reads, period: Period, unit: Unit, zone: str, *, is_public: bool
) -> CumulativeTable:
    if is_public:
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
