from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from marketplace.accounts.actors import Actor
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.pagination import page_by_id
from marketplace.valuation.orders.lifecycle import OPERATOR
from marketplace.valuation.reports.models import ValuationReport
from marketplace.valuation.reports.signed import content
from marketplace.valuation.surveys.lifecycle import REVIEWER
from marketplace.valuation.surveys.models import QualityReview, SampleSurvey
from marketplace.valuation.surveys.schemas import ReviewListed, ReviewRead, SurveyRead

SHOWN: Final = (
    "purpose",
    "base_date",
    "rights",
    "calculations",
    "rejected",
    "value",
    "reconciliation",
    "basis_of_value",
    "standard",
    "assumptions",
    "information_sources",
    "limiting_conditions",
    "rating",
)
"""What of a report tells nothing of who wrote it, or for whom."""
UNBLIND: Final = ("survey_id", "report_id", "institution_id", "reviewer_id", "reason")


def visible_to(actor: Actor) -> SelectOfScalar[QualityReview]:
    """A reviewer's own; all of them for an operator. Whose report it is never sees one."""
    query = select(QualityReview)
    if actor.is_operator:
        return query
    return query.where(col(QualityReview.reviewer_id) == actor.organisation_id)


async def reviews_for(
    session: AsyncSession, actor: Actor, *, cursor: str | None, limit: int
) -> tuple[Sequence[QualityReview], str | None]:
    return await page_by_id(session, visible_to(actor), QualityReview, cursor=cursor, limit=limit)


async def get_review(session: AsyncSession, review_id: UUID, *, actor: Actor) -> QualityReview:
    """Raises NotFoundError for another's."""
    query = visible_to(actor).where(col(QualityReview.id) == review_id)
    found = (await session.execute(query)).scalar_one_or_none()
    if found is None:
        raise NotFoundError("no such quality review")
    return found


def read_listed(review: QualityReview, actor: Actor) -> ReviewListed:
    own = {
        name: getattr(review, name) for name in ReviewListed.model_fields if name != "your_moves"
    }
    role = REVIEWER if actor.organisation_id == review.reviewer_id else OPERATOR
    return ReviewListed(**own, your_moves=review.lifecycle.open_to(review.state, role))


async def read_review(session: AsyncSession, review: QualityReview, actor: Actor) -> ReviewRead:
    report = await session.get_one(ValuationReport, review.report_id)
    said: dict[str, Any] = content(report.jws)
    unblind = {name: getattr(review, name) if actor.is_operator else None for name in UNBLIND}
    return ReviewRead(
        **read_listed(review, actor).model_dump(),
        **unblind,
        content={name: said[name] for name in SHOWN},
        checklist=review.checklist,
        second_value_minor=review.second_value_minor,
        deviation_basis_points=review.deviation_basis_points,
        remarks=review.remarks,
    )


async def surveys(
    session: AsyncSession, *, cursor: str | None, limit: int
) -> tuple[Sequence[SampleSurvey], str | None]:
    query = select(SampleSurvey)
    return await page_by_id(session, query, SampleSurvey, cursor=cursor, limit=limit)


def read_survey(survey: SampleSurvey) -> SurveyRead:
    own = {name: getattr(survey, name) for name in SurveyRead.model_fields}
    return SurveyRead.model_validate(own | {"seed": str(survey.seed)})
