from collections.abc import Collection, Sequence
from datetime import datetime
from fractions import Fraction
from uuid import UUID

from sqlalchemy import exists
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.assets.register.models import Retraction
from marketplace.assets.title.models import Conveyance, Ownership
from marketplace.assets.title.rules import WHOLE


async def owners_of(session: AsyncSession, right_id: UUID) -> dict[UUID, Fraction]:
    """Who owns a right at this moment, the largest share first."""
    query = select(Ownership).where(
        col(Ownership.right_id) == right_id, col(Ownership.owned_until).is_(None)
    )
    rows = (await session.execute(query)).scalars().all()
    rows = sorted(rows, key=lambda row: (-row.share, str(row.organisation_id)))
    return {row.organisation_id: row.share for row in rows}


async def current_owner(session: AsyncSession, right_id: UUID) -> UUID | None:
    """The organisation that owns the whole of a right at this moment, if one does."""
    owners = await owners_of(session, right_id)
    return next((owner for owner, share in owners.items() if share == WHOLE), None)


async def owns(session: AsyncSession, right_id: UUID, organisation_id: UUID) -> bool:
    """Whether an organisation owns a right, or a share of it, at this moment."""
    return organisation_id in await owners_of(session, right_id)


async def owned_among(
    session: AsyncSession, right_ids: Collection[UUID], organisation_id: UUID
) -> set[UUID]:
    """Those of some rights that an organisation owns, or a share of which."""
    query = select(Ownership.right_id).where(
        col(Ownership.right_id).in_(right_ids),
        col(Ownership.organisation_id) == organisation_id,
        col(Ownership.owned_until).is_(None),
    )
    return set((await session.execute(query)).scalars())


async def conveyances_known(
    session: AsyncSession, right_id: UUID, known_at: datetime | None = None
) -> Sequence[Conveyance]:
    """The links of a chain of title that count, as they were known at a moment, or are now."""
    retracted = exists().where(col(Retraction.conveyance_id) == col(Conveyance.id))
    query = select(Conveyance).where(col(Conveyance.right_id) == right_id)
    if known_at is not None:
        retracted = retracted.where(col(Retraction.created_at) <= known_at)
        query = query.where(col(Conveyance.created_at) <= known_at)
    query = query.where(~retracted).order_by(col(Conveyance.id)).limit(1_000)
    return (await session.execute(query)).scalars().all()
