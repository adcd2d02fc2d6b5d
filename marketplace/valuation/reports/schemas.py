from datetime import date, datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import Field

from marketplace.kernel.money import AMOUNT_MINOR_MAX
from marketplace.kernel.schemas import Amount, Input, LongText, Output, ShortText, example
from marketplace.valuation.calculations.examples import EXAMPLES
from marketplace.valuation.calculations.schemas import CalculationRequest
from marketplace.valuation.purposes import Purpose
from marketplace.valuation.registry.contents import Method

CALCULATIONS_MAX: Final = 10
LINES_MAX: Final = 50
PEOPLE_MAX: Final = 20
VALID_MONTHS: Final = 12
Minor = Annotated[int, Field(ge=0, le=AMOUNT_MINOR_MAX, strict=True)]
Lines = Annotated[list[LongText], Field(max_length=LINES_MAX)]

_CALCULATION: Final = EXAMPLES[Method.RELIEF_FROM_ROYALTY]["value"]
_EXAMPLE: Final = {
    "calculations": [
        {name: value for name, value in _CALCULATION.items() if name != "base_date"}
        | {"purpose": "transaction"}
    ],
    "rejected": [{"method": "comparables", "reason": "no licence of the field was published"}],
    "point_minor": 156_000,
    "low_minor": 120_000,
    "high_minor": 190_000,
    "reconciliation": "The income approach alone: the range is that of the royalty rate.",
    "basis_of_value": "market value, as a licence between independent parties",
    "standard": "IVS 210",
    "assumptions": ["The annuities are paid until the end of the term."],
    "information_sources": ["register extract of 2026-11-01"],
    "limiting_conditions": ["Not to be used for another purpose."],
    "appraisers": [{"name": "김평가", "qualification": "patent attorney, 12 years"}],
    "subcontractors": [],
    "independent": True,
}


class RejectedMethod(Input):
    method: Method
    reason: LongText


class Appraiser(Input):
    name: ShortText
    qualification: ShortText


class Subcontractor(Input):
    name: ShortText
    task: ShortText


class ReportWrite(Input):
    """What a valuer concludes, and all of what it follows from."""

    model_config = example(**_EXAMPLE)

    calculations: list[CalculationRequest] = Field(
        min_length=1,
        max_length=CALCULATIONS_MAX,
        description="computed now, for the order's purpose and base date; at least one of money",
    )
    rejected: list[RejectedMethod] = Field(default=[], max_length=LINES_MAX)
    point_minor: Minor = Field(description="in the order's currency")
    low_minor: Minor = Field(description="at least half of the lowest that was calculated")
    high_minor: Minor = Field(description="at most twice the highest that was calculated")
    reconciliation: LongText = Field(description="how the value follows from the calculations")
    basis_of_value: ShortText
    standard: ShortText
    assumptions: Lines
    information_sources: Lines
    limiting_conditions: Lines = Field(default=[])
    rating_id: UUID | None = Field(
        default=None, description="of GET /v1/valuation/ratings: its grade and score are cited"
    )
    appraisers: list[Appraiser] = Field(min_length=1, max_length=PEOPLE_MAX)
    subcontractors: list[Subcontractor] = Field(max_length=PEOPLE_MAX, description="[] for none")
    independent: Literal[True] = Field(
        description="no interest in the outcome, and a fee that does not depend on it"
    )
    valid_months: int = Field(default=VALID_MONTHS, ge=1, le=36, strict=True)


class ReportCorrect(ReportWrite):
    model_config = example(**_EXAMPLE, correction="The revenue of 2028 was mistyped.")

    correction: LongText = Field(description="what is corrected, and why")


class ReportRead(Output):
    id: UUID
    created_at: datetime
    order_id: UUID
    assignment_id: UUID
    institution_id: UUID
    version: int
    previous_id: UUID | None
    purpose: Purpose
    base_date: date
    report_date: date
    valid_until: date
    value: Amount
    low: Amount
    high: Amount
    grade: str | None
    content_sha256: str = Field(description="of the signed content, byte for byte")
    jws: str = Field(description="signed content; keys: GET /v1/certificate-keys")
    content: dict[str, Any]
