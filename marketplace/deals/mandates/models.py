from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, Index, Text, Uuid, text
from sqlalchemy.dialects.postgresql import INT8MULTIRANGE, INT8RANGE, ExcludeConstraint
from sqlmodel import Field

from marketplace.deals.mandates.lifecycle import MANDATE, MandateState
from marketplace.kernel.db import moment, text_enum
from marketplace.kernel.lifecycle import Aggregate, Lifecycle

COMMISSION_PPM_MAX = 350_000


class Side(StrEnum):
    """For whom a broker acts in a deal."""

    SELL = "sell"
    BUY = "buy"


class Mandate(Aggregate, table=True):
    """What lets a broker act for an owner or for a buyer: over what, where, until when, for what.

    The ranges are the scope as numbers, by which the database finds that an exclusive mandate
    overlaps another one. `hold_range` is everything for an exclusive mandate and a point of its own
    for any other, so that two of the latter never meet.
    """

    __tablename__: ClassVar[str] = "mandate"
    __table_args__: ClassVar[Any] = (
        ExcludeConstraint(
            ("principal_organisation_id", "="),
            ("side", "="),
            ("right_range", "&&"),
            ("territory_range", "&&"),
            (text("tstzrange(starts_at, ends_at)"), "&&"),
            ("hold_range", "&&"),
            name="mandate_exclusive",
            using="gist",
            where=text("state = 'active'"),
        ),
        Index("mandate_principal_index", "principal_organisation_id", "id"),
        Index("mandate_broker_index", "broker_organisation_id", "id"),
        Index("mandate_due_index", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        CheckConstraint("principal_organisation_id <> broker_organisation_id", name="two_parties"),
        CheckConstraint("ends_at > starts_at", name="term"),
        CheckConstraint(f"commission_ppm BETWEEN 1 AND {COMMISSION_PPM_MAX}", name="commission"),
        CheckConstraint(
            "everything = (cardinality(right_ids) + cardinality(listing_ids) = 0)", name="scope"
        ),
    )
    lifecycle: ClassVar[Lifecycle[MandateState]] = MANDATE

    principal_organisation_id: UUID = Field(foreign_key="organisation.id")
    broker_organisation_id: UUID = Field(foreign_key="organisation.id")
    side: Side = Field(sa_type=text_enum(Side))
    exclusive: bool
    everything: bool
    right_ids: list[UUID] = Field(sa_type=ARRAY(Uuid), nullable=False)
    listing_ids: list[UUID] = Field(sa_type=ARRAY(Uuid), nullable=False)
    territories: list[str] = Field(sa_type=ARRAY(Text), nullable=False)
    places: list[str] = Field(
        sa_type=ARRAY(Text),
        nullable=False,
        description="the countries and regions of the territories; none is everywhere",
    )
    commission_ppm: int
    starts_at: datetime = moment()
    ends_at: datetime = moment()
    right_range: Any = Field(sa_type=INT8MULTIRANGE, nullable=False)
    territory_range: Any = Field(sa_type=INT8MULTIRANGE, nullable=False)
    hold_range: Any = Field(sa_type=INT8RANGE, nullable=False)
    state: MandateState = Field(default=MandateState.OFFERED, sa_type=text_enum(MandateState))
