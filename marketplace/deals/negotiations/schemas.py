from datetime import datetime
from uuid import UUID

from pydantic import AwareDatetime, ConfigDict, Field

from marketplace.deals.negotiations.lifecycle import NegotiationState
from marketplace.kernel.money import AMOUNT_MINOR_MAX
from marketplace.kernel.schemas import Amount, Currency, Input, LongText, Output, example


class OfferedPrice(Input):
    """What is paid at once; nothing, where a licence has a running royalty."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"amount_minor": 90_000_000, "currency": "KRW"}]},
    )

    amount_minor: int = Field(ge=0, le=AMOUNT_MINOR_MAX, strict=True)
    currency: Currency


class OfferMake(Input):
    model_config = example(
        price={"amount_minor": 90_000_000, "currency": "KRW"}, message="for our plant in Busan"
    )

    price: OfferedPrice
    message: LongText | None = None
    valid_until: AwareDatetime | None = Field(
        default=None, description="left out: fourteen days from now"
    )


class OfferAccept(Input):
    model_config = example(offer_number=1)

    offer_number: int = Field(
        ge=1, le=100, strict=True, description="the offer that you read and accept"
    )


class OfferRead(Output):
    number: int
    by: str
    price: Amount
    message: str | None
    valid_until: datetime
    made_at: datetime
    broker_organisation_id: UUID | None = Field(description="the broker that made it for its side")


class NegotiationRead(Output):
    id: UUID
    listing_id: UUID
    buyer_organisation_id: UUID
    seller_organisation_id: UUID
    state: NegotiationState
    rounds: int
    version: int
    created_at: datetime


class NegotiationDetail(NegotiationRead):
    offers: list[OfferRead] = Field(description="the whole history, oldest first")
    deal_id: UUID | None = None
