"""Several rights in one deal: reserved, priced and passed together, or not at all."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.deals.bundles.models import DealItem
from marketplace.deals.models import Deal
from marketplace.kernel.db import now
from marketplace.kernel.money import split
from marketplace.listings.bundles.models import ListingItem


async def items_of(session: AsyncSession, deal: Deal) -> Sequence[DealItem]:
    """The rights of a deal over several; none of a deal over one."""
    if not deal.bundled:
        return ()
    query = select(DealItem).where(col(DealItem.deal_id) == deal.id)
    return (await session.execute(query.order_by(col(DealItem.position)))).scalars().all()


async def rights_of(session: AsyncSession, deal: Deal) -> list[UUID]:
    """Everything that a deal is about."""
    items = await items_of(session, deal)
    return [item.right_id for item in items] or [deal.right_id]


async def amounts_of(session: AsyncSession, deal: Deal) -> dict[UUID, int]:
    """What is paid for each right of a deal, in minor units."""
    items = await items_of(session, deal)
    return {item.right_id: item.amount_minor for item in items} or {deal.right_id: deal.price_minor}


async def allocate(session: AsyncSession, deal: Deal, items: Sequence[ListingItem]) -> None:
    """Divide the price over the rights by their weights, exactly: by largest remainder."""
    amounts = split(deal.price_minor, [item.weight for item in items])
    session.add_all(
        DealItem(
            created_at=now(session),
            deal_id=deal.id,
            position=item.position,
            right_id=item.right_id,
            weight=item.weight,
            amount_minor=amount_minor,
        )
        for item, amount_minor in zip(items, amounts, strict=True)
    )
    await session.flush()
