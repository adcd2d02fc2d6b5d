from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import Boolean, CheckConstraint, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from marketplace.kernel.db import Record


class RatingRun(Record, table=True):
    """One rating of a whole corpus, with everything that it takes to rate it again."""

    __tablename__: ClassVar[str] = "rating_run"
    __table_args__ = (CheckConstraint("records >= 0 AND seed >= 0", name="counts"),)

    model_id: UUID = Field(foreign_key="valuation_model.id")
    weight_set_id: UUID = Field(foreign_key="valuation_model.id")
    corpus: str
    corpus_sha256: str
    records: int
    as_of: date
    seed: int
    software: str
    summary: dict[str, Any] = Field(sa_type=JSONB)


class Rating(Record, table=True):
    """What one run says of one record. Rating again makes a new row."""

    __tablename__: ClassVar[str] = "rating"
    __table_args__ = (
        UniqueConstraint("run_id", "record", name="rating_record_unique"),
        Index("rating_record_index", "record"),
        CheckConstraint("score IS NULL OR score BETWEEN 0 AND 1", name="score"),
        CheckConstraint("(grade IS NULL) = (score IS NULL)", name="graded_by_score"),
    )

    run_id: UUID = Field(foreign_key="rating_run.id")
    record: str
    reasons: list[str] = Field(sa_type=JSONB)
    cohort: str | None = None
    cluster: int | None = None
    novelty: float | None = None
    nearest: str | None = None
    coverage: float | None = None
    score: float | None = None
    grade: str | None = None
    at_risk: bool = Field(sa_type=Boolean)
    indicators: dict[str, Any] = Field(sa_type=JSONB)
