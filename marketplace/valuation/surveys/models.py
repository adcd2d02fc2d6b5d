from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from marketplace.kernel.db import Record, minor, moment, text_enum
from marketplace.kernel.lifecycle import Aggregate, Lifecycle
from marketplace.valuation.surveys.lifecycle import QUALITY_REVIEW, ReviewState


class SampleSurvey(Record, table=True):
    """A look at reports of a period, drawn by a formula and a seed, to improve the system."""

    __tablename__: ClassVar[str] = "sample_survey"
    __table_args__ = (
        CheckConstraint("period_until > period_from", name="period"),
        CheckConstraint("population >= 0 AND sample >= 0 AND seed >= 0", name="counts"),
    )

    period_from: date
    period_until: date
    proportion: float
    margin: float
    z: float
    population: int
    sample: int
    seed: int = Field(sa_type=BigInteger)
    concluded_at: datetime | None = moment(nullable=True)
    results: dict[str, Any] | None = Field(default=None, sa_type=JSONB)


class QualityReview(Aggregate, table=True):
    """One report looked at by an institution from elsewhere; neither learns of the other."""

    __tablename__: ClassVar[str] = "quality_review"
    __table_args__ = (
        UniqueConstraint("survey_id", "report_id", name="quality_review_report_unique"),
        Index("quality_review_reviewer_index", "reviewer_id", "id"),
        Index("quality_review_due_index", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        CheckConstraint("reviewer_id <> institution_id", name="from_elsewhere"),
        CheckConstraint("population >= sample AND sample >= 1", name="weight"),
        CheckConstraint(
            "(state = 'submitted') = (second_value_minor IS NOT NULL)", name="submitted_whole"
        ),
    )
    lifecycle: ClassVar[Lifecycle[ReviewState]] = QUALITY_REVIEW

    survey_id: UUID = Field(foreign_key="sample_survey.id")
    report_id: UUID = Field(foreign_key="valuation_report.id")
    institution_id: UUID = Field(foreign_key="organisation.id")
    reviewer_id: UUID = Field(foreign_key="organisation.id")
    reason: str
    population: int
    sample: int
    checklist: dict[str, Any] | None = Field(default=None, sa_type=JSONB)
    second_value_minor: int | None = minor(default=None)
    deviation_basis_points: int | None = minor(default=None)
    remarks: str | None = None
    state: ReviewState = Field(default=ReviewState.ASSIGNED, sa_type=text_enum(ReviewState))
