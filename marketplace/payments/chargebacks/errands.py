"""Disputes at Stripe."""

from collections.abc import Awaitable
from uuid import UUID

from marketplace.kernel.db import lock
from marketplace.payments.chargebacks.models import Chargeback
from marketplace.payments.chargebacks.service import is_over, observe
from marketplace.payments.errands.desk import Desk
from marketplace.payments.online.errands import look_at_payment
from marketplace.payments.online.models import OnlinePayment
from marketplace.payments.online.observing import payment_of_intent
from marketplace.payments.providers.stripe.errors import StripeRefusalError, StripeUnknownError
from marketplace.payments.providers.stripe.seen import Dispute


async def look_at_dispute(desk: Desk, dispute_id: str) -> None:
    """Look at a dispute; news of it may come before any of the payment that it is about."""
    try:
        seen = await desk.stripe.dispute(dispute_id)
    except StripeUnknownError:
        return
    if seen.intent_id:
        await look_at_payment(desk, seen.intent_id)
        await _take_over(desk, seen)


async def submit_evidence(desk: Desk, chargeback_id: str) -> None:
    chargeback = await _read(desk, chargeback_id)
    if not is_over(chargeback) and chargeback.evidence:
        call = desk.stripe.submit_evidence(chargeback.external_id, chargeback.evidence)
        await _call(desk, chargeback, call)


async def accept_dispute(desk: Desk, chargeback_id: str) -> None:
    chargeback = await _read(desk, chargeback_id)
    if not is_over(chargeback):
        await _call(desk, chargeback, desk.stripe.accept_dispute(chargeback.external_id))


async def _call(desk: Desk, chargeback: Chargeback, call: Awaitable[Dispute]) -> None:
    try:
        seen = await call
    except StripeRefusalError as error:
        async with desk.sessions.begin() as session:
            (await lock(session, Chargeback, chargeback.id)).failure_text = str(error)
        seen = await desk.stripe.dispute(chargeback.external_id)
    await _take_over(desk, seen)


async def _take_over(desk: Desk, seen: Dispute) -> None:
    async with desk.sessions.begin() as session:
        found = await payment_of_intent(session, seen.intent_id)
        if found is None:
            return
        payment = await lock(session, OnlinePayment, found.id)
        await observe(session, payment, seen)


async def _read(desk: Desk, chargeback_id: str) -> Chargeback:
    async with desk.sessions() as session:
        return await session.get_one(Chargeback, UUID(chargeback_id))
