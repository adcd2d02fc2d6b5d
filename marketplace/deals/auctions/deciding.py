"""After the close: who wins, what a winner who does not pay loses, and who comes next."""

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.actors import Actor
from marketplace.assets.service import end_reservation
from marketplace.deals import signing
from marketplace.deals.auctions import deposits
from marketplace.deals.auctions.errors import NobodyNextError
from marketplace.deals.auctions.lifecycle import SELLER, BidderState
from marketplace.deals.auctions.models import Auction, AuctionBidder
from marketplace.deals.auctions.opening import free_right, lock_for
from marketplace.deals.lifecycle import BUYER, DealState
from marketplace.deals.models import Deal
from marketplace.deals.opening import Way, open_deal
from marketplace.documents.signatures import newest, signatures_of
from marketplace.kernel.crypto import Keyring
from marketplace.kernel.db import lock, now
from marketplace.kernel.errors import MarketplaceError
from marketplace.kernel.lifecycle import CLOCK, SYSTEM, Identity, move
from marketplace.kernel.master_keys import carried_keyring
from marketplace.payments.funding.service import cancel_request, request_payment

_BEST: Final = text(
    """
    SELECT b.bidder_id, coalesce(r.amount_minor, b.amount_minor) AS amount_minor
    FROM auction_bid b
    JOIN auction_bidder p ON p.id = b.bidder_id
    LEFT JOIN auction_reveal r ON r.bid_id = b.id
    WHERE b.auction_id = :auction_id AND p.awarded_at IS NULL
        AND coalesce(r.amount_minor, b.amount_minor) >= :least_minor
    ORDER BY amount_minor DESC, b.number LIMIT 1
    """
)
"""The highest bid of who was not asked yet; of equal ones the earlier. A sealed one that was not
opened has no amount."""


@dataclass(frozen=True, slots=True)
class Best:
    """A bid that would win."""

    bidder_id: UUID
    amount_minor: int


async def decide(session: AsyncSession, auction: Auction, *, role: str, actor: Identity) -> None:
    """The clock: the highest valid bid wins and becomes a deal, or nobody's does.

    What cannot be sold any more is not: then the auction fails for that reason.
    """
    best = await _best(session, auction)
    if best is None:
        reason = "reserve_not_met" if auction.bids else "no_bids"
        await _fail(session, auction, reason, role, actor)
        return
    try:
        async with session.begin_nested():
            keyring = carried_keyring(session)
            await _award(session, keyring, auction, best, role=role, actor=actor)
    except MarketplaceError as error:
        await session.refresh(auction)
        await _fail(session, auction, error.code, role, actor)


async def _best(session: AsyncSession, auction: Auction) -> Best | None:
    least = max(auction.starting_minor, auction.reserve_minor or 0)
    values = {"auction_id": auction.id, "least_minor": least}
    row = (await session.execute(_BEST, values)).first()
    return Best(*row) if row else None


async def _fail(
    session: AsyncSession, auction: Auction, reason: str, role: str, actor: Identity
) -> None:
    auction.outcome = reason
    move(session, auction, "fail", role=role, actor=actor, reason=reason)
    await deposits.wake_bidders(session, auction)
    await free_right(session, auction)


async def _award(
    session: AsyncSession,
    keyring: Keyring,
    auction: Auction,
    best: Best,
    *,
    role: str,
    actor: Identity,
) -> None:
    """Give a bid what it bid for: by a deal, or of collateral by asking for the price."""
    bidder = await lock(session, AuctionBidder, best.bidder_id)
    deposit_minor = bidder.deposit_minor if bidder.state is BidderState.ADMITTED else 0
    bidder.awarded_at, auction.winner_id = now(session), bidder.id
    auction.price_minor, auction.outcome = best.amount_minor, None
    due_at = now(session) + auction.payment_time
    told: dict[str, Any] = {"bidder": bidder.number, "amount_minor": best.amount_minor}
    told |= {"currency": auction.currency}
    if auction.listing_id is not None:
        way = Way.AUCTION if role == CLOCK else Way.OFFER
        deal = await _open_deal(session, keyring, auction, bidder, way=way, actor=actor)
        told |= {"deal_id": str(deal.id)}
        bidder.deal_id = deal.id
    else:
        await request_payment(
            session,
            subject=bidder.price_subject,
            payer=bidder.organisation_id,
            amount_minor=best.amount_minor - deposit_minor,
            currency=auction.currency,
        )
    move(session, auction, "award", role=role, actor=actor, due_at=due_at, **told)
    await deposits.wake_bidders(session, auction)


