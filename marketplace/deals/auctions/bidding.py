"""Bids: each takes the auction's row, so that they come one after another and before the close."""

from hmac import compare_digest
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.actors import Actor
from marketplace.deals.auctions.bidders import admitted, last_bid, require_stranger
from marketplace.deals.auctions.errors import (
    AuctionOverError,
    BidTooLowError,
    CommitmentMismatchError,
    NotAdmittedError,
    OtherKindError,
)
from marketplace.deals.auctions.lifecycle import BIDDER, AuctionState
from marketplace.deals.auctions.models import (
    Auction,
    AuctionBid,
    AuctionBidder,
    AuctionKind,
    AuctionReveal,
)
from marketplace.deals.auctions.rules import commitment, extended, least_minor
from marketplace.deals.auctions.turning import catch_up
from marketplace.kernel.db import lock, now
from marketplace.kernel.lifecycle import move
from marketplace.kernel.money import CurrencyMismatchError, Money


async def bid(session: AsyncSession, auction_id: UUID, price: Money, *, actor: Actor) -> AuctionBid:
    """Bid in an ascending auction. In its last minutes a bid moves the close.

    Raises:
        OtherKindError, AuctionOverError, IllegalMoveError: it takes no such bid now.
        NotAdmittedError: not registered, or without a deposit.
        OwnAuctionError, SamePeopleError: somebody stands for both sides.
        CurrencyMismatchError, BidTooLowError: and nothing changed.
    """
    auction, bidder = await _hold(session, auction_id, AuctionKind.ASCENDING, actor)
    if price.currency != auction.currency:
        raise CurrencyMismatchError(f"the auction is in {auction.currency}")
    least = least_minor(auction.starting_minor, auction.step_minor or 0, auction.highest_minor)
    if price.amount_minor < least:
        raise BidTooLowError(f"bid {least} at least")
    closes_at = extended(auction.closes_at, now(session), auction.soft_close_minutes)
    made = _put(session, auction, bidder, amount_minor=price.amount_minor)
    told: dict[str, Any] = {
        "number": made.number,
        "bidder": bidder.number,
        "amount_minor": price.amount_minor,
    }
    told |= {"currency": auction.currency, "closes_at": closes_at}
    move(session, auction, "bid", role=BIDDER, actor=actor, due_at=closes_at, **told)
    auction.extensions += closes_at > auction.closes_at
    auction.closes_at, auction.highest_minor = closes_at, price.amount_minor
    await session.flush()
    return made


async def seal(session: AsyncSession, auction_id: UUID, sha256: str, *, actor: Actor) -> AuctionBid:
    """Seal a bid, of which only the hash is told. A later one takes its place, and its time.

    Raises:
        As `bid`, but for amounts, which nobody knows.
    """
    auction, bidder = await _hold(session, auction_id, AuctionKind.SEALED, actor)
    made = _put(session, auction, bidder, commitment=sha256)
    told: dict[str, Any] = {"number": made.number, "bidder": bidder.number, "sha256": sha256}
    due_at = auction.closes_at
    move(session, auction, "seal", role=BIDDER, actor=actor, due_at=due_at, **told)
    await session.flush()
    return made


async def reveal(
    session: AsyncSession, auction_id: UUID, price: Money, nonce: str, *, actor: Actor
) -> AuctionBid:
    """Open one's sealed bid after the close; one that was not opened does not win.

    Raises:
        CommitmentMismatchError: it is not what was sealed.
        AlreadyRevealedError: by the database.
        AuctionOverError, IllegalMoveError: too early, or too late.
    """
    auction = await lock(session, Auction, auction_id)
    _require_kind(auction, AuctionKind.SEALED)
    catch_up(session, auction)
    bidder = await admitted(session, auction, actor)
    if auction.state is AuctionState.CLOSED and _is_over(session, auction):
        raise AuctionOverError
    made = await last_bid(session, bidder.id)
    if made is None:
        raise NotAdmittedError("you sealed no bid")
    told: dict[str, Any] = {
        "number": made.number,
        "bidder": bidder.number,
        "amount_minor": price.amount_minor,
    }
    told |= {"currency": auction.currency}
    due_at = auction.due_at
    move(session, auction, "reveal", role=BIDDER, actor=actor, due_at=due_at, **told)
    _require_match(auction, bidder, made, price, nonce)
    session.add(
        AuctionReveal(
            created_at=now(session), bid_id=made.id, amount_minor=price.amount_minor, nonce=nonce
        )
    )
    await session.flush()
    return made


def _is_over(session: AsyncSession, auction: Auction) -> bool:
    return auction.due_at is not None and auction.due_at <= now(session)


def _require_match(
    auction: Auction, bidder: AuctionBidder, made: AuctionBid, price: Money, nonce: str
) -> None:
    if price.currency != auction.currency:
        raise CurrencyMismatchError(f"the auction is in {auction.currency}")
    found = commitment(auction.id, bidder.id, price.amount_minor, nonce)
    if not compare_digest(found, made.commitment or ""):
        raise CommitmentMismatchError


async def _hold(
    session: AsyncSession, auction_id: UUID, kind: AuctionKind, actor: Actor
) -> tuple[Auction, AuctionBidder]:
    """Hold an auction that takes bids at this moment, whatever the clock is late with."""
    auction = await lock(session, Auction, auction_id)
    _require_kind(auction, kind)
    catch_up(session, auction)
    await require_stranger(session, auction, actor)
    if auction.state is not AuctionState.OPEN:
        raise AuctionOverError(f"it is {auction.state}")
    return auction, await admitted(session, auction, actor)


def _require_kind(auction: Auction, kind: AuctionKind) -> None:
    if auction.kind is not kind:
        raise OtherKindError(f"it is {auction.kind}")


def _put(
    session: AsyncSession,
    auction: Auction,
    bidder: AuctionBidder,
    *,
    amount_minor: int | None = None,
    commitment: str | None = None,
) -> AuctionBid:
    auction.bids += 1
    made = AuctionBid(
        created_at=now(session),
        auction_id=auction.id,
        bidder_id=bidder.id,
        number=auction.bids,
        amount_minor=amount_minor,
        commitment=commitment,
    )
    session.add(made)
    return made
