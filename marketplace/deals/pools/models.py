from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field

from marketplace.deals.pools.lifecycle import POOL, PoolState
from marketplace.kernel.db import Record, minor, moment, text_enum
from marketplace.kernel.lifecycle import Aggregate, Lifecycle


class Pool(Aggregate, table=True):
    """Rights of several owners that one of them, or another, licenses for all."""

    __tablename__: ClassVar[str] = "pool"
    __table_args__ = (
        Index("pool_administrator_index", "administrator_organisation_id", "id"),
        Index("pool_due_index", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        CheckConstraint("fee_basis_points BETWEEN 0 AND 5000", name="fee"),
    )
    lifecycle: ClassVar[Lifecycle[PoolState]] = POOL

    name: str
    administrator_organisation_id: UUID = Field(foreign_key="organisation.id")
    fee_basis_points: int
    state: PoolState = Field(default=PoolState.FORMING, sa_type=text_enum(PoolState))


class PoolMember(Record, table=True):
    """Whose rights are in a pool, and their exact share of what it earns after the fee.

    The shares of a pool have one denominator, and a deferred trigger refuses a transaction after
    which they do not sum to one.
    """

    __tablename__: ClassVar[str] = "pool_member"
    __table_args__ = (
        UniqueConstraint("pool_id", "organisation_id", name="pool_member_once_unique"),
        UniqueConstraint("pool_id", "position", name="pool_member_position_unique"),
        Index("pool_member_organisation_index", "organisation_id"),
        CheckConstraint("numerator > 0 AND numerator <= denominator", name="share"),
    )

    pool_id: UUID = Field(foreign_key="pool.id")
    position: int
    organisation_id: UUID = Field(foreign_key="organisation.id")
    numerator: int = minor()
    denominator: int = minor()
    agreed_at: datetime | None = moment(nullable=True)


class PoolRight(Record, table=True):
    """A right that a member lets the pool license."""

    __tablename__: ClassVar[str] = "pool_right"
    __table_args__ = (
        UniqueConstraint("pool_id", "right_id", name="pool_right_once_unique"),
        UniqueConstraint("pool_id", "position", name="pool_right_position_unique"),
        Index("pool_right_right_index", "right_id"),
    )

    pool_id: UUID = Field(foreign_key="pool.id")
    position: int
    right_id: UUID = Field(foreign_key="ip_right.id")
    organisation_id: UUID = Field(foreign_key="organisation.id")
