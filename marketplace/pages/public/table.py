"""The rows of the cumulative table: every period in its place, and nothing told twice."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import groupby, pairwise
from typing import Final

from marketplace.statistics.periods import Period, period_begin, period_end
from marketplace.statistics.schemas import CumulativeRow, CumulativeTable, Origin
from marketplace.statistics.schemas import Figures as Sums
from marketplace.statistics.units import Unit

DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Row:
    """One line; `is_coarse` when it stands for printed periods that are longer than those asked.

    `is_running` says that its period has not ended, `is_part` that not all of it is released, and
    `has_facts` that something was counted.
    """

    begins: date
    ends: date
    origin: Origin
    period: Sums
    cumulative: Sums
    is_coarse: bool = False
    is_running: bool = False
    is_part: bool = False
    has_facts: bool = True

    @property
    def is_printed(self) -> bool:
        return self.origin is Origin.PUBLISHED

    @property
    def is_complete(self) -> bool:
        return not (self.is_running or self.is_part)


def table_rows(
    table: CumulativeTable, unit: Unit, period: Period, today: date, *, is_live: bool
) -> list[Row]:
    """Printed rows that are too long for the period as one sum, then a row for each period.

    A period without a deal is a row of zeros. Of a release nothing is filled in: what is missing
    there was withheld.
    """
    found = [_row(row, period) for row in table.rows]
    rows = [one for run in _runs(found) for one in _merged(run, unit)]
    if not is_live:
        return rows
    filled = _filled(rows, period, today)
    return [replace(row, is_running=not row.is_printed and row.ends >= today) for row in filled]


def _row(row: CumulativeRow, period: Period) -> Row:
    is_coarse = period_begin(row.begins, period) != period_begin(row.ends, period)
    is_part = not row.is_complete
    about = (row.begins, row.ends, row.origin, row.period, row.cumulative)
    return Row(*about, is_coarse=is_coarse, is_part=is_part)


def _runs(rows: Sequence[Row]) -> Iterator[list[Row]]:
    for _, run in groupby(rows, key=lambda row: row.is_coarse):
        yield list(run)


def _merged(run: list[Row], unit: Unit) -> Iterable[Row]:
    """What is too coarse as one row, from its first day to its last."""
    if not run[0].is_coarse:
        return run
    known = [row.period.amount_minor for row in run if row.period.amount_minor is not None]
    amount_minor = sum(known) if known else None
    sums = Sums(
        deals=sum(row.period.deals for row in run),
        amount=None if amount_minor is None else unit.rounded(amount_minor),
        amount_minor=amount_minor,
    )
    return [replace(run[-1], begins=run[0].begins, period=sums)]


def _filled(rows: Sequence[Row], period: Period, today: date) -> Iterator[Row]:
    """Zeros for the periods without a deal, from the first deal settled here until today."""
    if not rows:
        return
    for row, following in pairwise(rows):
        yield row
        if not row.is_printed:
            yield from _zeros(row, period, following.begins)
    yield rows[-1]
    if not rows[-1].is_printed:
        yield from _zeros(rows[-1], period, today + DAY)


def _zeros(last: Row, period: Period, until: date) -> Iterator[Row]:
    """Rows after one, of the periods that begin before a day."""
    begins = last.ends + DAY
    nothing = Sums(deals=0, amount=0, amount_minor=0)
    while begins < until:
        ends = period_end(begins, period)
        yield replace(last, begins=begins, ends=ends, period=nothing, has_facts=False)
        begins = ends + DAY
