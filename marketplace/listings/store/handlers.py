from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.kernel.events import Fact
from marketplace.listings.store.service import end_ineligible


async def on_right(session: AsyncSession, fact: Fact) -> None:
    """An application that is published, sold or pending no more leaves the store at once."""
    await end_ineligible(session, UUID(fact.subject.removeprefix("right:")))
