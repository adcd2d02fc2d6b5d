from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, model_validator

from marketplace.kernel.money import AMOUNT_MINOR_MAX
from marketplace.kernel.schemas import Day, Input, LongText, Output, example
from marketplace.valuation.surveys.lifecycle import ReviewState
from marketplace.valuation.surveys.rules import SCORE_MAX


class CheckItem(StrEnum):
    """What a reviewer scores, from 0 (missing or wrong) to 4 (nothing to improve)."""

    SUBJECT = "subject_identified"
    BASIS = "basis_and_premise"
    METHODS = "methods_chosen"
    INPUTS = "inputs_supported"
    COMPUTATION = "computation_right"
    RANGE = "range_reasoned"
    DISCLOSURE = "assumptions_disclosed"


Score = Annotated[int, Field(ge=0, le=SCORE_MAX, strict=True)]


class SurveyDraw(Input):
    model_config = example(period_from="2026-01-01", period_until="2026-07-01", margin=0.03)

    period_from: Day
    period_until: Day = Field(description="the first day that is not looked at")
    proportion: float = Field(default=0.1, gt=0, lt=1, description="p, expected to be wrong")
    margin: float = Field(default=0.03, gt=0.001, lt=1, description="e, half the interval's width")
    z: float = Field(default=1.96, gt=0.5, lt=5, description="1.96 for a confidence of 95 %")


class ReviewSubmit(Input):
    model_config = example(
        checklist={item.value: 3 for item in CheckItem},
        second_value_minor=150_000_000,
        remarks="The royalty rate rests on one comparable.",
    )

    checklist: dict[CheckItem, Score] = Field(description="each item once")
    second_value_minor: int = Field(
        ge=0, le=AMOUNT_MINOR_MAX, strict=True, description="your own value, in its currency"
    )
    remarks: LongText

    @model_validator(mode="after")
    def _whole(self) -> "ReviewSubmit":
        if set(self.checklist) != set(CheckItem):
            raise ValueError("score each item of the checklist")
        return self


class SurveyRead(Output):
    id: UUID
    created_at: datetime
    period_from: date
    period_until: date
    proportion: float
    margin: float
    z: float
    population: int
    sample: int
    seed: str = Field(description="a whole number")
    concluded_at: datetime | None
    results: dict[str, Any] | None = Field(description="by institution, with the draw's weights")


class ReviewListed(Output):
    id: UUID
    created_at: datetime
    version: int
    state: ReviewState
    due_at: datetime | None
    your_moves: list[str]


class ReviewRead(ReviewListed):
    """A review. Its reviewer reads the report without names; an operator sees whose it is."""

    content: dict[str, Any] = Field(description="the report without institution, client, people")
    checklist: dict[str, int] | None
    second_value_minor: int | None
    deviation_basis_points: int | None
    remarks: str | None
    survey_id: UUID | None = Field(description="for operators, as the following")
    report_id: UUID | None
    institution_id: UUID | None
    reviewer_id: UUID | None
    reason: str | None
