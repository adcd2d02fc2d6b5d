from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.assets.filings.models import FiledIdea
from marketplace.assets.title.models import Ownership


async def idea_of(session: AsyncSession, right_id: UUID) -> UUID | None:
    """The idea that an application came from; None if none is known."""
    query = select(FiledIdea.idea_id).where(col(FiledIdea.right_id) == right_id)
    return (await session.execute(query)).scalar_one_or_none()


async def ideas_of(
    session: AsyncSession, right_ids: Sequence[UUID], *, owner: UUID
) -> Sequence[UUID]:
    """The ideas that some rights came from, as far as they are an organisation's now."""
    query = (
        select(FiledIdea.idea_id)
        .join(Ownership, col(Ownership.right_id) == col(FiledIdea.idea_id))
        .where(
            col(FiledIdea.right_id).in_(right_ids),
            col(Ownership.organisation_id) == owner,
            col(Ownership.owned_until).is_(None),
        )
        .distinct()
    )
    return (await session.execute(query)).scalars().all()
