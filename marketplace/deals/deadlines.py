"""What the clock decides of a dispute, and of a deal before a provider may no longer hold money.

Before the end of that time, the decision is the one that the deal's own clock would come to if
nobody moved, brought forward. The clock never decides about what a chargeback took: it reminds.
"""

from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.deals import settling, signing
from marketplace.deals.bearing import chargebacks_of
from marketplace.deals.lifecycle import DealState
from marketplace.deals.models import Deal
from marketplace.deals.parts.queries import deal_of
from marketplace.kernel.db import lock
from marketplace.kernel.events import Fact
from marketplace.kernel.lifecycle import BY_CLOCK, CLOCK, Identity, move


async def resolve_refund(session: AsyncSession, deal: Deal, *, role: str, actor: Identity) -> None:
    """Decide a dispute for the buyer, unless the card network is still deciding it."""
    if (await chargebacks_of(session, deal)).undecided:
        move(session, deal, "remind_disputed", role=role, actor=actor)
    else:
        await settling.resolve_refund(session, deal, role=role, actor=actor)


async def resolve_release(session: AsyncSession, deal: Deal, *, role: str, actor: Identity) -> None:
    """Decide a dispute for the seller, unless the buyer's bank took the money back."""
    if await chargebacks_of(session, deal):
        move(session, deal, "remind_disputed", role=role, actor=actor)
    else:
        await settling.resolve_release(session, deal, role=role, actor=actor)


DECISIONS: Final = {
    DealState.SIGNED: signing.cancel,
    DealState.FUNDED: settling.refund,
    DealState.TRANSFER_FILED: settling.escalate,
    DealState.RECORDED: settling.release,
    DealState.DISPUTED: resolve_refund,
    DealState.DISPUTED_AFTER_RECORDAL: resolve_release,
}
"""What the clock does in each state in which money is held; before it is funded, a part is."""


async def on_hold_ending(session: AsyncSession, fact: Fact) -> None:
    """Decide a deal whose money may not be held for much longer."""
    paid = await deal_of(session, str(fact.data["subject"]))
    if paid is None:
        return
    deal, before = await lock(session, Deal, paid.id), None
    while deal.state != before and (decide := DECISIONS.get(DealState(deal.state))):
        before = deal.state
        await decide(session, deal, role=CLOCK, actor=BY_CLOCK)
