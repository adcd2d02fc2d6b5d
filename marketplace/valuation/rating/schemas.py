from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from marketplace.kernel.schemas import Output


class RatingRunListed(Output):
    """A rating of a whole corpus, and what it was made with."""

    id: UUID
    created_at: datetime
    model_id: UUID = Field(description="of GET /v1/valuation/models/{id}, as the next one")
    weight_set_id: UUID
    corpus: str
    corpus_sha256: str
    records: int
    as_of: date
    seed: int
    software: str


class RatingRunRead(RatingRunListed):
    summary: dict[str, Any] = Field(
        description="reasons of the screen, clusters with their names and places in the portfolio"
        " chart, cohorts, effective weights, grades"
    )


class RatingRead(Output):
    """What one run says of one record. A grade is relative to the cohort and the day of the run."""

    id: UUID
    run_id: UUID
    record: str
    reasons: list[str] = Field(description="why it was not rated; empty when it was")
    cohort: str | None
    cluster: int | None = Field(description="its number in this run; other runs number anew")
    novelty: float | None = Field(
        description="1 - the largest cosine with an earlier text: a screen, no legal novelty"
    )
    nearest: str | None = Field(description="the earlier record that is nearest")
    coverage: float | None = Field(description="the part of all weight that could be measured")
    score: float | None
    grade: str | None
    at_risk: bool = Field(description="it is being challenged; the score does not tell")
    indicators: dict[str, float | None] = Field(
        description="ranks in the cohort, from 0 to 1; null where nothing was recorded"
    )
