from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, Field

from marketplace.kernel.money import BASIS_POINTS
from marketplace.kernel.schemas import CountryCode, Input, Output, ShortText, example


def _in_utc(moment: datetime) -> datetime:
    """The same moment in UTC, which at the ends of the calendar does not exist."""
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("this moment has no date in UTC") from error


InUtc = AfterValidator(_in_utc)


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
    valid_from: Annotated[AwareDatetime, InUtc] | None = Field(
        default=None, description="left out: from now"
    )
    reason: ShortText


class FeePolicyRead(Output):
    id: UUID
    commission_basis_points: int
    vat_country: str | None
    valid_from: datetime
    valid_until: datetime | None
    reason: str
