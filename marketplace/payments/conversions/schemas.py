from datetime import date, datetime
from uuid import UUID

from pydantic import Field

from marketplace.kernel.schemas import Amount, Currency, Input, Output, Price, example
from marketplace.payments.conversions.lifecycle import ConversionState
from marketplace.payments.currencies.schemas import ExactRate


class ConversionQuote(Input):
    model_config = example(amount={"amount_minor": 100_000_00, "currency": "USD"}, into="KRW")

    amount: Price = Field(description="of what you are owed")
    into: Currency


class EntryExchange(Input):
    model_config = example(counterpart="USD")

    counterpart: Currency = Field(description="the currency that was bought or sold for it")


class RateRead(Output):
    """The frozen rate: `to_per_euro` / `from_per_euro`, exact; the amount is rounded half up."""

    from_per_euro: ExactRate
    to_per_euro: ExactRate
    source: str
    day: date


class ConversionRead(Output):
    id: UUID
    organisation_id: UUID
    state: ConversionState
    given: Amount
    got: Amount
    rate: RateRead
    expires_at: datetime | None
    version: int
    created_at: datetime
