from datetime import datetime
from enum import StrEnum
from typing import Self
from uuid import UUID

from pydantic import Field, model_validator

from marketplace.kernel.money import AMOUNT_MINOR_MAX
from marketplace.kernel.schemas import Amount, Input, Moment, Output, Price, example


class ConsentAct(StrEnum):
    """What an owner does that may take a consent."""

    SELL = "sell"
    SURRENDER = "surrender"
    PLEDGE = "pledge"
    REGISTERED_EXCLUSIVE = "registered_exclusive"
    EXCLUSIVE = "exclusive"
    SOLE = "sole"
    NON_EXCLUSIVE = "non_exclusive"
    OPEN_LICENCE = "open_licence"
    OPTION = "option"
    TRUST = "trust"


class HolderConsentGive(Input):
    model_config = example(
        act="sell",
        deal_id="01890a5d-0000-7000-8000-000000000003",
        price_at_least={"amount_minor": 100_000_000, "currency": "KRW"},
        claim_minor=40_000_000,
        expires_at="2099-01-01T00:00:00+09:00",
    )

    act: ConsentAct
    deal_id: UUID | None = Field(
        default=None, description="the one deal consented to; a sale needs it"
    )
    price_at_least: Price | None = Field(default=None, description="of a sale")
    claim_minor: int | None = Field(
        default=None,
        ge=0,
        le=AMOUNT_MINOR_MAX,
        strict=True,
        description="what the price has to pay you first; all that is secured, if left out",
    )
    expires_at: Moment

    @model_validator(mode="after")
    def _fits(self) -> Self:
        is_sale = self.act is ConsentAct.SELL
        if is_sale and (self.deal_id is None or self.price_at_least is None):
            raise ValueError("consent to a sale names the deal and its least price")
        if not is_sale and (self.price_at_least or self.claim_minor is not None):
            raise ValueError("only a sale has a price")
        return self


class HolderConsentRead(Output):
    id: UUID
    encumbrance_id: UUID
    act: str
    subject: str
    price_at_least: Amount | None
    claim: Amount | None
    paid: Amount | None
    expires_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None
    created_at: datetime
