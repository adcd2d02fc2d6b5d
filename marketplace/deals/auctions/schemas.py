from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from marketplace.deals.auctions.lifecycle import AuctionState, BidderState
from marketplace.deals.auctions.models import AuctionKind, Unrevealed
from marketplace.kernel.money import AMOUNT_MINOR_MAX
from marketplace.kernel.schemas import (
    Amount,
    Currency,
    Input,
    Moment,
    Output,
    Price,
    ShortText,
    example,
)
from marketplace.payments.online.schemas import PaymentInstructions

Minor = Annotated[int, Field(gt=0, le=AMOUNT_MINOR_MAX, strict=True)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Nonce = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9a-f]{32,128}$"),
    Field(description="at least sixteen random bytes in hexadecimal, known to you alone"),
]


class AuctionTerms(Input):
    model_config = example(
        kind="ascending",
        currency="KRW",
        starting_minor=80_000_000,
        reserve_minor=100_000_000,
        step_minor=1_000_000,
        deposit_minor=8_000_000,
        closes_at="2026-12-15T06:00:00Z",
        soft_close_minutes=10,
    )

    kind: AuctionKind
    currency: Currency
    starting_minor: Minor = Field(description="the lowest bid that counts; known to everybody")
    reserve_minor: Minor | None = Field(
        default=None, description="below it nothing is sold; known to you alone"
    )
    step_minor: Minor | None = Field(
        default=None, description="ascending: how much a bid exceeds the one before at least"
    )
    deposit_minor: int = Field(
        default=0,
        ge=0,
        le=AMOUNT_MINOR_MAX,
        strict=True,
        description="held from every bidder, and less than the starting price",
    )
    opens_at: Moment | None = Field(default=None, description="left out: now")
    closes_at: Moment
    soft_close_minutes: int = Field(
        default=0,
        ge=0,
        le=60,
        strict=True,
        description="ascending: after a bid there is so much time at least for another",
    )
    reveal_hours: int = Field(
        default=0, ge=0, le=168, strict=True, description="sealed: how long bids are opened"
    )
    payment_days: int = Field(
        default=10, ge=1, le=13, strict=True, description="how long the winner has to sign and pay"
    )
    unrevealed: Unrevealed = Field(
        default=Unrevealed.VOID, description="what a sealed bid costs that is not opened"
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.deposit_minor >= self.starting_minor:
            raise ValueError("the deposit is less than the starting price")
        if self.reserve_minor is not None and self.reserve_minor < self.starting_minor:
            raise ValueError("the reserve is the starting price at least")
        is_sealed = self.kind is AuctionKind.SEALED
        if (self.step_minor is None, self.reveal_hours > 0) != (is_sealed, is_sealed):
            raise ValueError("an ascending auction has a step, a sealed one hours to open bids in")
        if is_sealed and self.soft_close_minutes:
            raise ValueError("nobody sees the bids of a sealed auction; it has no soft close")
        return self


class AuctionRead(Output):
    id: UUID
    listing_id: UUID | None = Field(description="none of collateral")
    right_id: UUID
    kind: AuctionKind
    state: AuctionState
    currency: str
    starting_minor: int
    step_minor: int | None
    deposit_minor: int
    opens_at: datetime
    closes_at: datetime = Field(description="a late bid of an ascending auction moves it")
    reveals_until: datetime | None = Field(description="of a sealed auction")
    soft_close_minutes: int
    payment_days: int
    unrevealed: Unrevealed
    bids: int
    extensions: int = Field(description="how often a late bid moved the close")
    highest_minor: int | None = Field(description="of an ascending auction")
    least_minor: int | None = Field(description="the lowest bid that counts now, when it is open")
    price_minor: int | None = Field(description="what the winning bid comes to")
    winner: int | None = Field(description="the number of the bidder who won")
    outcome: str | None = Field(description="why nobody won", examples=["reserve_not_met"])


class OwnAuctionRead(AuctionRead):
    """As its seller reads it."""

    reserve_minor: int | None
    deal_id: UUID | None = Field(description="with the winner")


class BidPlace(Input):
    model_config = example(price={"amount_minor": 81_000_000, "currency": "KRW"})

    price: Price


class BidSeal(Input):
    model_config = example(
        sha256="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
    )

    sha256: Sha256 = Field(
        description="of `<auction id>:<bidder id>:<amount_minor>:<nonce>`, in lower case"
    )


class BidReveal(Input):
    model_config = example(
        price={"amount_minor": 120_000_000, "currency": "KRW"},
        nonce="5f2b8c1e9d7a4630b1c2d3e4f5061728",
    )

    price: Price
    nonce: Nonce


class BidRead(Output):
    number: int = Field(description="in the order in which bids came, which decides ties")
    bidder: int = Field(description="a number in this auction, and nobody's name")
    amount: Amount | None = Field(description="none of a sealed bid that was not opened")
    sha256: str | None = Field(description="of a sealed bid")
    nonce: str | None = Field(description="of a sealed bid that was opened, to hash it again")
    made_at: datetime


class RegistrationRead(Output):
    id: UUID = Field(description="the bidder id that a sealed bid is hashed with")
    auction_id: UUID
    number: int
    state: BidderState
    deposit: Amount
    deal_id: UUID | None = Field(description="what you won, to sign and pay")
    deposit_payment: PaymentInstructions | None
    price_payment: PaymentInstructions | None = Field(
        description="what is left to pay for collateral that you won"
    )


class AuctionRecord(Input):
    model_config = example(evidence="register extract 2026-0117")

    evidence: ShortText = Field(description="where the register tells that the right has passed")
