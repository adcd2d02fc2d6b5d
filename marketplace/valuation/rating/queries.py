from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.pagination import page_by_id
from marketplace.valuation.rating.models import Rating, RatingRun


async def runs(
    session: AsyncSession, *, cursor: str | None, limit: int
) -> tuple[Sequence[RatingRun], str | None]:
    """Ratings of whole corpora, newest first."""
    return await page_by_id(session, select(RatingRun), RatingRun, cursor=cursor, limit=limit)


async def get_run(session: AsyncSession, run_id: UUID) -> RatingRun:
    run = await session.get(RatingRun, run_id)
    if run is None:
        raise NotFoundError("no such rating run")
    return run


async def ratings(
    session: AsyncSession,
    *,
    run_id: UUID | None,
    record: str | None,
    cursor: str | None,
    limit: int,
) -> tuple[Sequence[Rating], str | None]:
    """Ratings of one run, or of one record in all runs, newest first."""
    query = select(Rating)
    if run_id is not None:
        query = query.where(col(Rating.run_id) == run_id)
    if record is not None:
        query = query.where(col(Rating.record) == record)
    return await page_by_id(session, query, Rating, cursor=cursor, limit=limit)
