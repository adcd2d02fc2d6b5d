from datetime import date
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Numeric, text
from sqlmodel import Field

from marketplace.kernel.db import minor, text_enum
from marketplace.kernel.lifecycle import Aggregate, Lifecycle
from marketplace.payments.conversions.lifecycle import CONVERSION, ConversionState


class Conversion(Aggregate, table=True):
    """What a payee is owed in one currency, to be owed in another at a frozen rate.

    The rate is the cross rate of two rows of `exchange_rate` (the euro has none), whose values it
    keeps: so many units of either currency for one euro.
    """

    __tablename__: ClassVar[str] = "conversion"
    __table_args__ = (
        Index("conversion_organisation_index", "organisation_id", "id"),
        Index("conversion_state_index", "state", "id"),
        Index("conversion_due_index", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        CheckConstraint("from_minor > 0 AND to_minor > 0", name="amounts_positive"),
        CheckConstraint("from_currency <> to_currency", name="two_currencies"),
        CheckConstraint("from_per_euro > 0 AND to_per_euro > 0", name="rates_positive"),
    )
    lifecycle: ClassVar[Lifecycle[ConversionState]] = CONVERSION

    organisation_id: UUID = Field(foreign_key="organisation.id")
    from_minor: int = minor()
    from_currency: str
    to_minor: int = minor()
    to_currency: str
    from_per_euro: Decimal = Field(sa_type=Numeric(20, 10))
    to_per_euro: Decimal = Field(sa_type=Numeric(20, 10))
    from_rate_id: UUID | None = Field(default=None, foreign_key="exchange_rate.id")
    to_rate_id: UUID | None = Field(default=None, foreign_key="exchange_rate.id")
    source: str
    rate_day: date
    state: ConversionState = Field(
        default=ConversionState.QUOTED, sa_type=text_enum(ConversionState)
    )
