from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Self
from uuid import UUID

from pydantic import Field, model_validator

from marketplace.kernel.schemas import (
    Amount,
    CountryCode,
    Day,
    Input,
    Output,
    ShortText,
    example,
)
from marketplace.payments.taxes.models import TaxKind


class OwedTax(StrEnum):
    """The taxes that the platform owes to states."""

    VAT = "vat"
    WITHHOLDING = "withholding"


class Remit(Input):
    model_config = example(
        tax="withholding",
        jurisdiction="KR",
        period_from="2026-10-01",
        period_until="2026-11-01",
        reference="0126-2611-1-12345678",
    )

    tax: OwedTax
    jurisdiction: CountryCode = Field(description="the state that it was paid to")
    period_from: Day = Field(description="of the return that it was paid for")
    period_until: Day = Field(description="the day after the last")
    reference: ShortText = Field(description="the tax office's number of the payment")

    @model_validator(mode="after")
    def _period(self) -> Self:
        if self.period_until <= self.period_from:
            raise ValueError("`period_until` is the day after the last")
        return self


class RemittanceRead(Output):
    id: UUID
    tax: TaxKind
    jurisdiction: str
    amount_minor: int
    currency: str
    period_from: date
    period_until: date
    reference: str
    paid_on: date
    bank_entry_id: UUID
    created_at: datetime


class TaxLine(Output):
    """One tax of one state in one currency: opening + accrued - taken back - remitted = closing."""

    tax: OwedTax
    jurisdiction: str
    currency: str
    opening_minor: int
    accrued_minor: int
    taken_back_minor: int = Field(description="with refunds of what it was taken from")
    remitted_minor: int
    closing_minor: int = Field(description="what is owed; negative when the state owes it back")


class TaxStatementRead(Output):
    first: date
    until: date = Field(description="the day after the last")
    time_zone: str
    lines: list[TaxLine]


class CertificateLine(Output):
    withholding_id: UUID
    paid_on: date
    subject: str
    law: str = Field(description="where the rate comes from")
    gross: Amount
    tax: Amount
    surtax: Amount
    returned: Amount = Field(description="with refunds of the payment, so far")


class WithholdingAgent(Output):
    name: str
    address: str | None
    country: str
    registration_number: str | None


class CertificateRead(Output):
    """What was kept back from payments to a payee, for their own return."""

    agent: WithholdingAgent
    organisation_id: UUID
    payee: str
    residence: str | None
    jurisdiction: str
    first: date
    until: date = Field(description="the day after the last")
    as_of: datetime
    gross: Amount
    tax: Amount
    surtax: Amount
    returned: Amount
    withheld: Amount = Field(description="tax and surtax less what was returned")
    lines: list[CertificateLine]

    @property
    def last(self) -> date:
        return self.until - timedelta(days=1)
