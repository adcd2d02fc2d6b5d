"""Several rights in one listing."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.kernel.db import now
from marketplace.listings.bundles.models import ListingItem
from marketplace.listings.bundles.schemas import BundleItem
from marketplace.listings.models import Listing


async def put_items(session: AsyncSession, listing: Listing, items: Sequence[BundleItem]) -> None:
    """Keep the rights of a new bundle, in the order that decides about the last minor unit."""
    session.add_all(
        ListingItem(
            created_at=now(session),
            listing_id=listing.id,
            position=position,
            right_id=item.right_id,
            weight=item.weight,
        )
        for position, item in enumerate(items, 1)
    )
    await session.flush()


async def items_of(session: AsyncSession, listing_id: UUID) -> Sequence[ListingItem]:
    """The rights of a bundle, in their order; none of a listing of one right."""
    query = select(ListingItem).where(col(ListingItem.listing_id) == listing_id)
    return (await session.execute(query.order_by(col(ListingItem.position)))).scalars().all()


async def rights_of(session: AsyncSession, listing: Listing) -> list[UUID]:
    """Everything that a listing offers."""
    items = await items_of(session, listing.id) if listing.bundled else ()
    return [item.right_id for item in items] or [listing.right_id]
