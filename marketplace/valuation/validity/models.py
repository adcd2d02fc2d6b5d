from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field

from marketplace.kernel.db import Record, moment, text_enum
from marketplace.kernel.lifecycle import Aggregate, Lifecycle
from marketplace.valuation.validity.lifecycle import VALIDITY_SURVEY, ValidityState


class Outcome(StrEnum):
    FOLLOWED = "standard_followed"
    BREACHED = "standard_breached"


class Sanction(StrEnum):
    NONE = "none"
    WARNING = "warning"
    TRAINING = "training"
    LOWER_TIER = "lower_tier"
    SUSPENSION = "suspension"


class HeardAs(StrEnum):
    INSTITUTION = "institution"
    CLIENT = "client"
    REQUESTER = "requester"


class ValiditySurvey(Aggregate, table=True):
    """Whether one valuation was done by the standard. Who it concerns is heard before a finding."""

    __tablename__: ClassVar[str] = "validity_survey"
    __table_args__ = (
        Index(
            "validity_survey_one_open",
            "report_id",
            unique=True,
            postgresql_where=text("state IN ('hearing', 'found', 'appealed')"),
        ),
        Index("validity_survey_institution_index", "institution_id", "id"),
        Index("validity_survey_client_index", "client_id", "id"),
        Index("validity_survey_requester_index", "requested_by", "id"),
        Index("validity_survey_due_index", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        CheckConstraint("(outcome IS NULL) = (finding IS NULL)", name="finding_whole"),
        CheckConstraint(
            "coalesce(outcome, '') = 'standard_breached' OR sanction = 'none'",
            name="sanction_for_breach",
        ),
        CheckConstraint(
            "(sanction = 'suspension') = (suspend_until IS NOT NULL)", name="suspension_dated"
        ),
    )
    lifecycle: ClassVar[Lifecycle[ValidityState]] = VALIDITY_SURVEY

    report_id: UUID = Field(foreign_key="valuation_report.id")
    institution_id: UUID = Field(foreign_key="organisation.id")
    client_id: UUID = Field(foreign_key="organisation.id")
    requested_by: UUID = Field(foreign_key="organisation.id")
    ground: str
    heard_until: datetime = moment()
    outcome: Outcome | None = Field(default=None, sa_type=text_enum(Outcome))
    finding: str | None = None
    sanction: Sanction = Field(default=Sanction.NONE, sa_type=text_enum(Sanction))
    suspend_until: date | None = None
    appealable_until: datetime | None = moment(nullable=True)
    appeal: str | None = None
    decision: str | None = None
    state: ValidityState = Field(default=ValidityState.HEARING, sa_type=text_enum(ValidityState))


class ValidityOpinion(Record, table=True):
    """The opportunity that somebody got to be heard, and what they wrote. Without it no finding."""

    __tablename__: ClassVar[str] = "validity_opinion"
    __table_args__ = (
        UniqueConstraint("survey_id", "heard_as", name="validity_opinion_once_unique"),
        CheckConstraint("(opinion IS NULL) = (given_at IS NULL)", name="given_whole"),
        Index("validity_opinion_organisation_index", "organisation_id"),
    )

    survey_id: UUID = Field(foreign_key="validity_survey.id")
    heard_as: HeardAs = Field(sa_type=text_enum(HeardAs))
    organisation_id: UUID = Field(foreign_key="organisation.id")
    opinion: str | None = None
    given_at: datetime | None = moment(nullable=True)
