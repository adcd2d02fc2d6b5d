from typing import ClassVar
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field

from marketplace.kernel.db import Record


class FinancingValuation(Record, table=True):
    """A valuation of all collateral of a request that was ordered for it, or for its loan."""

    __tablename__: ClassVar[str] = "financing_valuation"
    __table_args__ = (
        UniqueConstraint("order_id", name="financing_valuation_order_unique"),
        Index("financing_valuation_request_index", "request_id", "id"),
    )

    request_id: UUID = Field(foreign_key="financing_request.id")
    order_id: UUID = Field(foreign_key="valuation_order.id")
