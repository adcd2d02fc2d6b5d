from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import AwareDatetime, Field, model_validator

from marketplace.financing.loans.day_counts import DayCount
from marketplace.financing.loans.schedules import ScheduleKind
from marketplace.financing.offers.lifecycle import OfferState
from marketplace.financing.products.schemas import Months
from marketplace.financing.schemes.schemas import Minor, Rate, Share
from marketplace.kernel.money import AMOUNT_MINOR_MAX
from marketplace.kernel.schemas import Amount, Day, Input, Output, ShortText, example

Days = Annotated[int, Field(ge=0, le=365, strict=True)]


class Floating(Input):
    """A base rate and a spread, set anew every few months; known days, stored rates."""

    base_rate_name: ShortText = Field(description="see GET /v1/reference-rates")
    spread_basis_points: Rate
    reset_months: Months = 3


class LoanOfferMake(Input):
    model_config = example(
        amount_minor=300_000_000,
        ltv_max_basis_points=6_000,
        rate_basis_points=540,
        schedule="annuity",
        term_months=12,
        late_margin_basis_points=300,
        prepayment_fee_basis_points=120,
    )

    amount_minor: Minor = Field(description="in the currency of the request")
    secured_minor: Minor | None = Field(
        default=None,
        description="the most that the pledge secures, with interest, late interest and costs; "
        "120 % of the amount, if left out",
    )
    ltv_max_basis_points: Share = Field(
        description="the most of the collateral's value, now and while the loan runs"
    )
    rate_basis_points: Rate | None = Field(default=None, description="fixed; or `floating`")
    floating: Floating | None = None
    schedule: ScheduleKind
    custom_minor: list[Annotated[int, Field(ge=0, le=AMOUNT_MINOR_MAX, strict=True)]] = Field(
        default_factory=list, max_length=360, description="of a custom schedule, each principal"
    )
    day_count: DayCount = DayCount.MONTHS
    term_months: Months
    months_each: Months = Field(default=1, description="of a period")
    fee_minor: Annotated[int, Field(ge=0, le=AMOUNT_MINOR_MAX, strict=True)] = Field(
        default=0, description="kept back when the loan is paid out"
    )
    prepayment_fee_basis_points: Rate = 0
    late_margin_basis_points: Rate = 0
    cure_days: Days = Field(default=30, description="to mend a breach of a covenant")
    default_after_days: Days = Field(default=90, description="of delay, before it may be called")
    guarantee_required: bool = False
    covenants: list[ShortText] = Field(default_factory=list, max_length=20)
    scheme: ShortText | None = Field(
        default=None, description="by which losses are shared; the lender's alone, if left out"
    )
    product_id: UUID | None = Field(default=None, description="a product of yours that it is under")
    valid_until: AwareDatetime | None = Field(default=None, description="30 days, if left out")

    @model_validator(mode="after")
    def _one_rate(self) -> Self:
        if (self.rate_basis_points is None) == (self.floating is None):
            raise ValueError("give rate_basis_points or floating, one of them")
        if self.fee_minor >= self.amount_minor or self.months_each > self.term_months:
            raise ValueError("the fee is less than the amount, and a period fits the term")
        return self


class InstalmentPlan(Output):
    number: int
    starts_on: Day
    due_on: Day
    principal_minor: int
    interest_minor: int
    balance_minor: int


class LoanOfferRead(Output):
    id: UUID
    request_id: UUID
    lender_organisation_id: UUID
    product_id: UUID | None
    scheme_id: UUID | None
    valuation_order_id: UUID | None = Field(description="the valuation that it rests on")
    amount: Amount
    secured_minor: int
    eligible_minor: int = Field(description="the value of the collateral that counts")
    prior_claims_minor: int = Field(description="what pledges of an earlier rank secure")
    ltv_max_basis_points: int
    rate_basis_points: int = Field(description="of a floating rate, as it is now")
    base_rate_name: str | None
    spread_basis_points: int | None
    reset_months: int | None
    day_count: DayCount
    schedule: ScheduleKind
    term_months: int
    months_each: int
    fee_minor: int
    prepayment_fee_basis_points: int
    late_margin_basis_points: int
    cure_days: int
    default_after_days: int
    guarantee_required: bool
    covenants: list[str]
    effective_cost_basis_points: int = Field(
        description="what it really costs a year, fees included: compare offers by this"
    )
    valid_until: datetime
    state: OfferState
    version: int
    your_moves: list[str]


class LoanOfferDetail(LoanOfferRead):
    instalments: list[InstalmentPlan] = Field(description="if it were paid out today")
