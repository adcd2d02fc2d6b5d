from datetime import datetime
from uuid import UUID

from pydantic import Field

from marketplace.kernel.money import BASIS_POINTS
from marketplace.kernel.schemas import CountryCode, Input, Moment, Output, ShortText, example


class FeePolicyCreate(Input):
    model_config = example(
        commission_basis_points=500,
        vat_country="KR",
        valid_from="2027-01-01T00:00:00+09:00",
        reason="board decision of 2026-11-20",
    )

    commission_basis_points: int = Field(
        ge=0, le=BASIS_POINTS, strict=True, examples=[500], description="500 is 5 %"
    )
    vat_country: CountryCode | None = Field(
        default=None, description="whose VAT is added to the commission; left out: none is"
    )
    valid_from: Moment | None = Field(default=None, description="left out: from now")
    reason: ShortText


class FeePolicyRead(Output):
    id: UUID
    commission_basis_points: int
    vat_country: str | None
    valid_from: datetime
    valid_until: datetime | None
    reason: str
