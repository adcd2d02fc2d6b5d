"""What orders do when payments tell news."""

from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.kernel.db import lock
from marketplace.kernel.events import Fact
from marketplace.kernel.lifecycle import BY_CLOCK, CLOCK
from marketplace.payments.transfers.service import pay_out
from marketplace.valuation.orders import closing, service
from marketplace.valuation.orders.lifecycle import OrderState
from marketplace.valuation.orders.models import ValuationOrder, ValuationPayer
from marketplace.valuation.orders.payments import payers_of

PAYER_PREFIX: Final = "valuation_payer:"
DISTRIBUTING: Final = tuple(
    f"valuation_order.{name}"
    for name in ("cancel", "withdraw", "fail", "accept", "dismiss", "sustain")
)
"""After these something became payable from what was held, or is owed back."""
DECISIONS: Final = {
    OrderState.AWAITING_PAYMENT: service.cancel,
    OrderState.OPEN: closing.fail,
    OrderState.DELIVERED: closing.accept,
    OrderState.OBJECTED: closing.dismiss,
}
"""What the clock does in each state in which money is held."""


async def on_paid(session: AsyncSession, fact: Fact) -> None:
    """A payer's whole share is held."""
    subject = str(fact.data["subject"])
    if subject.startswith(PAYER_PREFIX):
        await service.fund(session, UUID(subject.removeprefix(PAYER_PREFIX)))


async def on_distributed(session: AsyncSession, fact: Fact) -> None:
    """What came by a provider goes back that way, and institutions with an account there get it."""
    order = await session.get(ValuationOrder, UUID(fact.subject.partition(":")[2]))
    if order is not None:
        payers = await payers_of(session, order)
        await pay_out(session, order.subject, [payer.subject for payer in payers])


async def on_hold_ending(session: AsyncSession, fact: Fact) -> None:
    """A provider holds money no longer: decide as the order's own clock would."""
    subject = str(fact.data["subject"])
    if not subject.startswith(PAYER_PREFIX):
        return
    query = select(ValuationPayer.order_id).where(
        col(ValuationPayer.id) == UUID(subject.removeprefix(PAYER_PREFIX))
    )
    order = await lock(session, ValuationOrder, (await session.execute(query)).scalar_one())
    while decide := DECISIONS.get(OrderState(order.state)):
        await decide(session, order, role=CLOCK, actor=BY_CLOCK)
