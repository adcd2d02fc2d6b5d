from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field

from marketplace.kernel.db import Record, minor, moment


class PoolCollection(Record, table=True):
    """What the receivables of a pool brought in a period. It is distributed once it is paid in."""

    __tablename__: ClassVar[str] = "pool_collection"
    __table_args__ = (
        UniqueConstraint("demand_id", "starts_on", name="pool_collection_start_unique"),
        Index(
            "pool_collection_one_open",
            "demand_id",
            unique=True,
            postgresql_where=text("distributed_at IS NULL"),
        ),
        CheckConstraint("cash_minor > 0 AND residue_minor >= 0", name="amounts"),
        CheckConstraint("ends_on > starts_on", name="period"),
    )

    demand_id: UUID = Field(foreign_key="demand.id")
    starts_on: date
    ends_on: date = Field(description="the first day of the next period")
    cash_minor: int = minor()
    residue_minor: int = minor(default=0)
    distributed_at: datetime | None = moment(nullable=True)

    @property
    def subject(self) -> str:
        """What the cash is held for."""
        return f"pool_collection:{self.id}"


class PoolShare(Record, table=True):
    """What one tranche got of a collection, and how it stood afterwards. Append-only."""

    __tablename__: ClassVar[str] = "pool_share"
    __table_args__ = (
        UniqueConstraint("collection_id", "position", name="pool_share_position_unique"),
        CheckConstraint(
            "interest_due_minor >= 0 AND interest_minor >= 0 AND principal_minor >= 0"
            " AND balance_minor >= 0 AND unpaid_minor >= 0",
            name="amounts",
        ),
    )

    collection_id: UUID = Field(foreign_key="pool_collection.id")
    position: int
    interest_due_minor: int = minor()
    interest_minor: int = minor()
    principal_minor: int = minor()
    balance_minor: int = minor()
    unpaid_minor: int = minor()
