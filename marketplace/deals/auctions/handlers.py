"""What auctions do when payments and deals tell news."""

from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.deals.auctions.bidders import on_deposit
from marketplace.deals.auctions.deciding import on_deal_cancelled
from marketplace.deals.auctions.models import AuctionBidder
from marketplace.deals.auctions.paying import on_deal_funded, on_price
from marketplace.kernel.events import Consumer, Fact
from marketplace.kernel.lifecycle import Machine
from marketplace.payments.transfers.service import pay_out

SETTLED: Final = ("release", "forfeit", "withdraw")
"""After these moves of a bidder, a deposit may be payable."""


async def on_paid(session: AsyncSession, fact: Fact) -> None:
    """A deposit is held, or the rest of a price."""
    kind, _, paid_for = str(fact.data["subject"]).partition(":")
    if kind == "auction_bidder":
        await on_deposit(session, UUID(paid_for))
    elif kind == "auction_price":
        await on_price(session, UUID(paid_for))


async def on_funded(session: AsyncSession, fact: Fact) -> None:
    await on_deal_funded(session, UUID(fact.subject.removeprefix("deal:")))


async def on_cancelled(session: AsyncSession, fact: Fact) -> None:
    """A deal was called off; if it was an award's, somebody may be to blame."""
    deal_id = UUID(fact.subject.removeprefix("deal:"))
    query = select(AuctionBidder.auction_id).where(col(AuctionBidder.deal_id) == deal_id)
    auction_id = (await session.execute(query)).scalar_one_or_none()
    if auction_id is not None:
        by, was = str(fact.data["as"]), str(fact.data["from"])
        actor = Machine(fact.actor)
        await on_deal_cancelled(session, auction_id, deal_id, by=by, was=was, actor=actor)


async def on_settled(session: AsyncSession, fact: Fact) -> None:
    """A deposit that was paid by card goes back to the card."""
    await pay_out(session, fact.subject)


CONSUMER: Final = Consumer(
    "auctions",
    {
        "payment_request.pay": on_paid,
        "deal.fund": on_funded,
        "deal.cancel": on_cancelled,
    }
    | {f"auction_bidder.{name}": on_settled for name in SETTLED},
)
