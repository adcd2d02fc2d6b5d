"""When an auction opens and closes."""

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.deals.auctions.lifecycle import AuctionState
from marketplace.deals.auctions.models import Auction
from marketplace.kernel.db import now
from marketplace.kernel.lifecycle import BY_SYSTEM, SYSTEM, Identity, move


def reveals_until(auction: Auction) -> datetime:
    """Until when sealed bids are opened; of an ascending auction, the close itself."""
    return auction.closes_at + timedelta(hours=auction.reveal_hours)


async def open_bidding(
    session: AsyncSession, auction: Auction, *, role: str, actor: Identity
) -> None:
    """Take bids from now on."""
    _open(session, auction, role, actor)


async def close_bidding(
    session: AsyncSession, auction: Auction, *, role: str, actor: Identity
) -> None:
    """Take no more bids; the decision follows at once, or when sealed bids were opened."""
    _close(session, auction, role, actor)


def catch_up(session: AsyncSession, auction: Auction) -> None:
    """Open or close a locked auction whose moment has come; the clock may be seconds late."""
    if auction.state is AuctionState.SCHEDULED and auction.opens_at <= now(session):
        _open(session, auction, SYSTEM, BY_SYSTEM)
    if auction.state is AuctionState.OPEN and auction.closes_at <= now(session):
        _close(session, auction, SYSTEM, BY_SYSTEM)


def _open(session: AsyncSession, auction: Auction, role: str, actor: Identity) -> None:
    move(session, auction, "open", role=role, actor=actor, due_at=auction.closes_at)


def _close(session: AsyncSession, auction: Auction, role: str, actor: Identity) -> None:
    due_at = reveals_until(auction)
    move(session, auction, "close", role=role, actor=actor, due_at=due_at, bids=auction.bids)
