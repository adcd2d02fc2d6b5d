"""Reading releases: stored cells, put into rows, with sums since the beginning."""

from collections.abc import Sequence
from datetime import date
from itertools import groupby
from typing import Any, Final

import asyncpg
import orjson

from marketplace.kernel.driver_pools import Reads
from marketplace.kernel.errors import NotFoundError
from marketplace.statistics.dimensions import DIMENSIONS
from marketplace.statistics.periods import Period, period_end, period_label
from marketplace.statistics.releases.building import ALL, KNOWN, SUPPRESSED, WITHHELD, Row
from marketplace.statistics.releases.schemas import (
    Definitions,
    DimensionTable,
    ReleasedCell,
    ReleasedRow,
    ReleaseRead,
    Status,
)
from marketplace.statistics.units import Unit

COLUMNS: Final = "r.number, r.as_of, r.made_at, r.sha256, r.rules"
_TABLE: Final = f"""
    SELECT {COLUMNS}, t.content FROM statistics_release r
    LEFT JOIN released_table t ON t.release = r.number AND t.dimension = $1 AND t.currency = $2
    WHERE r.as_of <= $3 ORDER BY r.number DESC LIMIT 1
"""  # noqa: S608 - built from constants
_CURRENCIES: Final = """
    SELECT currency FROM released_table
    WHERE release = (SELECT max(number) FROM statistics_release)
    UNION SELECT currency FROM published_series ORDER BY currency
"""
_LIST: Final = f"""
    SELECT {COLUMNS} FROM statistics_release r
    WHERE r.number < $1 ORDER BY r.number DESC LIMIT $2
"""  # noqa: S608 - built from constants
_NATURE: Final = {
    "nature": "flow in `cells`, sums of flows in `cumulative`; no stock",
    "counting_unit": "a deal, once; a price in parts counts as its parts are released",
    "date_basis": "the day on which the price was released; what undoes a deal, its own day",
    "denominator": "all deals settled here in the currency and the period",
    "amounts": "realised prices without VAT, never asking ones: known or zero; none is undisclosed",
}


async def releases(reads: Reads, *, before: int, limit: int) -> list[ReleaseRead]:
    """The newest releases below a number."""
    return [release_of(row) for row in await reads.rows(_LIST, before, limit)]


def definitions_of(dimension: str) -> Definitions:
    return Definitions(**_NATURE, dimension=dimension)


async def released_cells(
    reads: Reads, dimension: str, currency: str, as_of: date
) -> tuple[ReleaseRead | None, list[Row]]:
    """The cells of the newest release that was about no later day; of none, nothing."""
    found = await reads.row(_TABLE, dimension, currency, as_of)
    if found is None:
        return None, []
    return release_of(found), orjson.loads(found["content"] or b"[]")


async def released_currencies(reads: Reads) -> list[str]:
    """In what the newest release or printed history tells amounts."""
    return [row["currency"] for row in await reads.rows(_CURRENCIES)]


def release_of(row: asyncpg.Record) -> ReleaseRead:
    rules = row["rules"]
    return ReleaseRead(
        number=row["number"],
        as_of=row["as_of"],
        made_at=row["made_at"],
        sha256=row["sha256"],
        rules=orjson.loads(rules) if isinstance(rules, str) else rules,
    )


async def released_table(
    reads: Reads, dimension: str, period: Period, unit: Unit, as_of: date
) -> DimensionTable:
    """The table as of a day: of the last release that was about no later day.

    Raises:
        NotFoundError: nothing was released then.
    """
    release, cells = await released_cells(reads, dimension, unit.currency, as_of)
    if release is None:
        raise NotFoundError("no figures were released by then")
    wanted = [cell for cell in cells if cell["period"] == period.value]
    return DimensionTable(
        release=release,
        dimension=dimension,
        period=period.value,
        unit=unit.code,
        unit_label=unit.label,
        currency=unit.currency,
        definitions=definitions_of(DIMENSIONS[dimension]),
        rows=_rows(wanted, period, unit),
    )


def _rows(cells: Sequence[Row], period: Period, unit: Unit) -> list[ReleasedRow]:
    values = dict.fromkeys(cell["value"] for cell in cells)
    values.pop(WITHHELD, None)
    sums: dict[str, tuple[int, int] | None] = dict.fromkeys(values, (0, 0))
    rows = []
    for begins, found in groupby(cells, key=lambda cell: date.fromisoformat(cell["begins"])):
        here = {cell["value"]: cell for cell in found}
        shown = [here.get(value) or _absent(value, here) for value in values]
        for cell in shown:
            sums[cell["value"]] = _plus(sums[cell["value"]], cell)
        if WITHHELD in here:
            shown.append(here[WITHHELD])
        rows.append(
            ReleasedRow(
                label=period_label(begins, period),
                begins=begins,
                ends=period_end(begins, period),
                cells=[_cell(cell, unit) for cell in shown],
                cumulative=[_cell(_summed(value, sums[value]), unit) for value in values],
            )
        )
    return rows


def _absent(value: str, here: dict[str, Row]) -> Row:
    """A value that a period does not tell: nothing, unless something is withheld there."""
    hides = WITHHELD in here or here[ALL]["status"] != KNOWN
    return _summed(value, None if hides else (0, 0))


def _plus(so_far: tuple[int, int] | None, cell: Row) -> tuple[int, int] | None:
    if so_far is None or cell["status"] == SUPPRESSED:
        return None
    return so_far[0] + cell["deals"], so_far[1] + cell["amount_minor"]


def _summed(value: str, figures: tuple[int, int] | None) -> Row:
    if figures is None:
        return {"value": value, "status": SUPPRESSED, "deals": None, "amount_minor": None}
    return {"value": value, "status": KNOWN, "deals": figures[0], "amount_minor": figures[1]}


def _cell(cell: dict[str, Any], unit: Unit) -> ReleasedCell:
    amount_minor = cell["amount_minor"]
    is_nothing = (cell["deals"], amount_minor) == (0, 0)
    return ReleasedCell(
        value=cell["value"],
        status=Status.ZERO if is_nothing else Status(cell["status"]),
        deals=cell["deals"],
        amount=None if amount_minor is None else unit.rounded(amount_minor),
        amount_minor=amount_minor,
    )
