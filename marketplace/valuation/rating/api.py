from typing import Annotated
from uuid import UUID

from fastapi import Query

from marketplace.accounts.errors import InvalidTokenError
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.pagination import Cursor, InvalidCursorError, Limit
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router
from marketplace.kernel.schemas import Page, Storable
from marketplace.valuation.access import Reader
from marketplace.valuation.rating import queries
from marketplace.valuation.rating.models import RatingRun
from marketplace.valuation.rating.schemas import RatingRead, RatingRunListed, RatingRunRead

router = transactional_router(prefix="/v1/valuation", tags=["patent ratings"])

OfRecord = Annotated[
    str | None, Storable, Query(max_length=100, description="a number as the corpus has it")
]


@router.get("/rating-runs", responses=problems(InvalidTokenError, InvalidCursorError))
async def rating_runs(
    actor: Reader, session: Session, cursor: Cursor = None, limit: Limit = 20
) -> Page[RatingRunListed]:
    """Ratings of whole corpora of patents, newest first, each with the models that it follows."""
    found, following = await queries.runs(session, cursor=cursor, limit=limit)
    return Page(items=[RatingRunListed.model_validate(one) for one in found], next=following)


@router.get(
    "/rating-runs/{run_id}",
    response_model=RatingRunRead,
    responses=problems(InvalidTokenError, NotFoundError),
)
async def rating_run(run_id: UUID, actor: Reader, session: Session) -> RatingRun:
    """One run: what was screened out, the clusters, the portfolio chart, weights and grades."""
    return await queries.get_run(session, run_id)


@router.get(
    "/rating-runs/{run_id}/ratings",
    responses=problems(InvalidTokenError, NotFoundError, InvalidCursorError),
)
async def ratings_of_run(
    run_id: UUID, actor: Reader, session: Session, cursor: Cursor = None, limit: Limit = 20
) -> Page[RatingRead]:
    """What one run says of each record of its corpus."""
    await queries.get_run(session, run_id)
    found, following = await queries.ratings(
        session, run_id=run_id, record=None, cursor=cursor, limit=limit
    )
    return Page(items=[RatingRead.model_validate(one) for one in found], next=following)


@router.get("/ratings", responses=problems(InvalidTokenError, InvalidCursorError))
async def patent_ratings(
    actor: Reader,
    session: Session,
    record: OfRecord = None,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> Page[RatingRead]:
    """Ratings, newest first; with `record`, what each run has said of that patent."""
    found, following = await queries.ratings(
        session, run_id=None, record=record, cursor=cursor, limit=limit
    )
    return Page(items=[RatingRead.model_validate(one) for one in found], next=following)
