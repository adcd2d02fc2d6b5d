from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from marketplace.assets.models import RightKind
from marketplace.financing.schemes.schemas import Minor, Rate, Share
from marketplace.kernel.schemas import Currency, Day, Input, Output, ShortText, example

Months = Annotated[int, Field(ge=1, le=360, strict=True)]
Grade = Literal["AAA", "AA", "A", "BBB", "BB", "B", "CCC", "CC", "C"]
Place = Annotated[
    str, Field(pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$", description="ISO 3166-1 or 3166-2")
]


class ProductPublish(Input):
    model_config = example(
        name="IP loan 60",
        currency="KRW",
        amount_min_minor=50_000_000,
        amount_max_minor=1_000_000_000,
        ltv_max_basis_points=6_000,
        term_months_max=60,
        rate_min_basis_points=450,
        rate_max_basis_points=700,
        regions=["KR"],
        right_kinds=["patent"],
        valid_from="2026-01-01",
    )

    name: ShortText
    currency: Currency
    amount_min_minor: Minor
    amount_max_minor: Minor
    ltv_max_basis_points: Share
    term_months_max: Months
    rate_min_basis_points: Rate
    rate_max_basis_points: Rate
    regions: list[Place] = Field(
        default_factory=list, max_length=100, description="of the borrower; none is anywhere"
    )
    right_kinds: list[RightKind] = Field(
        default_factory=list, max_length=10, description="none is any kind"
    )
    guarantee_required: bool = False
    grade_min: Grade | None = None
    valid_from: Day
    valid_until: Day | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.amount_min_minor > self.amount_max_minor:
            raise ValueError("the least amount is more than the most")
        if self.rate_min_basis_points > self.rate_max_basis_points:
            raise ValueError("the lowest rate is higher than the highest")
        if self.valid_until is not None and self.valid_until <= self.valid_from:
            raise ValueError("it ends before it begins")
        return self


class ProductRead(Output):
    id: UUID
    lender_organisation_id: UUID
    name: str
    currency: str
    amount_min_minor: int
    amount_max_minor: int
    ltv_max_basis_points: int
    term_months_max: int
    rate_min_basis_points: int
    rate_max_basis_points: int
    regions: list[str]
    right_kinds: list[str]
    guarantee_required: bool
    grade_min: str | None
    valid_from: Day
    valid_until: Day | None
    withdrawn_at: datetime | None


class ProductMatch(Output):
    product: ProductRead
    fits: bool
    reasons: list[str] = Field(
        description="why it does not fit: `amount_too_large`, `term_too_long`, `loan_to_value` …"
    )
