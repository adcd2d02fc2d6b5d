from datetime import date, datetime
from enum import StrEnum
from typing import Any

from pydantic import Field

from marketplace.kernel.schemas import Output
from marketplace.statistics.dimensions import DIMENSIONS

Dimension = StrEnum("Dimension", {name.upper(): name for name in DIMENSIONS})  # type: ignore[misc]
"""By what a released table divides deals."""


class Status(StrEnum):
    KNOWN = "known"
    ZERO = "zero"
    SUPPRESSED = "suppressed"
    UNDISCLOSED = "undisclosed"


class ReleaseRead(Output):
    number: int
    as_of: date = Field(description="the last day that its tables count")
    made_at: datetime
    sha256: str = Field(description="over the digests of its tables")
    rules: dict[str, Any] = Field(description="the rules of disclosure that it keeps")


class ReleasedCell(Output):
    value: str = Field(description="`total`, a value, or `withheld`: the rest taken together")
    status: Status
    deals: int | None
    amount: int | None = Field(description="in the unit, rounded after summing")
    amount_minor: int | None


class ReleasedRow(Output):
    label: str
    begins: date
    ends: date
    cells: list[ReleasedCell]
    cumulative: list[ReleasedCell] = Field(
        description="since the beginning; of values that were shown in every period before"
    )


class Definitions(Output):
    """What the figures of a table are, so that they are not read as something else."""

    nature: str
    counting_unit: str
    date_basis: str
    denominator: str
    amounts: str
    dimension: str


class DimensionTable(Output):
    """Deals of periods that ended, by one dimension, under disclosure control."""

    release: ReleaseRead
    dimension: str
    period: str
    unit: str
    unit_label: str
    currency: str
    definitions: Definitions
    rows: list[ReleasedRow]
