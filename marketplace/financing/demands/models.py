from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from marketplace.financing.demands.lifecycle import (
    DEMAND,
    DEMAND_OFFER,
    DemandOfferState,
    DemandState,
)
from marketplace.financing.demands.terms import Offered, Product, Wanted
from marketplace.kernel.db import Record, minor, moment, text_enum
from marketplace.kernel.lifecycle import Aggregate, Lifecycle

WANTED: TypeAdapter[Wanted] = TypeAdapter(Wanted)
OFFERED: TypeAdapter[Offered] = TypeAdapter(Offered)


class Demand(Aggregate, table=True):
    """A company asks for money by another product than a loan. Its terms never change."""

    __tablename__: ClassVar[str] = "demand"
    __table_args__ = (
        Index("demand_company_index", "company_organisation_id", "id"),
        Index("demand_offerer_index", "offerer_organisation_id", "id"),
        Index("demand_open_index", "product", "id", postgresql_where=text("state = 'open'")),
        Index("demand_due_index", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        Index(
            "demand_leads_to_unique",
            "leads_to",
            unique=True,
            postgresql_where=text("leads_to IS NOT NULL"),
        ),
        CheckConstraint("amount_minor > 0", name="amount"),
        CheckConstraint("product = terms ->> 'product'", name="product"),
    )
    lifecycle: ClassVar[Lifecycle[DemandState]] = DEMAND

    company_organisation_id: UUID = Field(foreign_key="organisation.id")
    product: Product = Field(sa_type=text_enum(Product))
    amount_minor: int = minor()
    currency: str
    summary: str
    terms: dict[str, Any] = Field(sa_type=JSONB)
    offerer_organisation_id: UUID | None = Field(default=None, foreign_key="organisation.id")
    agreed_minor: int | None = minor(nullable=True)
    leads_to: str | None = None
    settled_at: datetime | None = moment(nullable=True)
    state: DemandState = Field(default=DemandState.OPEN, sa_type=text_enum(DemandState))

    @property
    def subject(self) -> str:
        """How lower layers and the event log name this demand."""
        return f"demand:{self.id}"

    @property
    def wanted(self) -> Wanted:
        return WANTED.validate_python(self.terms)


class DemandRight(Record, table=True):
    """A right that a demand concerns."""

    __tablename__: ClassVar[str] = "demand_right"
    __table_args__ = (
        UniqueConstraint("demand_id", "right_id", name="demand_right_once_unique"),
        Index("demand_right_right_index", "right_id"),
    )

    demand_id: UUID = Field(foreign_key="demand.id")
    right_id: UUID = Field(foreign_key="ip_right.id")


class DemandOffer(Aggregate, table=True):
    """What somebody offers for a demand. No other offerer sees it."""

    __tablename__: ClassVar[str] = "demand_offer"
    __table_args__ = (
        Index(
            "demand_offer_one_live",
            "demand_id",
            "offerer_organisation_id",
            unique=True,
            postgresql_where=text("state = 'offered'"),
        ),
        Index(
            "demand_offer_one_accepted",
            "demand_id",
            unique=True,
            postgresql_where=text("state = 'accepted'"),
        ),
        Index("demand_offer_demand_index", "demand_id", "id"),
        Index("demand_offer_offerer_index", "offerer_organisation_id", "id"),
        Index("demand_offer_due_index", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        CheckConstraint("amount_minor > 0", name="amount"),
    )
    lifecycle: ClassVar[Lifecycle[DemandOfferState]] = DEMAND_OFFER

    demand_id: UUID = Field(foreign_key="demand.id")
    offerer_organisation_id: UUID = Field(foreign_key="organisation.id")
    amount_minor: int = minor()
    currency: str
    terms: dict[str, Any] = Field(sa_type=JSONB)
    valid_until: datetime = moment()
    state: DemandOfferState = Field(
        default=DemandOfferState.OFFERED, sa_type=text_enum(DemandOfferState)
    )

    @property
    def subject(self) -> str:
        return f"demand_offer:{self.id}"

    @property
    def offered(self) -> Offered:
        return OFFERED.validate_python(self.terms)

    def told(self) -> dict[str, Any]:
        """What the log says of it: no offerer reads that of another."""
        return {"demand_id": self.demand_id, "offerer": self.offerer_organisation_id}
