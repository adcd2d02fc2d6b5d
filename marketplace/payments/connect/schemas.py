from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from marketplace.kernel.schemas import Currency, Input, Output, example
from marketplace.payments.payouts.models import PayoutMethod


class ConnectedAccountRead(Output):
    """Your organisation's account with Stripe, as Stripe describes it."""

    id: UUID
    country: str
    masked: str = Field(examples=["Stripe ****6789"])
    can_be_paid: bool = Field(description="transfers reach the account")
    can_pay_out: bool = Field(description="Stripe pays out from the account to its bank")
    requirements: list[str] = Field(
        description="what Stripe still wants, in words", examples=[["give your date of birth"]]
    )
    disabled_reason: str | None = Field(description="why it cannot be paid, in words")
    failure: str | None = Field(description="why it could not be opened")
    onboarding_url: str | None = Field(
        description="open it in a browser; it works once, for some minutes. Ask for another one"
        " with POST /v1/connected-account/link. Null until it is there"
    )
    onboarding_expires_at: datetime | None


class PayoutMethodWrite(Input):
    model_config = example(method="stripe")

    method: Literal[PayoutMethod.BANK, PayoutMethod.STRIPE]


class PayoutMethodRead(Output):
    method: PayoutMethod


class StripePayoutsCreate(Input):
    model_config = example(currency="USD")

    currency: Currency
