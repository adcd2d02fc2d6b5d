from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.deals.store.service import conclude
from marketplace.kernel.events import Fact


async def on_listing(session: AsyncSession, fact: Fact) -> None:
    """The private listing of a chosen application was sold, or retired with its deal."""
    listing_id = UUID(fact.subject.removeprefix("listing:"))
    await conclude(session, listing_id, sold=fact.type == "listing.sell")
