from datetime import date
from decimal import Decimal
from typing import ClassVar

from sqlalchemy import CheckConstraint, Index, Numeric
from sqlmodel import Field

from marketplace.kernel.db import Record

ECB: str = "ECB euro foreign exchange reference rates"


class ExchangeRate(Record, table=True):
    """What one euro was worth on a day, as a source published it. Never changed.

    A correction is another row of the same day; the newest counts, and what was converted by an
    older one keeps its id. A wrong correction is put right by one more row, so that the same rate
    may stand twice.
    """

    __tablename__: ClassVar[str] = "exchange_rate"
    __table_args__ = (
        Index("exchange_rate_day_index", "day", "currency", "id"),
        CheckConstraint("units_per_euro > 0", name="rate_positive"),
    )

    source: str
    currency: str
    day: date
    units_per_euro: Decimal = Field(sa_type=Numeric(20, 10))
