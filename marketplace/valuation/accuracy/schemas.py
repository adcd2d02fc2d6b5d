from uuid import UUID

from pydantic import Field

from marketplace.kernel.schemas import Output
from marketplace.valuation.accuracy.rules import N_MIN


class AccuracyRead(Output):
    """One institution's values against prices; of fewer than eight cases, only their number."""

    institution: UUID
    cases: int = Field(description=f"values that a price came of; figures from {N_MIN} on")
    bias: float | None = Field(description="mean of ln(value / price): 0.1 is about 10 % too high")
    shrunk_bias: float | None = Field(
        description="what of it is beyond the median of the others' means, shrunk by ten cases"
    )
    median_absolute_error: float | None = Field(description="of |ln(value / price)|")
    coverage: float | None = Field(description="the part of prices inside the reported range")
    flags: list[str] = Field(examples=[["biased_high"]])
