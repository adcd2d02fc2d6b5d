from datetime import datetime
from uuid import UUID

from pydantic import Field

from marketplace.financing.products.schemas import Months
from marketplace.financing.requests.lifecycle import RequestState
from marketplace.financing.requests.rules import Block
from marketplace.kernel.schemas import (
    Amount,
    Input,
    LongText,
    Output,
    Price,
    RegionCode,
    example,
)


class FinancingRequestFile(Input):
    model_config = example(
        amount={"amount_minor": 300_000_000, "currency": "KRW"},
        term_months=12,
        purpose="working capital for a new line",
        region="KR-26",
        right_ids=["01890a5d-0000-7000-8000-000000000007"],
    )

    amount: Price
    term_months: Months
    purpose: LongText
    region: RegionCode | None = None
    guarantee_offered: bool = False
    right_ids: list[UUID] = Field(
        default_factory=list, max_length=50, description="your own rights that secure it"
    )
    pledgor_organisation_ids: list[UUID] = Field(
        default_factory=list,
        max_length=10,
        description="others who may add rights of theirs, which they do themselves",
    )


class CollateralAdd(Input):
    model_config = example(right_id="01890a5d-0000-7000-8000-000000000007")

    right_id: UUID = Field(description="a right of your organisation's")


class CollateralRead(Output):
    right_id: UUID
    pledgor_organisation_id: UUID


class FinancingRequestRead(Output):
    id: UUID
    borrower_organisation_id: UUID
    amount: Amount
    term_months: int
    purpose: str
    region: str | None
    guarantee_offered: bool
    collateral: list[CollateralRead]
    state: RequestState
    version: int
    your_moves: list[str]
    due_at: datetime | None
    created_at: datetime


class PledgeTermsRead(Output):
    sha256: str = Field(description="what a co-owner's consent names")
    text: str


class RightScreening(Output):
    right_id: UUID
    clear: bool
    reasons: list[Block]
    owners_missing: list[UUID] = Field(description="co-owners who have yet to consent")


class ScreeningRead(Output):
    clear: bool = Field(description="whether the request can go to lenders")
    rights: list[RightScreening]
