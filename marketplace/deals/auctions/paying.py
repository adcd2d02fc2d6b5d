"""The price of an auction is there, and what then becomes of it and of the right."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.assets.knowing import learn
from marketplace.assets.service import end_reservation
from marketplace.assets.title.service import transfer_title
from marketplace.deals.auctions import deposits
from marketplace.deals.auctions.lifecycle import OPERATOR, AuctionState, BidderState
from marketplace.deals.auctions.models import Auction, AuctionBidder
from marketplace.kernel.db import lock
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.lifecycle import BY_SYSTEM, SYSTEM, move
from marketplace.listings.service import withdraw_listings_of
from marketplace.payments.ledger.addresses import held
from marketplace.payments.ledger.service import Booking, Posting, post


async def on_deal_funded(session: AsyncSession, deal_id: UUID) -> None:
    """The price of an award's deal is held: the auction is over, the deal goes on."""
    query = select(AuctionBidder.auction_id).where(col(AuctionBidder.deal_id) == deal_id)
    auction_id = (await session.execute(query)).scalar_one_or_none()
    if auction_id is None:
        return
    auction = await lock(session, Auction, auction_id)
    if auction.state is AuctionState.AWARDED:
        move(session, auction, "conclude", role=SYSTEM, actor=BY_SYSTEM)


async def on_price(session: AsyncSession, bidder_id: UUID) -> None:
    """The rest of the price of collateral is held: with the deposit it is all of it."""
    seen = await session.get_one(AuctionBidder, bidder_id)
    auction = await lock(session, Auction, seen.auction_id)
    if auction.state is not AuctionState.AWARDED or auction.winner_id != bidder_id:
        return
    bidder = await lock(session, AuctionBidder, bidder_id)
    assert auction.price_minor is not None
    rest_minor = auction.price_minor
    if bidder.state is BidderState.ADMITTED:
        await deposits.apply(session, bidder, auction.subject)
        rest_minor -= bidder.deposit_minor
    await post(
        session,
        Booking(
            key=f"price:{bidder.subject}",
            kind="auction_price",
            subject=auction.subject,
            currency=auction.currency,
            postings=[Posting(held(bidder.price_subject), held(auction.subject), rest_minor)],
        ),
    )
    told: dict[str, Any] = {
        "organisation_id": bidder.organisation_id,
        "amount_minor": auction.price_minor,
    }
    move(session, auction, "pay", role=SYSTEM, actor=BY_SYSTEM, **told)


async def record(
    session: AsyncSession, auction_id: UUID, evidence: str, *, actor: Actor
) -> Auction:
    """Operator: the register tells that collateral is the winner's, and so it is here.

    Raises:
        NotFoundError: no such auction.
        IllegalMoveError: it is not paid, or was sold by a deal.
    """
    seen = await session.get(Auction, auction_id)
    if seen is None:
        raise NotFoundError("no such auction")
    await learn(session, seen.right_id)
    auction = await lock(session, Auction, auction_id)
    move(session, auction, "record", role=OPERATOR, actor=actor)
    auction.evidence = evidence
    assert auction.winner_id is not None
    winner = await session.get_one(AuctionBidder, auction.winner_id)
    told: dict[str, Any] = {"basis": auction.subject, "source": evidence}
    await transfer_title(session, auction.right_id, to=winner.organisation_id, actor=actor, **told)
    await end_reservation(session, subject=auction.subject)
    await withdraw_listings_of(session, auction.right_id)
    return auction
