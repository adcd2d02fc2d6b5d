"""An accepted offer becomes a deal: terms frozen, right reserved, agreement drawn up."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.actors import Actor
from marketplace.assets.encumbrances.checking import require_free
from marketplace.assets.encumbrances.kinds import Deed
from marketplace.assets.models import Right
from marketplace.assets.service import reserve
from marketplace.assets.standing.service import require_tradable
from marketplace.assets.title.queries import owners_of
from marketplace.assets.title.service import require_owner
from marketplace.deals.agreement import draw_up
from marketplace.deals.models import Deal
from marketplace.deals.negotiations.errors import ListingNotOpenError
from marketplace.kernel.crypto import Keyring
from marketplace.kernel.db import lock, now
from marketplace.kernel.lifecycle import BY_SYSTEM, begin
from marketplace.listings.lifecycle import ListingState
from marketplace.listings.models import Listing
from marketplace.listings.service import system_move
from marketplace.payments.fees.service import policy_at


async def open_deal(
    session: AsyncSession,
    keyring: Keyring,
    *,
    negotiation_id: UUID,
    listing_id: UUID,
    buyer_organisation_id: UUID,
    price_minor: int,
    currency: str,
    actor: Actor,
    by_award: bool = False,
) -> Deal:
    """Reserve the right and write the deal down.

    The right is locked first, so that its owner, its status and an idea's text are those of the
    moment in which the deal begins, and so that many who accept at once wait in a line: waiting
    for each other's reservation, they could deadlock. The database lets one reservation through,
    and the others learn that the right is reserved.
    """
    listing = await session.get_one(Listing, listing_id)
    right = await session.get_one(Right, listing.right_id)
    policy = await policy_at(session, now(session))
    deal = Deal(
        created_at=now(session),
        negotiation_id=negotiation_id,
        listing_id=listing.id,
        right_id=right.id,
        right_kind=right.kind,
        buyer_organisation_id=buyer_organisation_id,
        seller_organisation_id=listing.organisation_id,
        price_minor=price_minor,
        currency=currency,
        fee_policy_id=policy.id,
        commission_basis_points=policy.commission_basis_points,
    )
    right = await lock(session, Right, right.id)
    await require_free(session, right.id, Deed.LIST, by=listing.organisation_id)
    await reserve(session, right.id, subject=deal.subject)
    await require_owner(session, right.id, listing.organisation_id)
    require_tradable(right)
    deal.co_owned = len(await owners_of(session, right.id)) > 1
    await _reserve_listing(session, listing.id, by_award=by_award)
    begin(session, deal, actor, price_minor=price_minor, currency=currency, right_id=right.id)
    await session.flush()
    await draw_up(session, keyring, deal)
    return deal


async def _reserve_listing(session: AsyncSession, listing_id: UUID, *, by_award: bool) -> None:
    listing = await lock(session, Listing, listing_id)
    if by_award:
        await system_move(session, listing, "award", actor=BY_SYSTEM)
        return
    if listing.state is not ListingState.PUBLISHED:
        raise ListingNotOpenError(f"it is {listing.state}")
    await system_move(session, listing, "reserve", actor=BY_SYSTEM)
