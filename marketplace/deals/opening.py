"""An accepted offer becomes a deal: terms frozen, rights reserved, agreement drawn up."""

from collections.abc import Sequence
from enum import StrEnum
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.assets.encumbrances.checking import require_free
from marketplace.assets.encumbrances.kinds import Deed
from marketplace.assets.models import Right
from marketplace.assets.service import reserve
from marketplace.assets.standing.service import require_tradable
from marketplace.assets.title.queries import owners_of
from marketplace.assets.title.service import require_owner
from marketplace.deals.agreement import draw_up
from marketplace.deals.brokers.service import put_brokers_who_acted
from marketplace.deals.bundles.service import allocate
from marketplace.deals.co_owners.sharing import share_fees
from marketplace.deals.licences.service import draft
from marketplace.deals.models import Deal
from marketplace.deals.negotiations.errors import ListingNotOpenError
from marketplace.deals.pools.sharing import share_out
from marketplace.kernel.crypto import Keyring
from marketplace.kernel.db import lock, now
from marketplace.kernel.lifecycle import BY_SYSTEM, Identity, begin
from marketplace.listings.bundles.models import ListingItem
from marketplace.listings.bundles.service import items_of
from marketplace.listings.deal_types import ALONE, DealType
from marketplace.listings.licensing.models import LicenceOffer
from marketplace.listings.licensing.service import offer_of
from marketplace.listings.lifecycle import ListingState
from marketplace.listings.models import Listing
from marketplace.listings.service import system_move
from marketplace.payments.fees.service import policy_at


class Way(StrEnum):
    """How a deal comes about; an award is of an idea that was never on the market."""

    OFFER = "offer"
    AWARD = "award"
    AUCTION = "auction"


async def open_deal(
    session: AsyncSession,
    keyring: Keyring,
    *,
    negotiation_id: UUID | None,
    listing_id: UUID,
    buyer_organisation_id: UUID,
    price_minor: int,
    currency: str,
    actor: Identity,
    way: Way = Way.OFFER,
) -> Deal:
    """Reserve what is sold, or draft what is licensed, and write the deal down.

    Rights are locked first, in order, so that their owner, their status and an idea's text are
    those of the moment in which the deal begins, and so that many who accept at once wait in a
    line: waiting for each other's reservation, they could deadlock. The database lets one
    reservation through, and the others learn that the right is reserved.
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
        type=listing.deal_type,
        buyer_organisation_id=buyer_organisation_id,
        seller_organisation_id=listing.organisation_id,
        price_minor=price_minor,
        currency=currency,
        fee_policy_id=policy.id,
        commission_basis_points=policy.commission_basis_points,
    )
    items = await items_of(session, listing.id) if listing.bundled else ()
    offer = None if deal.type is DealType.SALE else await offer_of(session, listing.id)
    for right_id in sorted({right.id, *(item.right_id for item in items)}):
        await _hold_right(session, deal, right_id, offer)
    await _hold_listing(session, listing.id, offer, way)
    begin(session, deal, actor, price_minor=price_minor, currency=currency, right_id=right.id)
    await session.flush()
    await _add_terms(session, deal, items, offer, actor)
    await put_brokers_who_acted(session, deal)
    await draw_up(session, keyring, deal)
    return deal


async def _hold_right(
    session: AsyncSession, deal: Deal, right_id: UUID, offer: LicenceOffer | None
) -> None:
    """A sale reserves a right; licences of it stand side by side, as far as they can."""
    right = await lock(session, Right, right_id)
    await require_free(session, right.id, Deed.LIST, by=deal.seller_organisation_id)
    if deal.type is DealType.SALE:
        await reserve(session, right.id, subject=deal.subject)
    require_tradable(right)
    by_owner = offer is None or (offer.head_licence_id is None and offer.pool_id is None)
    if by_owner:
        await require_owner(session, right.id, deal.seller_organisation_id)
        deal.co_owned |= len(await owners_of(session, right.id)) > 1


async def _hold_listing(
    session: AsyncSession, listing_id: UUID, offer: LicenceOffer | None, way: Way
) -> None:
    """One buyer takes a listing, unless it offers licences that others may have too."""
    listing = await lock(session, Listing, listing_id)
    if way is Way.AUCTION and listing.state is ListingState.RESERVED:
        return  # for the auction, whose place the deal takes
    if way is Way.AWARD:
        await system_move(session, listing, "award", actor=BY_SYSTEM)
        return
    if listing.state is not ListingState.PUBLISHED:
        raise ListingNotOpenError(f"it is {listing.state}")
    if offer is None or offer.offered.kind in ALONE:
        await system_move(session, listing, "reserve", actor=BY_SYSTEM)


async def _add_terms(
    session: AsyncSession,
    deal: Deal,
    items: Sequence[ListingItem],
    offer: LicenceOffer | None,
    actor: Identity,
) -> None:
    """What the agreement says beside the price: the parts of a bundle, a licence, a pool."""
    if items:
        deal.bundled = True
        await allocate(session, deal, items)
    if offer is not None:
        await draft(session, deal, offer, actor)
    if offer is not None and offer.pool_id is not None:
        await share_out(session, deal, offer.pool_id)
    elif offer is not None and offer.head_licence_id is None:
        await share_fees(session, deal, offer)
