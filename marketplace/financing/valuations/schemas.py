from datetime import date
from typing import Annotated, Final
from uuid import UUID

from pydantic import Field

from marketplace.kernel.money import AMOUNT_MINOR_MAX
from marketplace.kernel.schemas import Amount, Day, Input, Output, example
from marketplace.valuation.institutions.schemas import Once
from marketplace.valuation.orders.schemas import PAYERS_MAX, VALUATIONS_MAX, FeeShare

LENDERS_MAX: Final = 5


class CollateralValuationOrder(Input):
    """Which institution it will be nobody says: one is drawn among those that are free."""

    model_config = example(
        fee_minor=5_000_000,
        deadline="2027-01-15",
        lender_organisation_ids=["01890a5d-0000-7000-8000-000000000009"],
    )

    fee_minor: int = Field(
        gt=0,
        le=AMOUNT_MINOR_MAX // (VALUATIONS_MAX + 1),
        strict=True,
        description="for each valuation, in the currency of the loan",
    )
    deadline: Day = Field(description="by when the report is due")
    base_date: Day | None = Field(default=None, description="left out: today")
    valuations: int = Field(default=1, ge=1, le=VALUATIONS_MAX, strict=True)
    payers: list[FeeShare] = Field(
        default=[], max_length=PAYERS_MAX, description="none: who orders pays all"
    )
    lender_organisation_ids: Annotated[list[UUID], Once] = Field(
        default=[],
        max_length=LENDERS_MAX,
        description="lenders that you mean to ask: no institution of their groups is drawn",
    )


class CollateralReportRead(Output):
    id: UUID
    institution_id: UUID
    grade: str | None
    content_sha256: str = Field(description="of the signed report that the borrower can show you")


class CollateralValueRead(Output):
    """What all rights of a request are worth together, as its newest valuation says."""

    order_id: UUID
    value: Amount = Field(description="of one report its value, of several the median")
    low: Amount
    high: Amount
    base_date: date
    valid_until: date = Field(description="the first day on which no offer can rest on it")
    reports: list[CollateralReportRead]
