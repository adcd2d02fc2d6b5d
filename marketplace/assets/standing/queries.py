from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import exists, func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.assets.legal_rules.queries import rules_for
from marketplace.assets.models import LegalEvent, Right
from marketplace.assets.register.models import RegisterCheck, Retraction
from marketplace.assets.standing.rules import DECLARED_FILING, OWNER, Known, Standing, project
from marketplace.kernel.db import now


async def events_known(
    session: AsyncSession, right_id: UUID, known_at: datetime | None = None
) -> Sequence[LegalEvent]:
    """The legal events that count, as they were known at a moment, or are now."""
    retracted = exists().where(col(Retraction.legal_event_id) == col(LegalEvent.id))
    query = select(LegalEvent).where(col(LegalEvent.right_id) == right_id)
    if known_at is not None:
        retracted = retracted.where(col(Retraction.created_at) <= known_at)
        query = query.where(col(LegalEvent.created_at) <= known_at)
    query = query.where(~retracted)
    query = query.order_by(col(LegalEvent.occurred_on), col(LegalEvent.id)).limit(1_000)
    return (await session.execute(query)).scalars().all()


async def known_of(
    session: AsyncSession, right_id: UUID, known_at: datetime | None = None
) -> Known:
    """The facts of a right's life that were known at a moment, or are now."""
    checked = await checks_of(session, right_id, known_at)
    return Known(await events_known(session, right_id, known_at), checked)


async def checks_of(
    session: AsyncSession, right_id: UUID, known_at: datetime | None = None
) -> Mapping[str, date]:
    """When each register was looked at last."""
    newest = func.max(col(RegisterCheck.as_of))
    query = select(col(RegisterCheck.origin), newest).where(col(RegisterCheck.right_id) == right_id)
    if known_at is not None:
        query = query.where(col(RegisterCheck.created_at) <= known_at)
    rows = await session.execute(query.group_by(col(RegisterCheck.origin)))
    return {row[0]: row[1] for row in rows}


async def standing_of(
    session: AsyncSession,
    right: Right,
    *,
    on: date | None = None,
    known_at: datetime | None = None,
) -> Standing:
    """The standing of a right on a day, as it was known at a moment; both are now if left out."""
    rules = await rules_for(session, right)
    seen_on = (known_at or now(session)).astimezone(rules.zone).date()
    known = await known_of(session, right.id, known_at)
    return project(known, rules, on=on or seen_on, seen_on=seen_on)


async def filing_day(session: AsyncSession, right: Right) -> date | None:
    """When a right was filed, by its register, or else as its owner declared; None if nobody said.

    Of what nobody dated, the day of its registration here proves nothing.
    """
    standing = await standing_of(session, right)
    declared = (
        event.occurred_on
        for event in await events_known(session, right.id)
        if event.source == DECLARED_FILING and event.origin == OWNER
    )
    return standing.filed_on or next(declared, None)
