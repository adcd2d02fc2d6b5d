from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field

from marketplace.kernel.db import Record, minor


class DealItem(Record, table=True):
    """One right of a deal over several, with its exact part of the price.

    A deferred trigger refuses a transaction after which the parts are not the deal's price.
    """

    __tablename__: ClassVar[str] = "deal_item"
    __table_args__ = (
        UniqueConstraint("deal_id", "position", name="deal_item_position_unique"),
        UniqueConstraint("deal_id", "right_id", name="deal_item_once_unique"),
        Index("deal_item_right_index", "right_id"),
        CheckConstraint("weight > 0 AND amount_minor >= 0", name="amount"),
    )

    deal_id: UUID = Field(foreign_key="deal.id")
    position: int
    right_id: UUID = Field(foreign_key="ip_right.id")
    weight: int = minor()
    amount_minor: int = minor()
