from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.deals.models import Deal


async def payees_of(session: AsyncSession, subject: str) -> Sequence[UUID]:
    """Who will be paid from what is held for a subject; nobody for what is no deal."""
    kind, _, deal_id = subject.partition(":")
    deal = await session.get(Deal, UUID(deal_id)) if kind == "deal" else None
    return [deal.seller_organisation_id] if deal else []
