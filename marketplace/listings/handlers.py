from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.kernel.db import lock
from marketplace.kernel.events import Fact
from marketplace.kernel.lifecycle import BY_SYSTEM
from marketplace.listings.cards import rename_seller
from marketplace.listings.deal_types import DealType
from marketplace.listings.licensing.opening import withdraw_open
from marketplace.listings.models import Listing
from marketplace.listings.service import follow_right, withdraw_listings_of, withdraw_unowned


async def on_standing(session: AsyncSession, fact: Fact) -> None:
    """A right that lapsed, was invalidated, expired or is held leaves the market at once."""
    await follow_right(session, UUID(fact.subject.removeprefix("right:")))


async def on_encumbered(session: AsyncSession, fact: Fact) -> None:
    """A right that is attached, or comes to be held in trust, leaves the market too."""
    await follow_right(session, UUID(fact.data["right_id"]))


async def on_title(session: AsyncSession, fact: Fact) -> None:
    """Only an owner may offer a right."""
    await withdraw_unowned(session, UUID(fact.subject.removeprefix("right:")))


async def on_organisation_edited(session: AsyncSession, fact: Fact) -> None:
    """A seller that has another name is shown under it; regions stay as they were offered."""
    if "name" in fact.data["fields"]:
        await rename_seller(session, UUID(fact.subject.removeprefix("organisation:")))


async def on_off_the_market(session: AsyncSession, fact: Fact) -> None:
    """An open licence that is no longer offered stands in nobody's way any more."""
    listing = await lock(session, Listing, UUID(fact.subject.removeprefix("listing:")))
    if listing.deal_type is DealType.OPEN:
        await withdraw_open(session, listing, actor=BY_SYSTEM)


async def on_withdrawn_idea(session: AsyncSession, fact: Fact) -> None:
    """An idea whose confidential body is gone has nothing to sell."""
    await withdraw_listings_of(session, UUID(fact.subject.removeprefix("right:")))
