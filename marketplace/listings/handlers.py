from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.assets.models import LegalStatus
from marketplace.assets.rules import TRADABLE
from marketplace.kernel.events import Fact
from marketplace.listings.service import suspend_listings_of


async def on_legal_event(session: AsyncSession, fact: Fact) -> None:
    """A right that lapsed, was invalidated or expired leaves the market at once."""
    if LegalStatus(fact.data["status"]) not in TRADABLE:
        await suspend_listings_of(session, UUID(fact.subject.removeprefix("right:")))
