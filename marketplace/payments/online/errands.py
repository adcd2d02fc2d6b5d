"""What is asked of the provider about payments."""

from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.kernel.lifecycle import BY_SYSTEM, SYSTEM, move
from marketplace.payments.errands.desk import Desk
from marketplace.payments.errands.models import ErrandKind
from marketplace.payments.errands.service import ask
from marketplace.payments.online.lifecycle import OnlinePaymentState
from marketplace.payments.online.models import OnlinePayment
from marketplace.payments.online.observing import ENDED, PAID, observe
from marketplace.payments.online.service import lock_payment
from marketplace.payments.providers.stripe.errors import (
    StripeRefusalError,
    StripeSilentError,
    StripeUnknownError,
)
from marketplace.payments.providers.stripe.seen import Intent

OUT_OF_REACH: Final = {PAID, ENDED, "processing"}
"""What Stripe does not cancel, at least not now."""


async def open_payment(desk: Desk, payment_id: str) -> None:
    """Open a payment that the payer began."""
    payment = await _read(desk, payment_id)
    if payment.state is not OnlinePaymentState.CREATED:
        return
    try:
        seen = await _open(desk, payment)
    except StripeRefusalError as error:
        async with desk.sessions.begin() as session:
            _refused(session, await lock_payment(session, payment.id), error)
    else:
        await _observe(desk, payment.id, seen)


def _refused(session: AsyncSession, payment: OnlinePayment, error: StripeRefusalError) -> None:
    if payment.state is OnlinePaymentState.CREATED:
        code = error.refusal_code
        move(session, payment, "end", role=SYSTEM, actor=BY_SYSTEM, code=code)
        payment.failure_code, payment.failure_text = code, str(error)


async def cancel_payment(desk: Desk, payment_id: str) -> None:
    """Cancel a payment, unless the provider has taken the money meanwhile."""
    payment = await _read(desk, payment_id)
    if payment.state is not OnlinePaymentState.CANCELLING:
        return
    intent_id = payment.external_id or (await _open(desk, payment)).id
    try:
        seen = await desk.stripe.cancel_intent(intent_id)
    except StripeRefusalError:
        seen = await desk.stripe.intent(intent_id)
    await _observe(desk, payment.id, seen)
    if seen.status not in OUT_OF_REACH:
        raise StripeSilentError("the payment could not be cancelled, and is not paid either")


async def look_at_payment(desk: Desk, intent_id: str) -> None:
    """Look at an intent; one that is not of this platform's making is left alone."""
    try:
        seen = await desk.stripe.intent(intent_id)
    except StripeUnknownError:
        return
    if seen.payment_id:
        await _observe(desk, UUID(seen.payment_id), seen)
        await _cancel_again(desk, UUID(seen.payment_id), seen)


async def _cancel_again(desk: Desk, payment_id: UUID, seen: Intent) -> None:
    """A bank debit cannot be cancelled while it is under way, but once it has failed."""
    async with desk.sessions.begin() as session:
        payment = await session.get_one(OnlinePayment, payment_id)
        if payment.state is OnlinePaymentState.CANCELLING and seen.status not in OUT_OF_REACH:
            await ask(session, ErrandKind.CANCEL_PAYMENT, payment.id)


async def _read(desk: Desk, payment_id: str) -> OnlinePayment:
    async with desk.sessions() as session:
        return await session.get_one(OnlinePayment, UUID(payment_id))


async def _open(desk: Desk, payment: OnlinePayment) -> Intent:
    """Called again, the same intent."""
    return await desk.stripe.create_intent(
        payment_id=str(payment.id),
        subject=payment.subject,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
    )


async def _observe(desk: Desk, payment_id: UUID, seen: Intent) -> None:
    async with desk.sessions.begin() as session:
        payment = await lock_payment(session, payment_id)
        await observe(session, desk.keyring, payment, seen, country=desk.terms.country)
