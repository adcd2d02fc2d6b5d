from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field

from marketplace.kernel.db import Record, minor


class ListingItem(Record, table=True):
    """One right of a listing that offers several together, with its weight in the price."""

    __tablename__: ClassVar[str] = "listing_item"
    __table_args__ = (
        UniqueConstraint("listing_id", "position", name="listing_item_position_unique"),
        UniqueConstraint("listing_id", "right_id", name="listing_item_once_unique"),
        Index("listing_item_right_index", "right_id"),
        CheckConstraint("weight > 0", name="weight"),
    )

    listing_id: UUID = Field(foreign_key="listing.id")
    position: int
    right_id: UUID = Field(foreign_key="ip_right.id")
    weight: int = minor()
