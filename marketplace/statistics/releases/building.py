"""The tables of a release: cells of months, quarters and years that ended, under control.

What an earlier release said of a period is said again, as it was: a period that ended is decided
once. A later refund counts in the month in which it happens, and is listed as a revision.
"""

import calendar
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
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


def build(
    parts: Iterable[Part], earlier: Sequence[Row], until: date, rule: Rule, *, totals_known: bool
) -> list[Row]:
    """The cells of one dimension in one currency, for periods that end on or before a day.

    Args:
        parts: of every year that has a period to be decided, the whole year.
        earlier: the cells of the release before.
        until: the last day that is published.
        rule: how strict to be.
        totals_known: whether anybody reads the totals elsewhere.
    """
    cells = cells_of(parts)
    decided = {key_of(row) for row in earlier}
    rows = [*earlier]
    for year, months in groupby(sorted({month for month, _ in cells}), lambda m: m // 12):
        atoms = {atom: cell for atom, cell in cells.items() if atom[0] // 12 == year}
        table = Table(atoms, rule, totals_known)
        table.published.update(_published(earlier, year))
        rows += _decide(table, [*months], decided, month_number(until))
    return sorted(rows, key=_order)


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


def _decide(table: Table, months: Sequence[int], decided: set[Key], last_month: int) -> list[Row]:
    rows: list[Row] = []
    for length, name in ((1, "month"), (3, "quarter"), (12, "year")):
        for first in sorted({month // length * length for month in months}):
            span = tuple(range(first, first + length))
            if span[-1] > last_month or (span, TOTAL) in decided:
                continue
            if length == 1:
                decide_month(table, first)
            else:
                decide_longer(table, span)
            rows += _rows(table, span, name)
    return rows


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


def _published(earlier: Sequence[Row], year: int) -> dict[Key, None]:
    keys = [key_of(row) for row in earlier if row["status"] == KNOWN and row["value"] != WITHHELD]
    return dict.fromkeys(key for key in keys if key[0][0] // 12 == year)


def _order(row: Row) -> tuple[int, str, bool, str]:
    return LENGTHS[row["period"]], row["begins"], row["value"] != ALL, row["value"]
