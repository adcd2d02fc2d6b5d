"""What payments do when a payment request is over."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.kernel.events import Fact
from marketplace.payments.online.service import cancel_payments_of


async def on_request_over(session: AsyncSession, fact: Fact) -> None:
    await cancel_payments_of(session, UUID(fact.subject.removeprefix("payment_request:")))
