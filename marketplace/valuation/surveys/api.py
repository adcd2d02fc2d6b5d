from uuid import UUID

from fastapi import status

from marketplace.accounts.calendar import Today
from marketplace.accounts.errors import InvalidTokenError, PermissionMissingError
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.pagination import Cursor, InvalidCursorError, Limit
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router
from marketplace.kernel.schemas import Page
from marketplace.valuation.access import MOVE_ERRORS, Operator, Reader, Valuer
from marketplace.valuation.surveys import queries, service
from marketplace.valuation.surveys.errors import SurveyPeriodError, SurveyRunningError
from marketplace.valuation.surveys.schemas import (
    ReviewListed,
    ReviewRead,
    ReviewSubmit,
    SurveyDraw,
    SurveyRead,
)

router = transactional_router(prefix="/v1/valuation", tags=["valuation quality"])


@router.post(
    "/sample-surveys",
    status_code=status.HTTP_201_CREATED,
    responses=problems(InvalidTokenError, PermissionMissingError, SurveyPeriodError),
)
async def draw_sample_survey(
    request: SurveyDraw, actor: Operator, session: Session, today: Today
) -> SurveyRead:
    """Operator: draw reports of a period and ask blind reviewers from elsewhere.

    First reports of new institutions and outliers are always in; the rest is drawn by strata.
    """
    survey = await service.draw_survey(session, request, today=today, actor=actor)
    return queries.read_survey(survey)


@router.get(
    "/sample-surveys",
    responses=problems(InvalidTokenError, PermissionMissingError, InvalidCursorError),
)
async def sample_surveys(
    actor: Operator, session: Session, cursor: Cursor = None, limit: Limit = 20
) -> Page[SurveyRead]:
    """Operator: sample surveys with their figures, seeds and results, newest first."""
    found, following = await queries.surveys(session, cursor=cursor, limit=limit)
    return Page(items=[queries.read_survey(one) for one in found], next=following)


@router.post(
    "/sample-surveys/{survey_id}/conclude",
    responses=problems(
        InvalidTokenError, PermissionMissingError, NotFoundError, SurveyRunningError
    ),
)
async def conclude_sample_survey(survey_id: UUID, actor: Operator, session: Session) -> SurveyRead:
    """Operator: work the results out; an institution's tier follows from three reviews on."""
    return queries.read_survey(await service.conclude(session, survey_id, actor=actor))


@router.get("/reviews", responses=problems(InvalidTokenError, InvalidCursorError))
async def quality_reviews(
    actor: Reader, session: Session, cursor: Cursor = None, limit: Limit = 20
) -> Page[ReviewListed]:
    """Reviews that your institution was asked for, newest first; an operator sees all."""
    found, following = await queries.reviews_for(session, actor, cursor=cursor, limit=limit)
    return Page(items=[queries.read_listed(one, actor) for one in found], next=following)


@router.get("/reviews/{review_id}", responses=problems(InvalidTokenError, NotFoundError))
async def quality_review(review_id: UUID, actor: Reader, session: Session) -> ReviewRead:
    """A review with the report that it is of, without the names of who wrote it for whom."""
    review = await queries.get_review(session, review_id, actor=actor)
    return await queries.read_review(session, review, actor)


@router.post("/reviews/{review_id}/submit", responses=problems(*MOVE_ERRORS))
async def submit_quality_review(
    review_id: UUID, request: ReviewSubmit, actor: Valuer, session: Session
) -> ReviewRead:
    """Institution: hand a review in: each item of the checklist, and a value of your own."""
    review = await service.submit_review(session, review_id, request, actor=actor)
    return await queries.read_review(session, review, actor)
