from datetime import date, datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import Field, PlainSerializer

from marketplace.kernel.schemas import Output


def _plain(rate: Decimal) -> str:
    """As it was published, without the zeros that the database adds."""
    text = f"{rate:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


ExactRate = Annotated[Decimal, PlainSerializer(_plain, return_type=str)]
"""A rate as text: a float would not be exact."""


class ExchangeRateRead(Output):
    """A correction of a day is another row; the newest (`created_at`) counts."""

    id: UUID
    source: str
    currency: str
    day: date
    units_per_euro: ExactRate = Field(
        description="what one euro was worth, exact", examples=["1623.45"]
    )
    created_at: datetime
