from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from marketplace.kernel.db import minor, moment, text_enum
from marketplace.kernel.lifecycle import Aggregate, Lifecycle
from marketplace.listings.deal_types import DealType
from marketplace.listings.lifecycle import LISTING, ListingState


class Listing(Aggregate, table=True):
    """An offer of a right to the market: for sale or licence, at an asking price or open to offers.

    A bundle offers several rights together, of which `right_id` is the first.
    """

    __tablename__: ClassVar[str] = "listing"
    __table_args__ = (
        Index(
            "listing_one_live_per_right",
            "right_id",
            "deal_type",
            unique=True,
            postgresql_where=text(
                "state IN ('draft', 'published', 'suspended', 'reserved')"
                " AND NOT bundled AND deal_type <> 'sub'"
            ),
        ),
        Index("listing_organisation_index", "organisation_id", "id"),
        Index("listing_due_index", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        CheckConstraint("asking_price_minor > 0", name="asking_price_positive"),
    )
    lifecycle: ClassVar[Lifecycle[ListingState]] = LISTING

    right_id: UUID = Field(foreign_key="ip_right.id")
    deal_type: DealType = Field(default=DealType.SALE, sa_type=text_enum(DealType))
    bundled: bool = False
    organisation_id: UUID = Field(foreign_key="organisation.id")
    title: str
    teaser: str
    language: str
    asking_price_minor: int | None = minor(default=None)
    currency: str
    region: str
    state: ListingState = Field(default=ListingState.DRAFT, sa_type=text_enum(ListingState))
    published_at: datetime | None = moment(nullable=True)


class ListingCard(SQLModel, table=True):
    """What the public reads of a listing, rendered once when it changes and sent as it is."""

    __tablename__: ClassVar[str] = "listing_card"
    __table_args__ = (
        Index(
            "listing_card_newest_index",
            text("published_at DESC"),
            text("listing_id DESC"),
            postgresql_where=text("listed"),
        ),
    )

    listing_id: UUID = Field(primary_key=True, foreign_key="listing.id")
    published_at: datetime = moment()
    listed: bool
    card: str
    detail: str
