from datetime import date
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field

from marketplace.kernel.db import Record, minor


class RealisedPrice(Record, table=True):
    """What a right was sold for in the end, once for each sale; never changed."""

    __tablename__: ClassVar[str] = "realised_price"
    __table_args__ = (
        UniqueConstraint("basis", name="realised_price_basis_unique"),
        Index("realised_price_right_index", "right_id", "sold_on"),
        CheckConstraint("price_minor > 0", name="price_positive"),
    )

    right_id: UUID = Field(foreign_key="ip_right.id")
    price_minor: int = minor()
    currency: str
    sold_on: date
    basis: str
