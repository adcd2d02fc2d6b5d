"""Who takes part: a registration, and the deposit without which no bid counts."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.deals.auctions import deposits
from marketplace.deals.auctions.errors import (
    AuctionOverError,
    HasBidError,
    NotAdmittedError,
    OwnAuctionError,
)
from marketplace.deals.auctions.lifecycle import (
    BEFORE_AWARD,
    BIDDER,
    DECIDED,
    AuctionState,
    BidderState,
)
from marketplace.deals.auctions.models import (
    Auction,
    AuctionBid,
    AuctionBidder,
    AuctionReveal,
    Unrevealed,
)
from marketplace.deals.parties import require_other_people
from marketplace.kernel.db import lock, now
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.lifecycle import BY_SYSTEM, SYSTEM, Identity, begin, move
from marketplace.payments.funding.service import cancel_request, request_payment
from marketplace.payments.ledger.addresses import payable


async def register(session: AsyncSession, auction_id: UUID, *, actor: Actor) -> AuctionBidder:
    """Take part in an auction that is not over; its deposit is asked for.

    Raises:
        OwnAuctionError: the actor sells the right, or owns it.
        SamePeopleError: somebody stands for both sides.
        AuctionOverError: it is closed, or was cancelled.
        BidderExistsError: by the database, when the actor takes part already.
    """
    auction = await lock(session, Auction, auction_id)
    await require_stranger(session, auction, actor)
    is_early = auction.state in {AuctionState.SCHEDULED, AuctionState.OPEN}
    if not is_early or auction.closes_at <= now(session):
        raise AuctionOverError
    auction.bidders += 1
    bidder = AuctionBidder(
        created_at=now(session),
        auction_id=auction.id,
        organisation_id=actor.organisation_id,
        number=auction.bidders,
        deposit_minor=auction.deposit_minor,
        currency=auction.currency,
    )
    told: dict[str, Any] = {"auction_id": auction.id, "number": bidder.number}
    begin(session, bidder, actor, due_at=auction.closes_at, **told)
    await session.flush()
    if auction.deposit_minor:
        await request_payment(
            session,
            subject=bidder.subject,
            payer=bidder.organisation_id,
            amount_minor=bidder.deposit_minor,
            currency=bidder.currency,
        )
    else:
        move(
            session,
            await lock(session, AuctionBidder, bidder.id),
            "admit",
            role=SYSTEM,
            actor=BY_SYSTEM,
            **told,
        )
    return bidder


async def require_stranger(session: AsyncSession, auction: Auction, actor: Actor) -> None:
    """Refuse who would bid a price up for themselves, also when they have come to be one since.

    Raises:
        OwnAuctionError, SamePeopleError: the actor is on the other side.
    """
    sides = {auction.seller_organisation_id, auction.owner_organisation_id}
    if actor.organisation_id in sides:
        raise OwnAuctionError
    for side in sorted(sides):
        await require_other_people(session, seller=side, buyer=actor.organisation_id, actor=actor)


async def on_deposit(session: AsyncSession, bidder_id: UUID) -> None:
    """A deposit is held; told again, nothing happens. One that comes too late goes back."""
    seen = await session.get_one(AuctionBidder, bidder_id)
    auction = await lock(session, Auction, seen.auction_id)
    bidder = await lock(session, AuctionBidder, bidder_id)
    if bidder.state is not BidderState.AWAITING_DEPOSIT:
        return
    due_at = None if auction.state in BEFORE_AWARD else now(session)
    told: dict[str, Any] = {"auction_id": auction.id, "number": bidder.number}
    move(session, bidder, "admit", role=SYSTEM, actor=BY_SYSTEM, due_at=due_at, **told)


async def admitted(session: AsyncSession, auction: Auction, actor: Actor) -> AuctionBidder:
    """The actor's registration, whose deposit is held.

    Raises:
        NotAdmittedError: there is none.
    """
    bidder = await registration_of(session, auction.id, actor.organisation_id)
    if bidder is None or bidder.state is not BidderState.ADMITTED:
        raise NotAdmittedError
    return bidder


async def registration_of(
    session: AsyncSession, auction_id: UUID, organisation_id: UUID
) -> AuctionBidder | None:
    """An organisation's newest registration."""
    query = (
        select(AuctionBidder)
        .where(col(AuctionBidder.auction_id) == auction_id)
        .where(col(AuctionBidder.organisation_id) == organisation_id)
        .order_by(col(AuctionBidder.id).desc())
        .limit(1)
    )
    return (await session.execute(query)).scalar_one_or_none()


async def leave(session: AsyncSession, auction_id: UUID, *, actor: Actor) -> AuctionBidder:
    """Take part no more; a deposit goes back.

    Raises:
        NotFoundError: the actor takes no part.
        HasBidError: a bid was made.
        RequestNotOpenError: the deposit has just come; try again in a moment.
    """
    auction = await lock(session, Auction, auction_id)
    found = await registration_of(session, auction.id, actor.organisation_id)
    if found is None:
        raise NotFoundError("you are not registered for this auction")
    bidder = await lock(session, AuctionBidder, found.id)
    bidder.lifecycle.step(bidder.state, "withdraw", role=BIDDER)
    if await last_bid(session, bidder.id):
        raise HasBidError
    await withdraw(session, bidder, role=BIDDER, actor=actor)
    return bidder


async def withdraw(
    session: AsyncSession, bidder: AuctionBidder, *, role: str, actor: Identity
) -> None:
    """End a registration without a bid. The clock does, when no deposit came before the close."""
    was_admitted = bidder.state is BidderState.ADMITTED
    move(session, bidder, "withdraw", role=role, actor=actor, auction_id=bidder.auction_id)
    if was_admitted:
        payee = payable(bidder.organisation_id)
        await deposits.pay_deposit(session, bidder, "refund", payee)
    else:
        await cancel_request(session, bidder.subject, actor=actor)


async def last_bid(session: AsyncSession, bidder_id: UUID) -> AuctionBid | None:
    """The bid that stands of a bidder: an earlier one is void."""
    query = (
        select(AuctionBid)
        .where(col(AuctionBid.bidder_id) == bidder_id)
        .order_by(col(AuctionBid.number).desc())
        .limit(1)
    )
    return (await session.execute(query)).scalar_one_or_none()


async def settle(
    session: AsyncSession, bidder: AuctionBidder, *, role: str, actor: Identity
) -> None:
    """The clock: give a deposit back that the auction does not need, or take it by the terms.

    An award wakes these clocks; it holds the auction's row and then theirs, so this takes no lock
    of the auction, and sees it as it is before the award or after it.
    """
    auction = await session.get_one(Auction, bidder.auction_id)
    is_winner = auction.state is AuctionState.AWARDED and auction.winner_id == bidder.id
    if auction.state in BEFORE_AWARD or is_winner:
        move(session, bidder, "keep", role=role, actor=actor, auction_id=auction.id)
    elif await _is_forfeited(session, auction, bidder):
        await deposits.forfeit(session, auction, bidder, role=role, actor=actor)
    else:
        await deposits.release(session, bidder, role=role, actor=actor)


async def _is_forfeited(session: AsyncSession, auction: Auction, bidder: AuctionBidder) -> bool:
    """Whether a sealed bid was never opened, where the terms take the deposit for that."""
    if auction.unrevealed is not Unrevealed.FORFEIT or auction.state not in DECIDED:
        return False
    bid = await last_bid(session, bidder.id)
    if bid is None or bid.commitment is None:
        return False
    query = select(AuctionReveal.id).where(col(AuctionReveal.bid_id) == bid.id)
    return (await session.execute(query)).first() is None
