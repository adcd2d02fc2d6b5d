from datetime import datetime
from uuid import UUID

from pydantic import Field

from marketplace.kernel.schemas import Amount, Currency, Input, Output, ShortText, example
from marketplace.payments.lifecycle import PayoutState
from marketplace.payments.payouts.models import PayoutMethod


class PayeeAccountRead(Output):
    masked: str = Field(examples=["****6789"])


class BatchCreate(Input):
    model_config = example(currency="KRW")

    currency: Currency


class PayoutRead(Output):
    id: UUID
    organisation_id: UUID | None
    amount_minor: int
    currency: str
    method: PayoutMethod
    masked: str
    state: PayoutState
    return_code: str | None
    return_text: str | None
    created_at: datetime


class BatchRead(Output):
    id: UUID
    currency: str
    message_id: str
    sent_at: datetime | None
    payouts: list[PayoutRead]


class ReturnReason(Input):
    model_config = example(reason="account closed")

    reason: ShortText = Field(description="what the bank said")


class Balances(Output):
    """What the platform owes your organisation; negative when it owes the platform."""

    payable: list[Amount]
