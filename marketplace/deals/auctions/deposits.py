"""What becomes of deposits: back to the bidder, into the price, or forfeited by the terms."""

from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.deals.auctions.lifecycle import BidderState
from marketplace.deals.auctions.models import Auction, AuctionBidder
from marketplace.deals.models import Deal
from marketplace.kernel.db import lock, now
from marketplace.kernel.lifecycle import BY_SYSTEM, SYSTEM, Identity, move
from marketplace.payments.ledger.addresses import held, payable
from marketplace.payments.ledger.service import Booking, Posting, post

KINDS: Final = {"release": "refund", "forfeit": "forfeit", "apply": "deposit"}
"""How the ledger calls what a move does to a deposit."""
_WAKE: Final = text(
    "UPDATE auction_bidder SET due_at = :at"
    " WHERE auction_id = :auction_id AND state IN ('admitted') AND id IS DISTINCT FROM :winner_id"
)


async def release(
    session: AsyncSession, bidder: AuctionBidder, *, role: str, actor: Identity
) -> None:
    """Give a locked bidder's deposit back."""
    await _pass(session, bidder, "release", payable(bidder.organisation_id), role, actor)


async def forfeit(
    session: AsyncSession, auction: Auction, bidder: AuctionBidder, *, role: str, actor: Identity
) -> None:
    """Take a locked bidder's deposit, for the seller; of collateral, for who has claims to it."""
    to = auction.subject
    destination = payable(auction.seller_organisation_id) if auction.listing_id else held(to)
    await _pass(session, bidder, "forfeit", destination, role, actor)


async def apply(session: AsyncSession, bidder: AuctionBidder, subject: str) -> None:
    """Add a locked bidder's deposit to what is held for its price."""
    await _pass(session, bidder, "apply", held(subject), SYSTEM, BY_SYSTEM)


async def _pass(
    session: AsyncSession,
    bidder: AuctionBidder,
    name: str,
    destination: str,
    role: str,
    actor: Identity,
) -> None:
    told: dict[str, Any] = {
        "auction_id": bidder.auction_id,
        "amount_minor": bidder.deposit_minor,
        "currency": bidder.currency,
    }
    move(session, bidder, name, role=role, actor=actor, **told)
    await pay_deposit(session, bidder, KINDS[name], destination)


async def pay_deposit(
    session: AsyncSession, bidder: AuctionBidder, kind: str, destination: str
) -> None:
    """Move a deposit on, once: the key refuses a second time, and so does the empty account."""
    if not bidder.deposit_minor:
        return
    await post(
        session,
        Booking(
            key=f"deposit:{bidder.subject}",
            kind=kind,
            subject=bidder.subject,
            currency=bidder.currency,
            postings=[Posting(held(bidder.subject), destination, bidder.deposit_minor)],
        ),
    )


async def _depositor(session: AsyncSession, deal: Deal) -> AuctionBidder | None:
    """Who was awarded this deal, and whose deposit is held."""
    query = select(AuctionBidder).where(
        col(AuctionBidder.deal_id) == deal.id, col(AuctionBidder.state) == BidderState.ADMITTED
    )
    return (await session.execute(query)).scalar_one_or_none()


async def deposit_minor(session: AsyncSession, deal: Deal) -> int:
    """What is there already of a price, in minor units; nothing of a price in parts."""
    bidder = None if deal.in_parts else await _depositor(session, deal)
    return bidder.deposit_minor if bidder else 0


async def use_deposit(session: AsyncSession, deal: Deal) -> None:
    """The rest of the price has come: the deposit joins it.

    Of a price in parts the first part is there, and the deposit, which made sure of it, goes back.
    """
    found = await _depositor(session, deal)
    if found is None:
        return
    bidder = await lock(session, AuctionBidder, found.id)
    if deal.in_parts:
        await release(session, bidder, role=SYSTEM, actor=BY_SYSTEM)
    else:
        await apply(session, bidder, deal.subject)


async def wake_bidders(session: AsyncSession, auction: Auction) -> None:
    """Let the clock settle every deposit but the winner's, each in a transaction of its own."""
    await session.flush()
    values = {"auction_id": auction.id, "winner_id": auction.winner_id, "at": now(session)}
    await session.execute(_WAKE, values)
