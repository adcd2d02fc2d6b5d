from datetime import datetime
from uuid import UUID

from pydantic import AwareDatetime, Field

from marketplace.kernel.money import BASIS_POINTS
from marketplace.kernel.schemas import Input, Output, ShortText


class FeePolicyCreate(Input):
    commission_basis_points: int = Field(
        ge=0, le=BASIS_POINTS, strict=True, examples=[500], description="500 is 5 %"
    )
    valid_from: AwareDatetime | None = Field(default=None, description="left out: from now")
    reason: ShortText


class FeePolicyRead(Output):
    id: UUID
    commission_basis_points: int
    valid_from: datetime
    valid_until: datetime | None
    reason: str
