"""Two dimensions crossed, for the statistics of the state: finer, and still controlled."""

from datetime import date
from itertools import groupby
from typing import Final

import asyncpg

from marketplace.kernel.driver_pools import Reads
from marketplace.statistics.dimensions import DIMENSIONS, UNKNOWN
from marketplace.statistics.disclosure.protecting import Table, decide_month
from marketplace.statistics.disclosure.rules import FINER, Cell, total
from marketplace.statistics.queries import Period, period_end
from marketplace.statistics.releases.building import ALL, WITHHELD, Part, cells_of
from marketplace.statistics.releases.schemas import Status
from marketplace.statistics.schemas import CrossedCell, CrossedRow, CrossedTable
from marketplace.statistics.units import Unit

_PARTS: Final = """
    SELECT {down} AS down, {across} AS across,
        coalesce(seller_group::text, '{unknown}') AS seller,
        coalesce(buyer_group::text, '{unknown}') AS buyer,
        sum(deals)::bigint AS deals, sum(amount_minor)::bigint AS amount_minor,
        sum(abs(amount_minor))::bigint AS moved_minor
    FROM deal_fact WHERE currency = $1 AND day BETWEEN $2 AND $3
    GROUP BY 1, 2, 3, 4 ORDER BY 1
"""


async def crossed_table(
    reads: Reads, *, down: str, across: str, period: Period, begins: date, unit: Unit
) -> CrossedTable:
    """Deals of one period by two dimensions. Each row is divided into cells that are safe.

    Costs grow with the deals of the period.
    """
    assert {down, across} <= DIMENSIONS.keys()
    ends = period_end(begins, period)
    statement = _PARTS.format(down=down, across=across, unknown=UNKNOWN)
    found = await reads.rows(statement, unit.currency, begins, ends)
    rows = [
        _row(value, [*parts], begins, unit)
        for value, parts in groupby(found, key=lambda one: one["down"])
    ]
    return CrossedTable(
        down=down,
        across=across,
        begins=begins,
        ends=ends,
        unit=unit.code,
        unit_label=unit.label,
        currency=unit.currency,
        rows=rows,
    )


def _row(value: str, found: list[asyncpg.Record], begins: date, unit: Unit) -> CrossedRow:
    parts = [Part(begins, *tuple(one)[1:]) for one in found]
    cells = cells_of(parts)
    table = Table(cells, FINER, totals_known=False)
    ((month, _), *_) = cells
    decide_month(table, month)
    shown = {v: cell for (_, v), cell in cells.items() if table.is_published(((month,), v))}
    rest = total(cell for (_, v), cell in cells.items() if v not in shown)
    is_known = table.is_published(((month,), ""))
    told = [_cell(ALL, total(cells.values()), unit, is_known=is_known)]
    told += [_cell(name, cell, unit, is_known=True) for name, cell in sorted(shown.items())]
    if not rest.is_empty:
        told.append(_cell(WITHHELD, rest, unit, is_known=is_known))
    return CrossedRow(value=value, cells=told)


def _cell(value: str, cell: Cell, unit: Unit, *, is_known: bool) -> CrossedCell:
    if not is_known:
        return CrossedCell(
            value=value, status=Status.SUPPRESSED, deals=None, amount=None, amount_minor=None
        )
    return CrossedCell(
        value=value,
        status=Status.KNOWN if cell.amount_minor else Status.ZERO,
        deals=cell.deals,
        amount=unit.rounded(cell.amount_minor),
        amount_minor=cell.amount_minor,
    )
