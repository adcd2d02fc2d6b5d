from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field

from marketplace.deals.auctions.lifecycle import (
    AUCTION,
    AUCTION_BIDDER,
    AuctionState,
    BidderState,
)
from marketplace.kernel.db import Record, minor, moment, text_enum
from marketplace.kernel.lifecycle import Aggregate, Lifecycle


class AuctionKind(StrEnum):
    ASCENDING = "ascending"
    SEALED = "sealed"


class Unrevealed(StrEnum):
    """What becomes of the deposit of who does not open their sealed bid."""

    VOID = "void"
    FORFEIT = "forfeit"


class Auction(Aggregate, table=True):
    """A right that is sold to the highest bid, by terms that never change once it is announced.

    Of a listing, the seller is its owner; collateral has no listing, and is sold by a lender.
    """

    __tablename__: ClassVar[str] = "auction"
    __table_args__ = (
        Index(
            "auction_one_live_per_right",
            "right_id",
            unique=True,
            postgresql_where=text("state IN ('scheduled', 'open', 'closed', 'awarded', 'paid')"),
        ),
        Index("auction_listing_index", "listing_id", "id"),
        Index("auction_seller_index", "seller_organisation_id", "id"),
        Index("auction_due_index", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        CheckConstraint(
            "starting_minor > 0 AND deposit_minor >= 0 AND deposit_minor < starting_minor"
            " AND reserve_minor >= starting_minor",
            name="amounts",
        ),
        CheckConstraint(
            "(kind = 'ascending') = (step_minor IS NOT NULL) AND coalesce(step_minor, 1) > 0",
            name="step",
        ),
        CheckConstraint(
            "closes_at > opens_at AND soft_close_minutes BETWEEN 0 AND 60"
            " AND (kind = 'sealed') = (reveal_hours > 0) AND payment_days BETWEEN 1 AND 13",
            name="times",
        ),
        CheckConstraint("(winner_id IS NULL) = (price_minor IS NULL)", name="winner"),
        CheckConstraint("highest_minor IS NULL OR kind = 'ascending'", name="sealed"),
    )
    lifecycle: ClassVar[Lifecycle[AuctionState]] = AUCTION

    listing_id: UUID | None = Field(default=None, foreign_key="listing.id")
    right_id: UUID = Field(foreign_key="ip_right.id")
    seller_organisation_id: UUID = Field(foreign_key="organisation.id")
    owner_organisation_id: UUID = Field(foreign_key="organisation.id")
    kind: AuctionKind = Field(sa_type=text_enum(AuctionKind))
    currency: str
    starting_minor: int = minor()
    reserve_minor: int | None = minor(default=None, nullable=True)
    step_minor: int | None = minor(default=None, nullable=True)
    deposit_minor: int = minor(default=0)
    opens_at: datetime = moment()
    closes_at: datetime = moment()
    soft_close_minutes: int = 0
    reveal_hours: int = 0
    payment_days: int = 10
    unrevealed: Unrevealed = Field(default=Unrevealed.VOID, sa_type=text_enum(Unrevealed))
    bidders: int = 0
    bids: int = 0
    extensions: int = 0
    highest_minor: int | None = minor(default=None, nullable=True)
    winner_id: UUID | None = None
    price_minor: int | None = minor(default=None, nullable=True)
    outcome: str | None = None
    evidence: str | None = None
    state: AuctionState = Field(default=AuctionState.SCHEDULED, sa_type=text_enum(AuctionState))

    @property
    def subject(self) -> str:
        """How lower layers and the event log name this auction."""
        return f"auction:{self.id}"

    @property
    def payment_time(self) -> timedelta:
        return timedelta(days=self.payment_days)


class AuctionBidder(Aggregate, table=True):
    """Who may bid once the deposit is there, under a number that tells nobody's name."""

    __tablename__: ClassVar[str] = "auction_bidder"
    __table_args__ = (
        UniqueConstraint("auction_id", "number", name="auction_bidder_number_unique"),
        UniqueConstraint("deal_id", name="auction_bidder_deal_unique"),
        Index(
            "auction_bidder_once",
            "auction_id",
            "organisation_id",
            unique=True,
            postgresql_where=text("state IN ('awaiting_deposit', 'admitted')"),
        ),
        Index("auction_bidder_organisation_index", "organisation_id", "id"),
        Index("auction_bidder_due_index", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        CheckConstraint("deposit_minor >= 0", name="deposit"),
    )
    lifecycle: ClassVar[Lifecycle[BidderState]] = AUCTION_BIDDER

    auction_id: UUID = Field(foreign_key="auction.id")
    organisation_id: UUID = Field(foreign_key="organisation.id")
    number: int
    deposit_minor: int = minor()
    currency: str
    awarded_at: datetime | None = moment(nullable=True)
    deal_id: UUID | None = Field(default=None, foreign_key="deal.id")
    state: BidderState = Field(default=BidderState.AWAITING_DEPOSIT, sa_type=text_enum(BidderState))

    @property
    def subject(self) -> str:
        """What the deposit is held for."""
        return f"auction_bidder:{self.id}"

    @property
    def price_subject(self) -> str:
        """What the rest of the price of collateral is held for; elsewhere a deal is paid."""
        return f"auction_price:{self.id}"


class AuctionBid(Record, table=True):
    """One bid, never changed: an amount, or the hash of one that is opened after the close."""

    __tablename__: ClassVar[str] = "auction_bid"
    __table_args__ = (
        UniqueConstraint("auction_id", "number", name="auction_bid_number_unique"),
        Index("auction_bid_bidder_index", "bidder_id", "number"),
        Index(
            "auction_bid_amount_unique",
            "auction_id",
            "amount_minor",
            unique=True,
            postgresql_where=text("amount_minor IS NOT NULL"),
        ),
        CheckConstraint("(amount_minor IS NULL) <> (commitment IS NULL)", name="open_or_sealed"),
        CheckConstraint("amount_minor > 0", name="amount_positive"),
    )

    auction_id: UUID = Field(foreign_key="auction.id")
    bidder_id: UUID = Field(foreign_key="auction_bidder.id")
    number: int
    amount_minor: int | None = minor(default=None, nullable=True)
    commitment: str | None = None


class AuctionReveal(Record, table=True):
    """A sealed bid, opened: what was hashed, so that everybody can hash it again."""

    __tablename__: ClassVar[str] = "auction_reveal"
    __table_args__ = (
        UniqueConstraint("bid_id", name="auction_reveal_bid_unique"),
        CheckConstraint("amount_minor > 0", name="amount_positive"),
    )

    bid_id: UUID = Field(foreign_key="auction_bid.id")
    amount_minor: int = minor()
    nonce: str
