"""An auction is announced, and holds its right until it is over."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.actors import Actor
from marketplace.assets.encumbrances.checking import require_free
from marketplace.assets.encumbrances.kinds import Deed
from marketplace.assets.models import Right
from marketplace.assets.service import end_reservation, reserve
from marketplace.assets.standing.service import require_tradable
from marketplace.deals.auctions.deposits import wake_bidders
from marketplace.deals.auctions.errors import (
    HasBidError,
    InvalidAuctionTermsError,
    SaleOnlyError,
)
from marketplace.deals.auctions.lifecycle import OPERATOR, SELLER
from marketplace.deals.auctions.models import Auction
from marketplace.deals.auctions.rules import BIDDING_MAX, BIDDING_MIN, NOTICE_MAX
from marketplace.deals.auctions.schemas import AuctionTerms
from marketplace.deals.negotiations.errors import ListingNotOpenError
from marketplace.kernel.db import lock, now
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.lifecycle import BY_SYSTEM, SYSTEM, Identity, begin, move
from marketplace.kernel.money import CurrencyMismatchError
from marketplace.listings.bundles.service import rights_of
from marketplace.listings.deal_types import DealType
from marketplace.listings.lifecycle import ListingState
from marketplace.listings.models import Listing
from marketplace.listings.service import reopen_listing, system_move


@dataclass(frozen=True, slots=True)
class Lot:
    """What is auctioned, by whom, and whose it is."""

    right_id: UUID
    seller: UUID
    owner: UUID
    listing_id: UUID | None = None


async def open_on_listing(
    session: AsyncSession, listing_id: UUID, terms: AuctionTerms, *, actor: Actor
) -> Auction:
    """Auction what a listing offers. It is reserved: nobody negotiates over it meanwhile.

    Rights are locked before the listing and in order, as by those who open deals.

    Raises:
        NotFoundError: no listing of the actor's.
        ListingNotOpenError, SaleOnlyError: it is not for sale now.
        InvalidAuctionTermsError, CurrencyMismatchError: by these terms nobody could bid.
        EncumberedError, NotTradableError: the right is no longer what may be offered.
        AuctionExistsError, RightReservedError: by the database, when another was first.
    """
    listing = await session.get(Listing, listing_id)
    if listing is None or listing.organisation_id != actor.organisation_id:
        raise NotFoundError("no such listing")
    if listing.deal_type is not DealType.SALE:
        raise SaleOnlyError
    if listing.currency != terms.currency:
        raise CurrencyMismatchError(f"the listing is in {listing.currency}")
    own = listing.organisation_id
    lot = Lot(listing.right_id, own, own, listing.id)
    auction = await announce(session, lot, terms, await rights_of(session, listing), actor=actor)
    listing = await lock(session, Listing, listing_id)
    if listing.state is not ListingState.PUBLISHED:
        raise ListingNotOpenError(f"it is {listing.state}")
    await system_move(session, listing, "reserve", actor=BY_SYSTEM)
    return auction


async def announce(
    session: AsyncSession, lot: Lot, terms: AuctionTerms, right_ids: list[UUID], *, actor: Actor
) -> Auction:
    """Write an auction down and reserve its rights."""
    opens_at = _require_times(session, terms)
    auction = Auction(
        created_at=now(session),
        listing_id=lot.listing_id,
        right_id=lot.right_id,
        seller_organisation_id=lot.seller,
        owner_organisation_id=lot.owner,
        **(terms.model_dump() | {"opens_at": opens_at}),
    )
    told = {"kind": auction.kind, "right_id": lot.right_id, "listing_id": lot.listing_id}
    told |= {"opens_at": opens_at, "closes_at": auction.closes_at}
    begin(session, auction, actor, due_at=opens_at, **told)
    await session.flush()
    for right_id in sorted(right_ids):
        right = await lock(session, Right, right_id)
        if lot.listing_id is not None:
            await require_free(session, right.id, Deed.LIST, by=lot.owner)
        require_tradable(right)
        await reserve(session, right.id, subject=auction.subject)
    return auction


def _require_times(session: AsyncSession, terms: AuctionTerms) -> datetime:
    """When bidding opens; left out, or just past, that is now."""
    moment = now(session)
    opens_at = max(terms.opens_at or moment, moment)
    if opens_at - moment > NOTICE_MAX:
        raise InvalidAuctionTermsError("it opens within sixty days")
    if not BIDDING_MIN <= terms.closes_at - opens_at <= BIDDING_MAX:
        raise InvalidAuctionTermsError("it is open for an hour at least, and sixty days at most")
    return opens_at


async def lock_for(session: AsyncSession, auction_id: UUID, actor: Actor) -> Auction:
    """Hold an auction of the actor's, or any for an operator.

    Raises:
        NotFoundError: no such auction, or another's.
    """
    auction = await lock(session, Auction, auction_id)
    if auction.seller_organisation_id != actor.organisation_id and not actor.is_operator:
        raise NotFoundError("no such auction")
    return auction


async def cancel(session: AsyncSession, auction_id: UUID, *, actor: Actor) -> Auction:
    """Call an auction off: the seller before the first bid, an operator until it is decided.

    Raises:
        HasBidError: somebody has bid; the seller is bound.
    """
    auction = await lock_for(session, auction_id, actor)
    is_sellers = auction.seller_organisation_id == actor.organisation_id
    role = SELLER if is_sellers else OPERATOR
    await call_off(session, auction, role=role, actor=actor)
    if is_sellers and auction.bids:
        raise HasBidError
    return auction


async def call_off(session: AsyncSession, auction: Auction, *, role: str, actor: Identity) -> None:
    """End an auction that nobody has won: deposits go back, and the right is free."""
    move(session, auction, "cancel", role=role, actor=actor)
    await wake_bidders(session, auction)
    await free_right(session, auction)


async def free_right(session: AsyncSession, auction: Auction) -> None:
    """Let go of what an auction held, and show a listing to the market again."""
    await end_reservation(session, subject=auction.subject)
    if auction.listing_id is None:
        return
    listing = await lock(session, Listing, auction.listing_id)
    if listing.state is ListingState.RESERVED:
        await reopen_listing(session, listing, role=SYSTEM, actor=BY_SYSTEM)
