"""The tables of a release: cells of months, quarters and years that ended, under control.

What an earlier release said of a period is said again, as it was: a period that ended is decided
once. A later refund counts in the month in which it happens, and is listed as a revision.
"""

import calendar
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from marketplace.statistics.disclosure.audit import Atom
from marketplace.statistics.disclosure.protecting import (
    TOTAL,
    Key,
    Months,
    Table,
    decide_longer,
    decide_month,
)
from marketplace.statistics.disclosure.rules import Cell, Rule, total

ALL: Final = "total"
WITHHELD: Final = "withheld"
KNOWN: Final = "known"
ZERO: Final = "zero"
SUPPRESSED: Final = "suppressed"

LENGTHS: Final = {"month": 1, "quarter": 3, "year": 12}

Row = dict[str, Any]
"""One cell as it is published."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one pair of groups dealt of a value in a month."""

    month: date
    value: str
    seller: str
    buyer: str
    deals: int
    amount_minor: int
    moved_minor: int


def month_number(day: date) -> int:
    return day.year * 12 + day.month - 1


def first_day(number: int) -> date:
    return date(number // 12, number % 12 + 1, 1)


def last_day(number: int) -> date:
    first = first_day(number)
    return first.replace(day=calendar.monthrange(first.year, first.month)[1])


def build_year(
    parts: Mapping[str, Iterable[Part]],
    earlier: Mapping[str, Sequence[Row]],
    until: date,
    rule: Rule,
    *,
    totals_known: bool,
) -> dict[str, list[Row]]:
    """What a year adds to the tables by each dimension, in one currency, for periods that ended.

    Args:
        parts: of the whole year, by dimension.
        earlier: what was released of the year before, by dimension.
        until: the last day that is published.
        rule: how strict to be.
        totals_known: whether anybody reads the totals elsewhere.
    """
    tables = {
        name: _table(found, earlier[name], rule, totals_known=totals_known)
        for name, found in parts.items()
    }
    for table in tables.values():
        table.linked = [other for other in tables.values() if other is not table]
    months = sorted({month for table in tables.values() for month, _ in table.atoms})
    rows: dict[str, list[Row]] = {name: [] for name in tables}
    for span, period in _ended(months, month_number(until)):
        for name, table in tables.items():
            if span not in table.decided:
                _decide(table, span)
                rows[name] += _rows(table, span, period)
    return rows


def _table(
    parts: Iterable[Part], earlier: Sequence[Row], rule: Rule, *, totals_known: bool
) -> Table:
    keys = [(key_of(row), row) for row in earlier if row["value"] != WITHHELD]
    known = dict.fromkeys(key for key, row in keys if row["status"] == KNOWN)
    decided = {span for (span, value), _ in keys if value == TOTAL}
    return Table(cells_of(parts), rule, totals_known, known, decided)


def _ended(months: Sequence[int], last_month: int) -> Iterable[tuple[Months, str]]:
    """Months, then quarters, then the year, as far as they ended."""
    for name, length in LENGTHS.items():
        for first in sorted({month // length * length for month in months}):
            span = tuple(range(first, first + length))
            if span[-1] <= last_month:
                yield span, name


def _decide(table: Table, span: Months) -> None:
    if len(span) == 1:
        decide_month(table, span[0])
    else:
        decide_longer(table, span)


def cells_of(parts: Iterable[Part]) -> dict[Atom, Cell]:
    """The smallest cells, with what each group dealt in them."""
    sums: dict[Atom, list[int]] = defaultdict(lambda: [0, 0])
    sold: dict[Atom, Counter[str]] = defaultdict(Counter)
    bought: dict[Atom, Counter[str]] = defaultdict(Counter)
    for part in parts:
        atom = (month_number(part.month), part.value)
        sums[atom][0] += part.deals
        sums[atom][1] += part.amount_minor
        sold[atom][part.seller] += part.moved_minor
        bought[atom][part.buyer] += part.moved_minor
    return {
        atom: Cell(deals, amount_minor, sold[atom], bought[atom])
        for atom, (deals, amount_minor) in sums.items()
    }


def _rows(table: Table, span: Months, name: str) -> list[Row]:
    """The cells of a period; where a rest is withheld, nobody learns what was nothing in it."""
    shown = [value for value in table.values if table.is_published((span, value))]
    rest = total(table.cell((span, value)) for value in table.values if value not in shown)
    about = {"period": name, "begins": first_day(span[0]).isoformat()}
    is_known = table.is_published((span, TOTAL))
    rows = [_row(about, ALL, table.cell((span, TOTAL)), is_known=is_known)]
    rows += [_row(about, value, table.cell((span, value)), is_known=True) for value in shown]
    if not rest.is_empty:
        rows.append(_row(about, WITHHELD, rest, is_known=is_known))
    return rows


def _row(about: Mapping[str, str], value: str, cell: Cell, *, is_known: bool) -> Row:
    return {
        **about,
        "value": value,
        "status": KNOWN if is_known else SUPPRESSED,
        "deals": cell.deals if is_known else None,
        "amount_minor": cell.amount_minor if is_known else None,
    }


def key_of(row: Row) -> Key:
    """The months and the value of a published cell; of all values `TOTAL`."""
    first = month_number(date.fromisoformat(row["begins"]))
    span = tuple(range(first, first + LENGTHS[row["period"]]))
    return span, TOTAL if row["value"] == ALL else row["value"]


def in_order(rows: Iterable[Row]) -> list[Row]:
    return sorted(rows, key=_order)


def _order(row: Row) -> tuple[int, str, bool, str]:
    return LENGTHS[row["period"]], row["begins"], row["value"] != ALL, row["value"]
