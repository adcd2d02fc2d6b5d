from datetime import datetime
from uuid import UUID

from pydantic import Field

from marketplace.kernel.schemas import Amount, Input, Output, example
from marketplace.payments.funding.models import Provider
from marketplace.payments.funding.schemas import BankAccountOutput
from marketplace.payments.lifecycle import PaymentRequestState
from marketplace.payments.online.lifecycle import OnlinePaymentState


class PaymentOption(Output):
    """One way to pay, and why it is not possible."""

    provider: Provider
    possible: bool
    reasons: list[str] = Field(description="why not; empty when it is possible")
    note: str = Field(description="what to know before choosing it")
    hold_days: int | None = Field(description="how long money may be held this way at most")


class OnlinePaymentRead(Output):
    """A payment through a provider, as the platform last saw it there."""

    id: UUID
    provider: Provider
    state: OnlinePaymentState
    amount: Amount
    refunded: Amount = Field(description="returned to the card or account, or on its way there")
    provider_status: str | None = Field(
        description="the provider's own word, as `requires_action` or `processing`"
    )
    failure_code: str | None = Field(examples=["insufficient_funds"])
    failure_text: str | None = Field(examples=["Your card has insufficient funds."])
    hold_expires_at: datetime | None = Field(
        description="the deal is decided before this moment: the provider holds no money longer"
    )


class PaymentInstructions(Output):
    """How to pay: by bank with exactly this amount and reference, or one of the other options."""

    id: UUID = Field(description="of the payment request, to choose another way to pay")
    provider: Provider = Field(description="the way that was chosen")
    state: PaymentRequestState
    reference: str
    amount: Amount
    received: Amount
    pay_to: BankAccountOutput
    due_at: datetime | None
    options: list[PaymentOption]
    online: OnlinePaymentRead | None = Field(description="the newest payment through a provider")


class PaymentRequestRead(Output):
    id: UUID
    subject: str
    state: PaymentRequestState
    provider: Provider
    amount: Amount
    received: Amount
    options: list[PaymentOption]
    online: OnlinePaymentRead | None = Field(description="the newest payment through a provider")
    due_at: datetime | None


class ProviderChoose(Input):
    model_config = example(provider="stripe")

    provider: Provider


class ClientSecretRead(Output):
    """For the provider's own library in the payer's browser, such as Stripe.js."""

    client_secret: str
    publishable_key: str | None
    provider_status: str | None


class HeldPaymentRead(OnlinePaymentRead):
    subject: str
    payer_organisation_id: UUID
    transferred: Amount = Field(description="passed on to payees' accounts, or on its way there")
    captured_at: datetime | None
    created_at: datetime
