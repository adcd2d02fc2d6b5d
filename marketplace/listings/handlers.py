from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.kernel.events import Fact
from marketplace.listings.service import follow_legal_status


async def on_legal_event(session: AsyncSession, fact: Fact) -> None:
    """A right that lapsed, was invalidated or expired leaves the market at once."""
    await follow_legal_status(session, UUID(fact.subject.removeprefix("right:")))
