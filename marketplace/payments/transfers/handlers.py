"""What payouts do when held money was distributed, or a payout was taken back."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.kernel.events import Fact
from marketplace.payments.transfers.sending import lock_payout, uncount
from marketplace.payments.transfers.service import pay_out


async def on_distributed(session: AsyncSession, fact: Fact) -> None:
    """Money of the event's subject became payable, or is owed back."""
    await pay_out(session, fact.subject)


async def on_payout_cancelled(session: AsyncSession, fact: Fact) -> None:
    """What it would have used of a charge is free again."""
    payout_id = UUID(fact.subject.removeprefix("payout:"))
    await uncount(session, await lock_payout(session, payout_id))
