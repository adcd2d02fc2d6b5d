from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from marketplace.deals.royalties.accounts import ChargeKind
from marketplace.deals.royalties.lifecycle import PaymentState, ReportState
from marketplace.deals.royalties.models import FilingCause
from marketplace.kernel.money import BASIS_POINTS
from marketplace.kernel.schemas import (
    Amount,
    CountryCode,
    Currency,
    Day,
    Input,
    LongText,
    Output,
    ShortText,
    example,
)
from marketplace.listings.licensing.terms import Minor
from marketplace.payments.online.schemas import PaymentInstructions

LINES_MAX = 500
_EXAMPLE_RIGHT = "019b7a10-5f5e-7c3d-8a47-1f0e9d3c2b1a"


class LineInput(Input):
    """Figures of one right in one territory; up to the day on which the last right there ceased."""

    right_id: UUID
    territory: CountryCode
    quantity: Minor = Field(default=0, description="pieces or minutes, where these are the base")
    gross_minor: Minor = 0
    returns_minor: Minor = 0
    freight_minor: Minor = 0
    taxes_minor: Minor = 0


class FiguresInput(Input):
    lines: list[LineInput] = Field(
        max_length=LINES_MAX, description="none: nothing was made or sold in the period"
    )
    third_party_basis_points: Annotated[int, Field(ge=0, le=BASIS_POINTS, strict=True)] = Field(
        default=0, description="the rates that others are paid for the same products, together"
    )


class FiguresFile(FiguresInput):
    model_config = example(
        lines=[
            {
                "right_id": _EXAMPLE_RIGHT,
                "territory": "KR",
                "gross_minor": 3_700_000_000,
                "returns_minor": 100_000_000,
            }
        ],
        reason="returns of the last quarter were missing",
    )

    reason: LongText | None = Field(default=None, description="of a correction")


class ReportDispute(Input):
    model_config = example(reason="the shop's own figures show twice as many pieces")

    reason: LongText


class ReportRead(Output):
    id: UUID
    licence_id: UUID
    state: ReportState
    version: int
    number: int
    starts_on: date
    ends_on: date = Field(description="the first day after the period")
    due_on: date = Field(description="the last day for the figures and the payment")
    filing_version: int
    earned: Amount
    shortfall: Amount = Field(description="up to the minimum of the year that ends here")
    credited: Amount = Field(description="of an advance")
    due: Amount = Field(description="what the present figures make of this period")
    dispute_reason: str | None
    your_moves: list[str]


class LineRead(Output):
    right_id: UUID
    territory: str
    quantity: int
    gross_minor: int
    returns_minor: int
    freight_minor: int
    taxes_minor: int
    base: int


class LineDue(LineRead):
    due_minor: int = Field(description="its share of what the period comes to")


class FilingRead(Output):
    id: UUID
    version: int
    corrects_id: UUID | None
    cause: FilingCause
    base: int = Field(description="what the rates are of: minor units, or pieces")
    third_party_basis_points: int
    reason: str | None
    filed_by: UUID
    created_at: datetime


class Accrual(Output):
    territory: str
    until: date | None = Field(description="the day on which the last licensed right ceased there")


class ReportDetail(ReportRead):
    lines: list[LineDue] = Field(description="of the figures that count")
    filings: list[FilingRead] = Field(description="every version, oldest first")
    accruals: list[Accrual]


class ChargeRead(Output):
    number: int
    kind: ChargeKind
    report_id: UUID | None
    filing_id: UUID | None
    audit_id: UUID | None
    amount: Amount
    balance: Amount = Field(description="of all charges so far")
    due_on: date
    created_at: datetime


class RoyaltyPaymentRead(Output):
    id: UUID
    licence_id: UUID
    state: PaymentState
    version: int
    amount: Amount = Field(description="without VAT")
    vat: Amount
    due_on: date
    paid_on: date | None
    commission: Amount
    withheld: Amount
    payment: PaymentInstructions | None = Field(description="how to pay it, while it is asked for")
    your_moves: list[str]


class StatementRead(Output):
    """The running account of a licence: charges less payments is what is open."""

    licence_id: UUID
    currency: str
    charged: Amount
    paid: Amount
    waived: Amount
    asked: Amount = Field(description="asked for and not paid")
    credit: Amount = Field(description="more was paid than the figures come to; it is set off")
    charges: list[ChargeRead]
    payments: list[RoyaltyPaymentRead]


class LateInterestSet(Input):
    model_config = example(
        currency="KRW", rate_basis_points=600, source="Commercial Act 54: six per cent a year"
    )

    currency: Currency
    rate_basis_points: Annotated[int, Field(ge=0, le=BASIS_POINTS, strict=True)] = Field(
        description="a year, simple, by actual days over 365"
    )
    valid_from: Day | None = Field(default=None, description="today, if left out")
    source: ShortText


class LateInterestRead(Output):
    id: UUID
    currency: str
    rate_basis_points: int
    day_count: str = Field(default="ACT/365", description="simple interest")
    valid_from: date
    valid_until: date | None
    source: str
