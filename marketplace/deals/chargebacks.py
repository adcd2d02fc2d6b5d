"""A chargeback is a buyer's dispute that the buyer's bank opens."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.deals.lifecycle import BUYER
from marketplace.deals.models import Deal
from marketplace.kernel.db import lock
from marketplace.kernel.events import Fact
from marketplace.kernel.lifecycle import BY_SYSTEM, move


async def on_chargeback(session: AsyncSession, fact: Fact) -> None:
    """Freeze what is held: the operator decides the deal, knowing how the chargeback ends."""
    kind, _, deal_id = str(fact.data["subject"]).partition(":")
    if kind != "deal":
        return
    deal = await lock(session, Deal, UUID(deal_id))
    if "dispute" in deal.lifecycle.open_to(deal.state, BUYER):
        move(session, deal, "dispute", role=BUYER, actor=BY_SYSTEM)
        deal.dispute_reason = f"the buyer's bank opened a chargeback: {fact.data['reason']}"
