"""Two dimensions crossed, for the statistics of the state: finer, and still controlled."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Final

from starlette.concurrency import run_in_threadpool

from marketplace.kernel.driver_pools import Reads
from marketplace.kernel.errors import NotFoundError, UnprocessableError
from marketplace.statistics.dimensions import DIMENSIONS, UNKNOWN
from marketplace.statistics.disclosure.audit import Form
from marketplace.statistics.disclosure.crossing import (
    COLUMN,
    ROW,
    SEPARATOR,
    Crossing,
    Place,
    line_form,
    place_of,
    safe_places,
)
from marketplace.statistics.disclosure.protecting import TOTAL
from marketplace.statistics.disclosure.rules import FINER, Cell, total
from marketplace.statistics.periods import Period, period_end
from marketplace.statistics.public import BY_KIND
from marketplace.statistics.releases.building import (
    ALL,
    KNOWN,
    WITHHELD,
    Part,
    Row,
    cells_of,
    key_of,
)
from marketplace.statistics.releases.queries import definitions_of, released_cells
from marketplace.statistics.releases.schemas import Status
from marketplace.statistics.schemas import CrossedCell, CrossedRow, CrossedTable
from marketplace.statistics.units import Unit

_PARTS: Final = """
    SELECT date_trunc('month', day)::date AS month,
        {down} || '{separator}' || {across} AS value,
        coalesce(seller_group::text, '{unknown}') AS seller,
        coalesce(buyer_group::text, '{unknown}') AS buyer,
        sum(deals)::bigint AS deals, sum(amount_minor)::bigint AS amount_minor,
        sum(abs(amount_minor))::bigint AS moved_minor
    FROM deal_fact WHERE currency = $1 AND day BETWEEN $2 AND $3
    GROUP BY 1, 2, 3, 4 ORDER BY 1, 2
"""

Margins = tuple[Sequence[Row], Sequence[Row]]
"""What everybody reads of the rows, and of the columns."""


class SameDimensionError(UnprocessableError):
    code = "same_dimension"
    title = "A dimension is crossed with another one"


async def crossed_table(
    reads: Reads, down: str, across: str, begins: date, unit: Unit
) -> CrossedTable:
    """Deals of a year by two dimensions; rows and columns are told as everybody reads them.

    A year is crossed when it is released: then nothing more will be published of its months, and
    the table is the same whenever it is asked for. Costs grow with the deals of the year.

    Raises:
        SameDimensionError: nothing to cross.
        NotFoundError: the year is not released yet.
    """
    assert {down, across} <= DIMENSIONS.keys()
    if down == across:
        raise SameDimensionError
    ends = period_end(begins, Period.YEAR)
    release, rows = await released_cells(reads, down, unit.currency, date.max)
    if release is None or release.as_of < ends:
        raise NotFoundError(f"the year {begins.year} is not released yet")
    _, columns = await released_cells(reads, across, unit.currency, date.max)
    statement = _PARTS.format(down=down, across=across, unknown=UNKNOWN, separator=SEPARATOR)
    parts = [Part(*row) for row in await reads.rows(statement, unit.currency, begins, ends)]
    margins = rows, columns
    kinds = {down: ROW, across: COLUMN}.get(BY_KIND)
    crossing, told = await run_in_threadpool(_decided, parts, margins, begins, kinds)
    return CrossedTable(
        down=down,
        across=across,
        begins=begins,
        ends=ends,
        unit=unit.code,
        unit_label=unit.label,
        currency=unit.currency,
        release=release,
        rules=asdict(FINER),
        definitions=definitions_of(f"{DIMENSIONS[down]}, by {DIMENSIONS[across]}"),
        rows=_rows(crossing, told, margins, begins, unit),
    )


def _decided(
    parts: Sequence[Part], margins: Margins, begins: date, kinds: str | None
) -> tuple[Crossing, set[Place]]:
    bare = Crossing(cells_of(parts), (), FINER)
    forms = [*_live(bare, kinds), *_released(bare, margins, begins.year)]
    crossing = Crossing(bare.atoms, [form for form in dict.fromkeys(forms) if form], FINER)
    return crossing, safe_places(crossing)


def _live(crossing: Crossing, kinds: str | None) -> Iterable[Form]:
    """What a statistician reads live: the total of each month, and by kind of right."""
    values = {part for part, _ in map(place_of, crossing.atoms)} if kinds == ROW else set()
    if kinds == COLUMN:
        values = {part for _, part in map(place_of, crossing.atoms)}
    for month in sorted({month for month, _ in crossing.atoms}):
        yield line_form(crossing, [month])
        for value in sorted(values):
            yield line_form(crossing, [month], **{kinds or ROW: value})


def _released(crossing: Crossing, margins: Margins, year: int) -> Iterable[Form]:
    """What everybody reads of that year: rows and columns of months, quarters and the year."""
    for cells, side in zip(margins, (ROW, COLUMN), strict=True):
        for cell in cells:
            span, value = key_of(cell)
            if cell["status"] == KNOWN and value != WITHHELD and span[0] // 12 == year:
                wanted = {} if value == TOTAL else {side: value}
                yield line_form(crossing, span, **wanted)


def _rows(
    crossing: Crossing, told: set[Place], margins: Margins, begins: date, unit: Unit
) -> list[CrossedRow]:
    cells = crossing.cells()
    by_row, by_column = (_year(side, begins) for side in margins)
    columns = sorted({column for _, column in cells})
    heads = [_released_cell(value, by_column.get(value), unit) for value in (ALL, *columns)]
    rows = [CrossedRow(value=ALL, cells=heads)]
    for row in sorted({row for row, _ in cells}):
        whole = by_row.get(row)
        shown = {column: cells[row, column] for column in columns if (row, column) in told}
        rest = total(
            cell for (r, column), cell in cells.items() if r == row and column not in shown
        )
        found = [_released_cell(row, whole, unit).model_copy(update={"value": ALL})]
        found += [_cell(column, cell, unit) for column, cell in shown.items()]
        if not rest.is_empty:
            found.append(_cell(WITHHELD, rest if whole else None, unit))
        rows.append(CrossedRow(value=row, cells=found))
    return rows


def _year(cells: Sequence[Row], begins: date) -> Mapping[str, Row]:
    """The released cells of the year, by their values."""
    about = {"period": Period.YEAR.value, "begins": begins.isoformat(), "status": KNOWN}
    return {cell["value"]: cell for cell in cells if about.items() <= cell.items()}


def _released_cell(value: str, released: Row | None, unit: Unit) -> CrossedCell:
    if released is None:
        return _cell(value, None, unit)
    return _cell(value, Cell(released["deals"], released["amount_minor"]), unit)


def _cell(value: str, cell: Cell | None, unit: Unit) -> CrossedCell:
    if cell is None:
        status, deals, amount_minor = Status.SUPPRESSED, None, None
    else:
        deals, amount_minor = cell.deals, cell.amount_minor
        status = Status.KNOWN if amount_minor else Status.ZERO
    return CrossedCell(
        value=value,
        status=status,
        deals=deals,
        amount=None if amount_minor is None else unit.rounded(amount_minor),
        amount_minor=amount_minor,
    )
