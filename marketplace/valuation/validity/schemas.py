from datetime import date, datetime
from uuid import UUID

from pydantic import Field

from marketplace.kernel.schemas import Day, Input, LongText, Output, example
from marketplace.valuation.validity.lifecycle import ValidityState
from marketplace.valuation.validity.models import HeardAs, Outcome, Sanction


class ValidityRequest(Input):
    model_config = example(
        report_id="0199d1c5-7a2e-7c3f-9c55-1b1f0a3e7d21",
        ground="The comparables were licences of another field.",
    )

    report_id: UUID
    ground: LongText


class OpinionGive(Input):
    model_config = example(opinion="The comparables were adjusted as the standard says.")

    opinion: LongText


class FindingWrite(Input):
    model_config = example(
        outcome="standard_breached",
        finding="The comparables were not adjusted, against IVS 210.",
        sanction="lower_tier",
    )

    outcome: Outcome
    finding: LongText
    sanction: Sanction = Sanction.NONE
    suspend_until: Day | None = Field(default=None, description="of a suspension, its end")


class DecisionWrite(Input):
    model_config = example(decision="The appeal names no adjustment that was made.")

    decision: LongText


class AppealMake(Input):
    model_config = example(appeal="The adjustment is in the second table of the report.")

    appeal: LongText


class OpinionRead(Output):
    heard_as: HeardAs
    organisation_id: UUID
    opinion: str | None
    given_at: datetime | None


class ValidityListed(Output):
    id: UUID
    created_at: datetime
    version: int
    state: ValidityState
    due_at: datetime | None
    report_id: UUID
    institution_id: UUID
    your_moves: list[str]


class ValidityRead(ValidityListed):
    client_id: UUID
    requested_by: UUID
    ground: str
    heard_until: datetime
    opinions: list[OpinionRead]
    outcome: Outcome | None
    finding: str | None
    sanction: Sanction
    suspend_until: date | None
    appealable_until: datetime | None
    appeal: str | None
    decision: str | None