async def _open_deal(
    session: AsyncSession,
    keyring: Keyring,
    auction: Auction,
    bidder: AuctionBidder,
    *,
    way: Way,
    actor: Identity,
) -> Deal:
    """The deal takes the place of the auction, which holds the right no longer.

    Whoever comes next has no such place: the right may have been sold since.
    """
    assert auction.listing_id is not None
    assert auction.price_minor is not None
    await end_reservation(session, subject=auction.subject)
    return await open_deal(
        session,
        keyring,
        negotiation_id=None,
        listing_id=auction.listing_id,
        buyer_organisation_id=bidder.organisation_id,
        price_minor=auction.price_minor,
        currency=auction.currency,
        actor=actor,
        way=way,
    )


async def lapse(session: AsyncSession, auction: Auction, *, role: str, actor: Identity) -> None:
    """The clock: the winner has not paid in time, and loses the deposit if that is their fault.

    Raises:
        RequestNotOpenError: the price has come meanwhile.
    """
    assert auction.winner_id is not None
    winner, is_to_blame = await session.get_one(AuctionBidder, auction.winner_id), True
    if winner.deal_id is not None:  # a deal is held before its deposit, as by who funds it
        deal = await lock(session, Deal, winner.deal_id)
        is_to_blame = await _could_have_paid(session, deal)
        await signing.cancel(session, deal, role=role, actor=actor)
    else:
        await cancel_request(session, winner.price_subject, actor=actor)
    bidder = await lock(session, AuctionBidder, winner.id)
    await _end_award(session, auction, bidder, role=role, actor=actor, is_to_blame=is_to_blame)


async def _could_have_paid(session: AsyncSession, deal: Deal) -> bool:
    """Whether only the buyer was waited for: to sign what could be signed, or to pay."""
    if deal.state is DealState.SIGNED:
        return True
    signed = await signatures_of(session, await newest(session, deal.subject))
    if any(one.organisation_id == deal.buyer_organisation_id for one in signed):
        return False
    try:
        await signing.require_sellable(session, deal)
    except MarketplaceError:
        return False
    return True


async def on_deal_cancelled(
    session: AsyncSession, auction_id: UUID, deal_id: UUID, *, by: str, was: str, actor: Identity
) -> None:
    """The deal of an award was called off: by the winner, who loses the deposit, or by another."""
    auction = await lock(session, Auction, auction_id)
    if auction.winner_id is None or "lapse" not in auction.lifecycle.open_to(auction.state, by):
        return
    bidder = await lock(session, AuctionBidder, auction.winner_id)
    if bidder.deal_id != deal_id:
        return
    is_to_blame = by == BUYER or (by == CLOCK and was == DealState.SIGNED)
    await _end_award(session, auction, bidder, role=by, actor=actor, is_to_blame=is_to_blame)


async def _end_award(
    session: AsyncSession,
    auction: Auction,
    bidder: AuctionBidder,
    *,
    role: str,
    actor: Identity,
    is_to_blame: bool,
) -> None:
    move(session, auction, "lapse", role=role, actor=actor, bidder=bidder.number)
    auction.winner_id = auction.price_minor = None
    if bidder.state is BidderState.ADMITTED:
        if is_to_blame:
            await deposits.forfeit(session, auction, bidder, role=SYSTEM, actor=actor)
        else:
            await deposits.release(session, bidder, role=SYSTEM, actor=actor)


async def offer_next(
    session: AsyncSession, keyring: Keyring, auction_id: UUID, *, actor: Actor
) -> Auction:
    """Offer the right to the next valid bid.

    The deposit of that bid went back, so that its bidder may let the offer pass.

    Raises:
        NobodyNextError: no other bid reaches the reserve.
        ListingNotOpenError, RightReservedError: it was sold or reserved since.
    """
    auction = await lock_for(session, auction_id, actor)
    auction.lifecycle.step(auction.state, "award", role=SELLER)
    best = await _best(session, auction)
    if best is None:
        raise NobodyNextError
    await _award(session, keyring, auction, best, role=SELLER, actor=actor)
    return auction


async def end(session: AsyncSession, auction_id: UUID, *, actor: Actor) -> Auction:
    """Offer it to nobody else."""
    auction = await lock_for(session, auction_id, actor)
    await end_lapsed(session, auction, role=SELLER, actor=actor)
    return auction


async def end_lapsed(
    session: AsyncSession, auction: Auction, *, role: str, actor: Identity
) -> None:
    """The same, by the clock. Collateral was held all the while for who comes next."""
    auction.outcome = "not_paid"
    move(session, auction, "end", role=role, actor=actor)
    await end_reservation(session, subject=auction.subject)
