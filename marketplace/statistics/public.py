"""What everybody reads: printed history, and what releases tell; no figure of a single moment.

Totals of this moment would tell each deal's price to whoever looks before and after it. So the sums
here are of released cells alone: of a period that is not released itself, of its quarters and
months that are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from marketplace.kernel.driver_pools import Reads
from marketplace.statistics.converting import CurrencyFigures
from marketplace.statistics.live import View
from marketplace.statistics.periods import (
    Period,
    period_begin,
    period_end,
    period_label,
    period_until,
)
from marketplace.statistics.queries import (
    KindSum,
    Sum,
    cumulative_table,
    kind_totals,
    printed,
    printed_kinds,
    published_rows,
    sources,
    tabulated,
)
from marketplace.statistics.releases.building import ALL, KNOWN, LENGTHS, WITHHELD, Row
from marketplace.statistics.releases.queries import released_cells, released_currencies
from marketplace.statistics.schemas import Basis, CumulativeTable, Origin
from marketplace.statistics.sight import LiveStatisticsRestrictedError, Sight
from marketplace.statistics.units import Unit

BY_KIND: Final = "right_kind"
"""The released table whose totals are told; they are the same in every other."""
_PARTS: Final = {Period.YEAR: Period.QUARTER, Period.QUARTER: Period.MONTH}


@dataclass(frozen=True, slots=True)
class Told:
    """What is released of a period."""

    begins: date
    deals: int
    amount_minor: int
    is_complete: bool


async def told_table(
    reads: Reads,
    sight: Sight,
    *,
    period: Period,
    kind: str | None,
    unit: Unit,
    time_zone: str,
    as_of: date | None = None,
    view: View = View.ACCOUNTING,
) -> CumulativeTable:
    """The cumulative table as a reader may see it.

    Raises:
        LiveStatisticsRestrictedError: what is undone is restated by single deals.
    """
    about = {"period": period, "unit": unit, "time_zone": time_zone}
    if sight is Sight.LIVE:
        return await cumulative_table(reads, kind=kind, as_of=as_of, view=view, **about)  # type: ignore[arg-type]
    if view is View.RESTATED:
        raise LiveStatisticsRestrictedError
    until = as_of or date.max
    release, every = await released_cells(reads, BY_KIND, unit.currency, date.max)
    cells = [cell for cell in every if _last_day(cell) <= until]
    published = [] if kind else await published_rows(reads, unit.currency, until)
    by_kind = kind_totals([*_kinds(cells, kind), *printed_kinds(published)], unit)
    if sight is Sight.TOTALS and kind is None and as_of is None:
        table = await cumulative_table(reads, kind=None, **about)  # type: ignore[arg-type]
        return table.model_copy(update={"by_kind": by_kind, "release": release})
    sums = [*map(printed, published), *(_sum(one, period) for one in told(cells, kind, period))]
    return tabulated(
        sums,
        **about,  # type: ignore[arg-type]
        kind=kind,
        as_of=as_of,
        basis=Basis.RELEASED,
        release=release,
        by_kind=by_kind,
        published=sources(published),
    )


async def released_sums(reads: Reads, kind: str | None) -> list[CurrencyFigures]:
    """What is released in each currency, with printed history."""
    found = []
    for currency in await released_currencies(reads):
        _, cells = await released_cells(reads, BY_KIND, currency, date.max)
        years = told(cells, kind, Period.YEAR)
        published = [] if kind else await published_rows(reads, currency, date.max)
        deals = sum(one.deals for one in years) + sum(row["deals"] for row in published)
        amount_minor = sum(one.amount_minor for one in years)
        amount_minor += sum(row["amount_minor"] or 0 for row in published)
        if deals:
            found.append(CurrencyFigures(currency, deals, amount_minor))
    return found


def told(cells: Sequence[Row], value: str | None, period: Period) -> list[Told]:
    """Of each period what is released of a value, or of all: the period's cell, or its parts'."""
    wanted = value or ALL
    known = {
        (Period(cell["period"]), date.fromisoformat(cell["begins"])): cell
        for cell in cells
        if cell["value"] == wanted and cell["status"] == KNOWN
    }
    usable = (begins for one, begins in known if LENGTHS[one] <= LENGTHS[period])
    found = []
    for begins in sorted({period_begin(one, period) for one in usable}):
        parts = _released_parts(known, begins, period)
        deals = sum(one["deals"] for one in parts)
        amount_minor = sum(one["amount_minor"] for one in parts)
        found.append(Told(begins, deals, amount_minor, (period, begins) in known))
    return found


def _released_parts(
    known: dict[tuple[Period, date], Row], begins: date, period: Period
) -> list[Row]:
    if (period, begins) in known:
        return [known[period, begins]]
    found: list[Row] = []
    smaller, ends = _PARTS.get(period), period_until(begins, period)
    while smaller and begins < ends:
        found += _released_parts(known, begins, smaller)
        begins = period_until(begins, smaller)
    return found


def _last_day(cell: Row) -> date:
    return period_end(date.fromisoformat(cell["begins"]), Period(cell["period"]))


def _sum(one: Told, period: Period) -> Sum:
    return Sum(
        period_label(one.begins, period),
        one.begins,
        period_until(one.begins, period),
        one.deals,
        one.amount_minor,
        Origin.LEDGER,
        is_complete=one.is_complete,
    )


def _kinds(cells: Sequence[Row], kind: str | None) -> list[KindSum]:
    values = dict.fromkeys(cell["value"] for cell in cells)
    chosen = [v for v in values if v not in {ALL, WITHHELD} and kind in {None, v}]
    return [
        (value, one.deals, one.amount_minor)
        for value in chosen
        for one in told(cells, value, Period.YEAR)
    ]
