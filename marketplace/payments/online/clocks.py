"""What the clock does with an online payment."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.kernel.lifecycle import Identity, move
from marketplace.payments.errands.models import ErrandKind
from marketplace.payments.errands.service import ask
from marketplace.payments.funding.service import held_minor
from marketplace.payments.online.lifecycle import OnlinePaymentState
from marketplace.payments.online.models import OnlinePayment
from marketplace.payments.online.observing import DECIDED_BEFORE

_AGAIN = {
    OnlinePaymentState.CREATED: ErrandKind.OPEN_PAYMENT,
    OnlinePaymentState.CANCELLING: ErrandKind.CANCEL_PAYMENT,
}


async def look(
    session: AsyncSession, payment: OnlinePayment, *, role: str, actor: Identity
) -> None:
    """No news came: ask the provider what became of a payment, or for what was left open."""
    move(session, payment, "look", role=role, actor=actor)
    again = _AGAIN.get(payment.state)
    if again:
        await ask(session, again, payment.id)
    else:
        await ask(session, ErrandKind.LOOK_AT_PAYMENT, payment.external_id)


async def warn(
    session: AsyncSession, payment: OnlinePayment, *, role: str, actor: Identity
) -> None:
    """Tell the operator that money is held for most of the time allowed, if it still is."""
    await _unless_over(session, payment, "warn", _decided_at(payment), role, actor)


async def decide(
    session: AsyncSession, payment: OnlinePayment, *, role: str, actor: Identity
) -> None:
    """Have whoever owns the subject decide now; asked again each day until nothing is held."""
    await _unless_over(session, payment, "decide", None, role, actor)


async def _unless_over(
    session: AsyncSession,
    payment: OnlinePayment,
    name: str,
    due_at: datetime | None,
    role: str,
    actor: Identity,
) -> None:
    if not await held_minor(session, [payment.subject], payment.currency):
        move(session, payment, "finish", role=role, actor=actor)
        return
    move(
        session,
        payment,
        name,
        role=role,
        actor=actor,
        due_at=due_at,
        subject=payment.subject,
        hold_expires_at=payment.hold_expires_at,
    )


def _decided_at(payment: OnlinePayment) -> datetime | None:
    """Before the end, by as much as leaves a day to correct what goes wrong."""
    if payment.captured_at is None or payment.hold_expires_at is None:
        return None
    allowed = payment.hold_expires_at - payment.captured_at
    return payment.captured_at + allowed * DECIDED_BEFORE
