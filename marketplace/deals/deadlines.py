"""A provider holds money for a limited time; before it is over, a deal has to be decided.

The decision is the one that the deal's own clock would come to if nobody moved, brought forward.
"""

from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.deals import settling, signing
from marketplace.deals.lifecycle import DealState
from marketplace.deals.models import Deal
from marketplace.deals.parts.queries import deal_of
from marketplace.kernel.db import lock
from marketplace.kernel.events import Fact
from marketplace.kernel.lifecycle import BY_CLOCK, CLOCK

DECISIONS: Final = {
    DealState.SIGNED: signing.cancel,
    DealState.FUNDED: settling.refund,
    DealState.TRANSFER_FILED: settling.escalate,
    DealState.RECORDED: settling.release,
    DealState.DISPUTED: settling.resolve_refund,
    DealState.DISPUTED_AFTER_RECORDAL: settling.resolve_release,
}
"""What the clock does in each state in which money is held; before it is funded, a part is."""


async def on_hold_ending(session: AsyncSession, fact: Fact) -> None:
    """Decide a deal whose money may not be held for much longer."""
    paid = await deal_of(session, str(fact.data["subject"]))
    if paid is None:
        return
    deal = await lock(session, Deal, paid.id)
    while decide := DECISIONS.get(DealState(deal.state)):
        await decide(session, deal, role=CLOCK, actor=BY_CLOCK)
