"""A chargeback is a buyer's dispute that the buyer's bank opens."""

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.deals.lifecycle import BUYER
from marketplace.deals.models import Deal
from marketplace.deals.parts import service as parts
from marketplace.deals.parts.queries import deal_of, subjects_of
from marketplace.kernel.db import lock
from marketplace.kernel.events import Fact
from marketplace.kernel.lifecycle import BY_SYSTEM, move
from marketplace.payments.transfers.rest import pay_rest
from marketplace.payments.transfers.service import refund_due


async def on_chargeback(session: AsyncSession, fact: Fact) -> None:
    """Freeze what is held: the operator decides the deal, knowing how the chargeback ends."""
    paid = await deal_of(session, str(fact.data["subject"]))
    if paid is None:
        return
    deal = await lock(session, Deal, paid.id)
    if "dispute" in deal.lifecycle.open_to(deal.state, BUYER):
        move(session, deal, "dispute", role=BUYER, actor=BY_SYSTEM)
        await parts.freeze(session, deal)
        deal.dispute_reason = f"the buyer's bank opened a chargeback: {fact.data['reason']}"


async def on_chargeback_over(session: AsyncSession, fact: Fact) -> None:
    """What was set off against a chargeback, or stopped by it, is due to the payer again.

    It goes back to the card or account that it came from, and only the rest to another account.
    """
    deal = await deal_of(session, str(fact.data["subject"]))
    if deal:
        await refund_due(session, deal.buyer_organisation_id, await subjects_of(session, deal))
        await pay_rest(session, deal.buyer_organisation_id)
