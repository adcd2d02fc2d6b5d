from datetime import datetime
from typing import Annotated, Final, Self
from uuid import UUID

from pydantic import Field, model_validator

from marketplace.assets.languages import Language
from marketplace.assets.schemas import TitleShare
from marketplace.kernel.money import AMOUNT_MINOR_MAX
from marketplace.kernel.schemas import (
    Amount,
    Currency,
    Input,
    LongText,
    Moment,
    Output,
    ShortText,
    example,
)
from marketplace.listings.licensing.terms import LicenceTerms
from marketplace.listings.solicitations.lifecycle import SolicitationState
from marketplace.listings.solicitations.models import Outcome

WHOLE_BASIS_POINTS: Final = 10_000
PARTS_MAX: Final = 1_000
MinorAmount = Annotated[int, Field(gt=0, le=AMOUNT_MINOR_MAX, strict=True)]


class Criterion(Input):
    name: ShortText
    weight_basis_points: int = Field(ge=1, le=10_000, strict=True)


class SolicitationCreate(Input):
    model_config = example(
        title="우산 보관",
        task="젖은 우산을 10분 안에 말리는 방법을 찾습니다.",
        language="ko",
        outcome="purchase",
        budget_minor=30_000_000,
        currency="KRW",
        awards_max=3,
        compensation_minor=100_000,
        criteria=[
            {"name": "novelty", "weight_basis_points": 6_000},
            {"name": "cost", "weight_basis_points": 4_000},
        ],
        closes_at="2027-01-31T18:00:00+09:00",
    )

    title: ShortText
    task: LongText
    language: Language
    outcome: Outcome = Outcome.PURCHASE
    licence: LicenceTerms | None = Field(
        default=None, description="of the licence that each award is of, where one is wanted"
    )
    organiser_share: TitleShare | None = Field(
        default=None, description="of future rights, where the idea is to be developed together"
    )
    budget_minor: MinorAmount = Field(description="for all awards together")
    currency: Currency
    awards_max: int = Field(ge=1, le=100, strict=True)
    compensation_minor: MinorAmount = Field(
        description="to each submission, if you cancel after the first one"
    )
    criteria: list[Criterion] = Field(min_length=1, max_length=20)
    closes_at: Moment = Field(description="by the server's time, its second included")

    @model_validator(mode="after")
    def _weights_are_whole(self) -> Self:
        if sum(criterion.weight_basis_points for criterion in self.criteria) != WHOLE_BASIS_POINTS:
            raise ValueError("the weights of the criteria sum to 10,000")
        return self

    @model_validator(mode="after")
    def _fits_outcome(self) -> Self:
        if (self.outcome is Outcome.LICENCE) != (self.licence is not None):
            raise ValueError("`licence` goes with the outcome licence")
        if (self.outcome is Outcome.CO_DEVELOPMENT) != (self.organiser_share is not None):
            raise ValueError("`organiser_share` goes with the outcome co_development")
        if self.organiser_share and self.organiser_share.fraction() == 1:
            raise ValueError("the authors keep a share of what they develop")
        if self.organiser_share and self.organiser_share.denominator > PARTS_MAX:
            raise ValueError(f"a share of {PARTS_MAX} parts at most")
        return self


class CriterionRead(Output):
    name: str
    weight_basis_points: int


class SolicitationRead(Output):
    id: UUID
    organiser_organisation_id: UUID
    title: str
    task: str
    language: str
    outcome: Outcome
    licence: LicenceTerms | None = Field(description="that each award is of")
    organiser_share: TitleShare | None = Field(description="of future rights")
    budget: Amount
    awards_max: int
    compensation: Amount = Field(description="to each submission, if it is cancelled")
    criteria: list[CriterionRead]
    closes_at: datetime
    opened_at: datetime | None
    state: SolicitationState
    version: int


class Compensation(Output):
    """What the organiser has to pay to cancel."""

    amount: Amount
    reference: str


class SolicitationCancelled(SolicitationRead):
    payment: Compensation | None = Field(description="null: nothing was due")


class SubmissionEnter(Input):
    model_config = example(right_id="019b7a10-5f5e-7c3d-8a47-1f0e9d3c2b1a")

    right_id: UUID = Field(description="your idea, with its team's shares as registered")


class SubmissionPublic(Output):
    """What everybody learns of a submission: that it came, when, and which one it was."""

    number: int
    submitted_at: datetime
    sha256: str


class OwnSubmission(SubmissionPublic):
    solicitation_id: UUID
    right_id: UUID


class EvaluatorAppoint(Input):
    model_config = example(
        user_id="019b7a10-5f5e-7c3d-8a47-1f0e9d3c2b1a",
        organisation_id="019b7a10-5f5e-7c3d-8a47-1f0e9d3c2b1b",
    )

    user_id: UUID
    organisation_id: UUID = Field(description="for which they judge")


class EvaluatorRead(Output):
    id: UUID
    user_id: UUID
    organisation_id: UUID
    declared_at: datetime | None


class ConflictsDeclare(Input):
    model_config = example(organisation_ids=[])

    organisation_ids: list[UUID] = Field(
        max_length=200, description="with which you have a conflict of interest; or none"
    )


class SubmissionBlind(SubmissionPublic):
    """A submission as an evaluator reads it: not whose it is."""

    right_id: UUID = Field(description="its files are under this idea")
    title: str
    abstract: str | None
    content: str
    copy_id: str = Field(description="leads from a copy back to you")


class EvaluationPut(Input):
    model_config = example(scores=[80, 65], recused=False)

    scores: list[Annotated[int, Field(ge=0, le=100, strict=True)]] = Field(
        default_factory=list, max_length=20, description="0 to 100, in the order of the criteria"
    )
    recused: bool = Field(default=False, description="you recognise whose it is, and step back")

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if self.recused == bool(self.scores):
            raise ValueError("give scores, or step back")
        return self


class EvaluationRead(Output):
    number: int
    scores: list[int] | None
    recused: bool


class Ranked(SubmissionPublic):
    rank: int
    evaluations: int
    mean: str | None = Field(description="of 100, to four places")
    standard_deviation: str | None = Field(description="of the evaluators' totals, population")
    lowest: str | None
    highest: str | None
