"""A chargeback is a buyer's dispute that the buyer's bank opens, and the card network decides."""

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.deals.bearing import chargebacks_of
from marketplace.deals.lifecycle import BUYER, THAWS
from marketplace.deals.models import Deal
from marketplace.deals.parts import service as parts
from marketplace.deals.parts.queries import deal_of, subjects_of
from marketplace.kernel.db import lock
from marketplace.kernel.events import Fact
from marketplace.kernel.lifecycle import BY_SYSTEM, SYSTEM, move
from marketplace.payments.transfers.rest import pay_rest
from marketplace.payments.transfers.service import refund_due


async def on_chargeback(session: AsyncSession, fact: Fact) -> None:
    """Freeze what is held: the operator decides the deal, knowing how the chargeback ends."""
    paid = await deal_of(session, str(fact.data["subject"]))
    if paid is None:
        return
    deal = await lock(session, Deal, paid.id)
    if "dispute" in deal.lifecycle.open_to(deal.state, BUYER):
        deal.frozen_from = deal.state
        move(session, deal, "dispute", role=BUYER, actor=BY_SYSTEM)
        await parts.freeze(session, deal)
        deal.dispute_reason = f"the buyer's bank opened a chargeback: {fact.data['reason']}"


async def on_chargeback_won(session: AsyncSession, fact: Fact) -> None:
    """The money is back: a deal that nothing else stopped goes on from where it was."""
    deal = await deal_of(session, str(fact.data["subject"]))
    if deal:
        await _thaw(session, await lock(session, Deal, deal.id))
    await on_chargeback_over(session, fact)


async def on_chargeback_over(session: AsyncSession, fact: Fact) -> None:
    """What was set off against a chargeback, or stopped by it, is due to the payer again.

    It goes back to the card or account that it came from, and only the rest to another account.
    """
    deal = await deal_of(session, str(fact.data["subject"]))
    if deal:
        await refund_due(session, deal.buyer_organisation_id, await subjects_of(session, deal))
        await pay_rest(session, deal.buyer_organisation_id)


async def _thaw(session: AsyncSession, deal: Deal) -> None:
    """Undo the freeze, unless somebody else disputes, decided, or another chargeback stands."""
    name = THAWS[deal.frozen_from] if deal.frozen_from else None
    if name not in deal.lifecycle.open_to(deal.state, SYSTEM):
        return
    if await chargebacks_of(session, deal):
        return
    move(session, deal, name, role=SYSTEM, actor=BY_SYSTEM)
    deal.frozen_from = deal.dispute_reason = None
    await parts.thaw(session, deal)
