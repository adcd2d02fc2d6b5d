from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.deals.auctions.bidders import registration_of
from marketplace.deals.auctions.lifecycle import BEFORE_AWARD, AuctionState
from marketplace.deals.auctions.models import (
    Auction,
    AuctionBid,
    AuctionBidder,
    AuctionKind,
    AuctionReveal,
)
from marketplace.deals.auctions.rules import least_minor
from marketplace.deals.auctions.schemas import (
    AuctionRead,
    BidRead,
    OwnAuctionRead,
    RegistrationRead,
)
from marketplace.deals.auctions.turning import reveals_until
from marketplace.deals.parts.queries import requests_of
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.pagination import page_by_id
from marketplace.kernel.schemas import Amount
from marketplace.payments.online.instructions import instructions
from marketplace.payments.online.schemas import PaymentInstructions
from marketplace.payments.providers.port import WaysToPay


async def get_auction(session: AsyncSession, auction_id: UUID) -> Auction:
    """An auction, which is public from its announcement on.

    Raises:
        NotFoundError: there is none.
    """
    found = await session.get(Auction, auction_id)
    if found is None:
        raise NotFoundError("no such auction")
    return found


async def auctions(
    session: AsyncSession,
    *,
    listing_id: UUID | None,
    state: AuctionState | None,
    cursor: str | None,
    limit: int,
) -> tuple[Sequence[Auction], str | None]:
    """Auctions, newest first."""
    query = select(Auction)
    if listing_id is not None:
        query = query.where(col(Auction.listing_id) == listing_id)
    if state is not None:
        query = query.where(col(Auction.state) == state)
    return await page_by_id(session, query, Auction, cursor=cursor, limit=limit)


async def winners_of(session: AsyncSession, found: Sequence[Auction]) -> dict[UUID, AuctionBidder]:
    """Who won each of some auctions."""
    ids = [auction.winner_id for auction in found if auction.winner_id]
    query = select(AuctionBidder).where(col(AuctionBidder.id).in_(ids))
    return {one.id: one for one in (await session.execute(query)).scalars()} if ids else {}


async def read_all(session: AsyncSession, found: Sequence[Auction]) -> list[AuctionRead]:
    """Auctions as everybody reads them."""
    winners = await winners_of(session, found)
    return [AuctionRead.model_validate(_public(one, winners)) for one in found]


def _public(auction: Auction, winners: dict[UUID, AuctionBidder]) -> dict[str, object]:
    is_sealed = auction.kind is AuctionKind.SEALED
    winner = winners.get(auction.winner_id) if auction.winner_id else None
    takes_bids = auction.state in BEFORE_AWARD and not is_sealed
    least = least_minor(auction.starting_minor, auction.step_minor or 0, auction.highest_minor)
    return auction.model_dump() | {
        "reveals_until": reveals_until(auction) if is_sealed else None,
        "least_minor": least if takes_bids else None,
        "winner": winner.number if winner else None,
        "deal_id": winner.deal_id if winner else None,
    }


async def read_own(session: AsyncSession, auction: Auction) -> OwnAuctionRead:
    """An auction as its seller reads it, with the reserve."""
    return OwnAuctionRead.model_validate(_public(auction, await winners_of(session, [auction])))


async def bids_of(
    session: AsyncSession, auction: Auction, *, cursor: str | None, limit: int
) -> tuple[list[BidRead], str | None]:
    """The bids of an auction, newest first; sealed ones by their hashes."""
    query = select(AuctionBid).where(col(AuctionBid.auction_id) == auction.id)
    found, following = await page_by_id(session, query, AuctionBid, cursor=cursor, limit=limit)
    opened = await _reveals(session, found)
    numbers = await _numbers(session, found)
    return [_bid(auction, one, opened.get(one.id), numbers) for one in found], following


def _bid(
    auction: Auction, bid: AuctionBid, opened: AuctionReveal | None, numbers: dict[UUID, int]
) -> BidRead:
    minor = opened.amount_minor if opened else bid.amount_minor
    return BidRead(
        number=bid.number,
        bidder=numbers[bid.bidder_id],
        amount=None if minor is None else Amount(amount_minor=minor, currency=auction.currency),
        sha256=bid.commitment,
        nonce=opened.nonce if opened else None,
        made_at=bid.created_at,
    )


async def read_bid(session: AsyncSession, bid: AuctionBid) -> BidRead:
    auction = await session.get_one(Auction, bid.auction_id)
    opened, numbers = await _reveals(session, [bid]), await _numbers(session, [bid])
    return _bid(auction, bid, opened.get(bid.id), numbers)


async def _reveals(session: AsyncSession, found: Sequence[AuctionBid]) -> dict[UUID, AuctionReveal]:
    query = select(AuctionReveal).where(col(AuctionReveal.bid_id).in_([one.id for one in found]))
    return {one.bid_id: one for one in (await session.execute(query)).scalars()}


async def _numbers(session: AsyncSession, found: Sequence[AuctionBid]) -> dict[UUID, int]:
    ids = {one.bidder_id for one in found}
    query = select(AuctionBidder.id, AuctionBidder.number).where(col(AuctionBidder.id).in_(ids))
    return {row.id: row.number for row in (await session.execute(query)).all()}


async def own_registration(
    session: AsyncSession, auction_id: UUID, ways: WaysToPay, *, actor: Actor
) -> RegistrationRead:
    """The actor's registration for an auction.

    Raises:
        NotFoundError: there is none, or no such auction.
    """
    auction = await get_auction(session, auction_id)
    bidder = await registration_of(session, auction.id, actor.organisation_id)
    if bidder is None:
        raise NotFoundError("you are not registered for this auction")
    return await read_registration(session, auction, bidder, ways)


async def read_registration(
    session: AsyncSession, auction: Auction, bidder: AuctionBidder, ways: WaysToPay
) -> RegistrationRead:
    """A registration as the bidder reads it, with what is to be paid and how."""
    asked = await requests_of(session, [bidder.subject, bidder.price_subject])
    payees = [auction.seller_organisation_id]
    told = await instructions(session, list(asked.values()), ways, payees)

    def payment(subject: str) -> PaymentInstructions | None:
        request = asked.get(subject)
        return told[request.id] if request else None

    return RegistrationRead(
        id=bidder.id,
        auction_id=auction.id,
        number=bidder.number,
        state=bidder.state,
        deposit=Amount(amount_minor=bidder.deposit_minor, currency=bidder.currency),
        deal_id=bidder.deal_id,
        deposit_payment=payment(bidder.subject),
        price_payment=payment(bidder.price_subject),
    )
