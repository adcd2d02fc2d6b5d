from collections.abc import Sequence
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from marketplace.accounts.actors import Actor
from marketplace.accounts.designations.models import (
    Designation,
    DesignationPeriod,
    DesignationStep,
    PeriodStatus,
    Sector,
)
from marketplace.accounts.designations.schemas import Counts, InstitutionRead
from marketplace.accounts.permissions import Permission
from marketplace.kernel.db import fetch
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.pagination import decode, encode, page_by_id

SHOWN_MAX: Final = 200

_COUNTS: Final = text(
    """
    SELECT sector, status, count(*) AS institutions FROM designation_period
    WHERE valid_from <= :as_of AND (valid_until IS NULL OR valid_until > :as_of)
    GROUP BY sector, status
    """
)
_INSTITUTIONS: Final = text(
    """
    SELECT p.organisation_id, o.name, p.sector, d.designated_on AS since, p.status
    FROM designation_period p
    JOIN designation d ON d.id = p.designation_id
    JOIN organisation o ON o.id = p.organisation_id
    WHERE p.valid_from <= :as_of AND (p.valid_until IS NULL OR p.valid_until > :as_of)
      AND (CAST(:after AS uuid) IS NULL OR (o.name, o.id) > (
          SELECT a.name, a.id FROM organisation a WHERE a.id = CAST(:after AS uuid)))
    ORDER BY o.name, o.id LIMIT :limit
    """
)


def visible_to(actor: Actor) -> SelectOfScalar[Designation]:
    """One's own; all of them for an operator."""
    query = select(Designation)
    if actor.may(Permission.OPERATE_ORGANISATIONS):
        return query
    return query.where(col(Designation.organisation_id) == actor.organisation_id)


async def designations_of(
    session: AsyncSession, actor: Actor, *, cursor: str | None, limit: int
) -> tuple[Sequence[Designation], str | None]:
    return await page_by_id(session, visible_to(actor), Designation, cursor=cursor, limit=limit)


async def get_designation(
    session: AsyncSession, designation_id: UUID, *, actor: Actor
) -> Designation:
    query = visible_to(actor).where(col(Designation.id) == designation_id)
    designation = (await session.execute(query)).scalar_one_or_none()
    if designation is None:
        raise NotFoundError("no such designation")
    return designation


async def steps_of(session: AsyncSession, designation_id: UUID) -> Sequence[DesignationStep]:
    query = select(DesignationStep).where(col(DesignationStep.designation_id) == designation_id)
    query = query.order_by(col(DesignationStep.id)).limit(SHOWN_MAX)
    return (await session.execute(query)).scalars().all()


async def periods_of(session: AsyncSession, designation_id: UUID) -> Sequence[DesignationPeriod]:
    model = DesignationPeriod
    query = select(model).where(col(model.designation_id) == designation_id)
    query = query.order_by(col(model.valid_from), col(model.id)).limit(SHOWN_MAX)
    return (await session.execute(query)).scalars().all()


async def counts(session: AsyncSession, as_of: date) -> Counts:
    """How many institutions were designated on a day, by sector."""
    rows = await fetch(session, _COUNTS, as_of=as_of)
    found = {(row.sector, row.status): row.institutions for row in rows}
    private, public = (found.get((sector, PeriodStatus.DESIGNATED), 0) for sector in _SECTORS)
    return Counts(
        as_of=as_of,
        private=private,
        public=public,
        total=private + public,
        suspended=sum(found.get((sector, PeriodStatus.SUSPENDED), 0) for sector in _SECTORS),
    )


_SECTORS: Final = (Sector.PRIVATE, Sector.PUBLIC)


async def institutions(
    session: AsyncSession, as_of: date, *, cursor: str | None, limit: int
) -> tuple[list[InstitutionRead], str | None]:
    """Who was designated on a day, by name; those suspended then are marked.

    Raises:
        InvalidCursorError: not a cursor of this list.
    """
    after = decode(cursor, UUID)[0] if cursor is not None else None
    rows = await fetch(session, _INSTITUTIONS, as_of=as_of, after=after, limit=limit + 1)
    found = [InstitutionRead.model_validate(row) for row in rows[:limit]]
    return found, encode(found[-1].organisation_id) if len(rows) > limit else None
