from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.kernel.db import fetch
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.pagination import page_by_id
from marketplace.valuation.institutions.models import (
    InstitutionInterest,
    InstitutionProfile,
    InstitutionStanding,
)

_WEIGHTS: Final = text(
    "SELECT DISTINCT ON (institution_id) institution_id, weight FROM institution_standing"
    " ORDER BY institution_id, id DESC"
)


async def weights_of(session: AsyncSession) -> dict[UUID, int]:
    """The weight of each institution that quality control found something out about."""
    return {row.institution_id: row.weight for row in await fetch(session, _WEIGHTS)}


async def profile_of(session: AsyncSession, organisation_id: UUID) -> InstitutionProfile:
    """Raises NotFoundError where none is kept."""
    query = select(InstitutionProfile).where(
        col(InstitutionProfile.organisation_id) == organisation_id
    )
    found = (await session.execute(query)).scalar_one_or_none()
    if found is None:
        raise NotFoundError("no profile of yours as a valuation institution")
    return found


async def keeps_profile(session: AsyncSession, organisation_id: UUID) -> bool:
    """Whether an organisation says of itself that it values."""
    query = select(InstitutionProfile.id).where(
        col(InstitutionProfile.organisation_id) == organisation_id
    )
    return (await session.execute(query)).scalar_one_or_none() is not None


async def interests_of(
    session: AsyncSession, actor: Actor, *, cursor: str | None, limit: int
) -> tuple[Sequence[InstitutionInterest], str | None]:
    """What the actor's institution declared, newest first; all of it for an operator."""
    query = select(InstitutionInterest)
    if not actor.is_operator:
        query = query.where(col(InstitutionInterest.institution_id) == actor.organisation_id)
    return await page_by_id(session, query, InstitutionInterest, cursor=cursor, limit=limit)


async def standings_of(
    session: AsyncSession, actor: Actor, *, cursor: str | None, limit: int
) -> tuple[Sequence[InstitutionStanding], str | None]:
    """What was made of the actor's institution, newest first; of everybody for an operator."""
    query = select(InstitutionStanding)
    if not actor.is_operator:
        query = query.where(col(InstitutionStanding.institution_id) == actor.organisation_id)
    return await page_by_id(session, query, InstitutionStanding, cursor=cursor, limit=limit)
