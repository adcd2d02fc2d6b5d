from typing import Annotated
from uuid import UUID

from pydantic import Field

from marketplace.financing.schemes.models import PartyRole
from marketplace.kernel.money import AMOUNT_MINOR_MAX, BASIS_POINTS
from marketplace.kernel.schemas import (
    Amount,
    Currency,
    Day,
    Input,
    Output,
    Price,
    ShortText,
    example,
)
from marketplace.payments.online.schemas import PaymentInstructions

Rate = Annotated[int, Field(ge=0, le=BASIS_POINTS, strict=True, description="basis points a year")]
Share = Annotated[int, Field(gt=0, le=BASIS_POINTS, strict=True, description="basis points")]
Minor = Annotated[int, Field(gt=0, le=AMOUNT_MINOR_MAX, strict=True)]


class ReferenceRateSet(Input):
    model_config = example(
        name="COFIX", valid_from="2026-01-15", rate_basis_points=350, source="KFB notice 2026-01"
    )

    name: ShortText
    valid_from: Day
    rate_basis_points: Rate
    source: ShortText


class ReferenceRateRead(ReferenceRateSet, Output):
    id: UUID


class ShareInput(Input):
    role: PartyRole
    basis_points: Share


class SchemeSet(Input):
    model_config = example(
        name="Zhongshan",
        valid_from="2026-01-01",
        source="Zhongshan measures",
        shares=[
            {"role": "fund", "basis_points": 5_400},
            {"role": "lender", "basis_points": 2_600},
            {"role": "insurer", "basis_points": 1_600},
            {"role": "appraiser", "basis_points": 400},
        ],
    )

    name: ShortText
    valid_from: Day
    valid_until: Day | None = None
    source: ShortText
    shares: list[ShareInput] = Field(
        min_length=1, max_length=7, description="in the order in which ties are broken"
    )


class ShareRead(Output):
    role: PartyRole
    basis_points: int


class SchemeRead(Output):
    id: UUID
    name: str
    valid_from: Day
    valid_until: Day | None
    source: str
    shares: list[ShareRead]


class FundOpen(Input):
    model_config = example(
        organisation_id="01890a5d-0000-7000-8000-000000000009",
        name="City compensation fund",
        currency="KRW",
        loan_max_minor=100_000_000,
    )

    organisation_id: UUID = Field(description="whose fund it is")
    name: ShortText
    currency: Currency
    loan_max_minor: Minor | None = Field(default=None, description="the most of one loan")
    lender_year_max_minor: Minor | None = Field(
        default=None, description="the most for one lender in a calendar year"
    )
    default_rate_max_basis_points: Rate | None = Field(
        default=None, description="above this share of defaulted loans of a lender it pays nothing"
    )


class FundRead(Output):
    id: UUID
    organisation_id: UUID
    name: str
    currency: str
    loan_max_minor: int | None
    lender_year_max_minor: int | None
    default_rate_max_basis_points: int | None
    balance: Amount


class TopUpAsk(Input):
    model_config = example(amount={"amount_minor": 500_000_000, "currency": "KRW"})

    amount: Price


class TopUpRead(Output):
    id: UUID
    fund_id: UUID
    payment: PaymentInstructions
