"""What payments do when a payout was taken back."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.kernel.events import Fact
from marketplace.payments.transfers.sending import lock_payout, uncount


async def on_payout_cancelled(session: AsyncSession, fact: Fact) -> None:
    """What it would have used of a charge is free again."""
    payout_id = UUID(fact.subject.removeprefix("payout:"))
    await uncount(session, await lock_payout(session, payout_id))
