from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from pydantic import Field

from marketplace.kernel.schemas import Output


class ExchangeRateRead(Output):
    """A correction of a day is another row; the newest (`created_at`) counts."""

    id: UUID
    source: str
    currency: str
    day: date
    units_per_euro: Decimal = Field(
        description="what one euro was worth, exact, as text", examples=["1623.4500000000"]
    )
    created_at: datetime
