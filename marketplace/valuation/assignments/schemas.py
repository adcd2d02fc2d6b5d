from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from marketplace.kernel.schemas import Amount, Input, LongText, Output, example
from marketplace.valuation.assignments.lifecycle import AssignmentState
from marketplace.valuation.orders.schemas import PartyRead
from marketplace.valuation.purposes import Purpose


class Reason(Input):
    model_config = example(reason="Our expert of this field is on leave until March.")

    reason: LongText


class RightToValue(Output):
    id: UUID
    title: str
    kind: str
    classifications: list[str]


class AssignmentListed(Output):
    """A case as its institution sees it: nothing of other institutions."""

    id: UUID
    created_at: datetime
    version: int
    state: AssignmentState
    due_at: datetime | None = Field(
        description="to answer, to hand the report in, or when a pause ends; then the clock moves"
    )
    order_id: UUID
    institution_id: UUID
    fee: Amount
    work_due_at: datetime | None
    paused_seconds: int = Field(description="in all, of pauses that are over")
    your_moves: list[str]


class AssignmentRead(AssignmentListed):
    purpose: Purpose
    base_date: date
    deadline: date
    region: str | None
    rights: list[RightToValue]
    parties: list[PartyRead] = Field(description="whom you must have nothing to do with")
    report_id: UUID | None = Field(description="of the newest version")


class JudgementRead(Output):
    institution: UUID
    reasons: list[str] = Field(description="against it, as `group_of_lender`; none: it was fit")
    rank: int | None = Field(description="its place among those that the draw was among")


class DecisionRead(Output):
    """A draw with everything that it was drawn from."""

    id: UUID
    created_at: datetime
    order_id: UUID
    slot: int
    policy_id: UUID
    seed: str = Field(description="a whole number")
    institution_id: UUID | None = Field(description="drawn; null where nobody was fit")
    facts: dict[str, Any]
    candidates: list[dict[str, Any]]
    judgements: list[JudgementRead]


class ReplayRead(Output):
    decision_id: UUID
    same: bool = Field(description="the same institution for the same reasons")
    institution_id: UUID | None
    judgements: list[JudgementRead]
