"""What the front page shows, read at once: tables of a few hundred rows, however many deals."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from zoneinfo import ZoneInfo

from marketplace.kernel.db import clock_of
from marketplace.kernel.driver_pools import OneReading, Reads
from marketplace.kernel.errors import NotFoundError
from marketplace.settings import Settings
from marketplace.statistics.counts import series
from marketplace.statistics.live import revisions, settlement_days
from marketplace.statistics.periods import Period
from marketplace.statistics.public import told_table
from marketplace.statistics.releases.queries import released_table
from marketplace.statistics.releases.schemas import DimensionTable
from marketplace.statistics.schemas import (
    Basis,
    CumulativeTable,
    Origin,
    RevisionRead,
    SeriesRead,
)
from marketplace.statistics.sight import public_sight
from marketplace.statistics.units import Unit, read_unit

REVISIONS_READ: Final = 50
REVISIONS_SHOWN: Final = 10


@dataclass(frozen=True, slots=True)
class Figures:
    """The cumulative table as asked for, the same by years, and what goes with it.

    What is told of deals is as of `as_of`, in the reporting time zone: `today`, unless the public
    reads releases (`is_live` is then false).
    """

    today: date
    table: CumulativeTable
    years: CumulativeTable
    series: Sequence[SeriesRead]
    cycle: Sequence[tuple[int, float]]
    regions: DimensionTable | None
    revisions: Sequence[RevisionRead]

    @property
    def is_live(self) -> bool:
        return self.table.basis is Basis.LIVE

    @property
    def as_of(self) -> date:
        release = None if self.is_live else self.table.release
        return release.as_of if release else self.today


async def gather(state: Any, unit_code: str, period: Period) -> Figures:
    """Read everything as everybody may: what is released, or live totals where that is wanted."""
    reads = OneReading(state.reads)
    settings: Settings = state.settings
    unit, zone, sight = read_unit(unit_code), settings.reporting_time_zone, public_sight(settings)
    tables = {
        one: await told_table(reads, sight, period=one, kind=None, unit=unit, time_zone=zone)
        for one in sorted({period, Period.MONTH, Period.YEAR})
    }
    years = tables[Period.YEAR]
    ended = {row.begins.year for row in years.rows if row.is_complete}
    return Figures(
        today=clock_of(state.sessions).now().astimezone(ZoneInfo(zone)).date(),
        table=tables[period],
        years=years,
        series=await series(reads, zone, sight, period=Period.YEAR),
        cycle=await settlement_days(reads, ended),
        regions=await _released(reads, "seller_region", Period.YEAR, unit),
        revisions=await _revised(reads, tables[Period.MONTH]),
    )


async def _released(
    reads: Reads, dimension: str, period: Period, unit: Unit
) -> DimensionTable | None:
    try:
        return await released_table(reads, dimension, period, unit, date.max)
    except NotFoundError:
        return None


async def _revised(reads: Reads, months: CumulativeTable) -> list[RevisionRead]:
    """What changed a month that is told, in another that is told; of the rest nobody is told."""
    told = {row.begins for row in months.rows if row.origin is Origin.LEDGER}
    before = (date.max, 0)
    found = await revisions(reads, months.currency, before=before, limit=REVISIONS_READ)
    shown = [one for one in found if {one.month, one.day.replace(day=1)} <= told]
    return shown[:REVISIONS_SHOWN]
