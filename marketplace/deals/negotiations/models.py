from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field

from marketplace.deals.negotiations.lifecycle import NEGOTIATION, NegotiationState
from marketplace.kernel.db import Record, minor, moment, text_enum
from marketplace.kernel.lifecycle import Aggregate, Lifecycle


class Negotiation(Aggregate, table=True):
    """One buyer's talks over one listing: offers that strictly alternate."""

    __tablename__: ClassVar[str] = "negotiation"
    __table_args__ = (
        Index(
            "negotiation_one_live_per_buyer",
            "listing_id",
            "buyer_organisation_id",
            unique=True,
            postgresql_where=text(
                "state IN ('awaiting_seller', 'awaiting_buyer',"
                " 'suspended_awaiting_seller', 'suspended_awaiting_buyer')"
            ),
        ),
        Index("negotiation_buyer_index", "buyer_organisation_id", "id"),
        Index("negotiation_seller_index", "seller_organisation_id", "id"),
        Index("negotiation_due_index", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        CheckConstraint("buyer_organisation_id <> seller_organisation_id", name="two_parties"),
    )
    lifecycle: ClassVar[Lifecycle[NegotiationState]] = NEGOTIATION

    listing_id: UUID = Field(foreign_key="listing.id")
    buyer_organisation_id: UUID = Field(foreign_key="organisation.id")
    seller_organisation_id: UUID = Field(foreign_key="organisation.id")
    rounds: int = Field(default=1)
    state: NegotiationState = Field(
        default=NegotiationState.AWAITING_SELLER, sa_type=text_enum(NegotiationState)
    )


class Offer(Record, table=True):
    """A price by one side, never changed; a counter-offer is the next number."""

    __tablename__: ClassVar[str] = "offer"
    __table_args__ = (
        UniqueConstraint("negotiation_id", "number", name="offer_number_unique"),
        CheckConstraint("price_minor >= 0", name="price_positive"),
    )

    negotiation_id: UUID = Field(foreign_key="negotiation.id")
    number: int
    by: str
    price_minor: int = minor()
    currency: str
    message: str | None = None
    valid_until: datetime = moment()
    mandate_id: UUID | None = Field(
        default=None, foreign_key="mandate.id", description="of the broker that made it for a side"
    )
