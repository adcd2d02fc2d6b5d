from datetime import date, datetime
from uuid import UUID

from pydantic import Field

from marketplace.accounts.designations.lifecycle import DesignationState
from marketplace.accounts.designations.models import PeriodStatus, Sector
from marketplace.kernel.schemas import Day, Input, LongText, Output, example


class DesignationApply(Input):
    model_config = example(
        sector="private", evidence="two patent attorneys, three appraisers with five years each"
    )

    sector: Sector
    evidence: LongText = Field(description="how you meet the criteria, and where it is filed")


class Step(Input):
    model_config = example(on="2026-01-31", evidence="notice 2026-17")

    on: Day | None = Field(default=None, description="the day it was decided; left out: today")
    evidence: LongText


class SuspensionStep(Step):
    model_config = example(
        on="2026-01-31", until="2026-04-30", evidence="decision 2026-18: standard of valuation"
    )

    until: Day = Field(description="the first day that it is over; it then ends by itself")


class StepRead(Output):
    name: str
    taken_on: date
    evidence: str


class DesignationRead(Output):
    id: UUID
    organisation_id: UUID
    sector: Sector
    state: DesignationState
    designated_on: date | None
    suspended_until: date | None
    withdrawn_on: date | None
    version: int
    created_at: datetime


class PeriodRead(Output):
    status: PeriodStatus
    valid_from: date
    valid_until: date | None = Field(description="the first day after it; null while it lasts")


class DesignationDetail(DesignationRead):
    steps: list[StepRead] = Field(description="oldest first, at most two hundred")
    periods: list[PeriodRead] = Field(description="oldest first, at most two hundred")


class Counts(Output):
    """How many institutions were designated on a day, those suspended then left out."""

    as_of: date
    private: int
    public: int
    total: int
    suspended: int = Field(description="designated, but suspended on that day; not in `total`")


class InstitutionRead(Output):
    organisation_id: UUID
    name: str
    sector: Sector
    since: date = Field(description="when it was designated")
    status: PeriodStatus
