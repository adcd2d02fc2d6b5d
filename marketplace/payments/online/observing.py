"""What becomes of a payment when the provider has been looked at.

News comes in any order, twice, late, or never; so none of it is believed. It only makes us look,
and what is seen is taken over if it is further on than what is known. Money is booked under the
provider's own id of the movement, once.
"""

from datetime import timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.kernel.crypto import Keyring
from marketplace.kernel.db import now
from marketplace.kernel.lifecycle import BY_SYSTEM, SYSTEM, move
from marketplace.payments.funding.models import PaymentRequest
from marketplace.payments.funding.service import receive
from marketplace.payments.ledger.addresses import STRIPE, payable
from marketplace.payments.ledger.service import Posting
from marketplace.payments.lifecycle import PaymentRequestState
from marketplace.payments.online.lifecycle import UNPAID, OnlinePaymentState
from marketplace.payments.online.models import OnlinePayment
from marketplace.payments.online.service import forget_secret, seal_secret
from marketplace.payments.providers.options import hold_days
from marketplace.payments.providers.stripe.amounts import step_minor
from marketplace.payments.providers.stripe.booking import (
    book,
    book_fee,
    key_of,
    require_currency,
)
from marketplace.payments.providers.stripe.errors import StripeSilentError
from marketplace.payments.providers.stripe.seen import Intent, Transaction
from marketplace.payments.transfers.refunding import prepare_refund

PAID: Final = "succeeded"
ENDED: Final = "canceled"
WARNED_AFTER: Final = 0.75
"""The part of the time allowed after which the operator is warned."""
DECIDED_BEFORE: Final = 0.95
"""The part of the time allowed after which the deal is decided."""


async def observe(
    session: AsyncSession, keyring: Keyring, payment: OnlinePayment, seen: Intent, *, country: str
) -> None:
    """Take over what the provider says of a payment that is locked together with its request.

    `country` is that of the platform's account, whose rules say how long money may be held.
    """
    if payment.state not in UNPAID or payment.external_id not in {None, seen.id}:
        return
    payment.external_id = seen.id
    payment.provider_status = seen.status
    if seen.status == PAID:
        await _capture(session, payment, seen, country)
    elif seen.status == ENDED:
        move(session, payment, "end", role=SYSTEM, actor=BY_SYSTEM)
        forget_secret(payment)
    elif payment.state is not OnlinePaymentState.CANCELLING:
        _wait(session, keyring, payment, seen)


def _wait(session: AsyncSession, keyring: Keyring, payment: OnlinePayment, seen: Intent) -> None:
    """It is the payer's turn, or the bank's."""
    if payment.state is OnlinePaymentState.CREATED:
        move(session, payment, "open", role=SYSTEM, actor=BY_SYSTEM)
    if payment.key_id is None and seen.client_secret:
        seal_secret(keyring, payment, seen.client_secret)
    failure = (seen.failure_code, seen.failure_text)
    if seen.failure_code and failure != (payment.failure_code, payment.failure_text):
        move(session, payment, "fail", role=SYSTEM, actor=BY_SYSTEM, code=seen.failure_code)
    payment.failure_code, payment.failure_text = failure


async def _capture(
    session: AsyncSession, payment: OnlinePayment, seen: Intent, country: str
) -> None:
    """Hold the money; what nobody waits for any more goes back to where it came from."""
    transaction = seen.transaction
    if transaction is None or seen.charge_id is None:
        raise StripeSilentError("the charge has no balance transaction yet")
    require_currency(transaction, payment.currency)
    request = await session.get_one(PaymentRequest, payment.payment_request_id)
    payment.charge_id, payment.captured_at = seen.charge_id, now(session)
    payment.failure_code = payment.failure_text = None
    forget_secret(payment)
    due_minor = request.amount_minor - request.received_minor
    if request.state is PaymentRequestState.OPEN:
        await _hold(session, payment, request, transaction, country)
        excess_minor = max(0, transaction.amount_minor - due_minor)
    else:
        await _return(session, payment, transaction)
        excess_minor = transaction.amount_minor
    excess_minor -= excess_minor % step_minor(payment.currency)
    if excess_minor:
        await prepare_refund(session, payment, excess_minor)


async def _hold(
    session: AsyncSession,
    payment: OnlinePayment,
    request: PaymentRequest,
    transaction: Transaction,
    country: str,
) -> None:
    await receive(
        session,
        request,
        source=STRIPE,
        amount_minor=transaction.amount_minor,
        key=key_of(transaction),
        role=SYSTEM,
        actor=BY_SYSTEM,
    )
    await book_fee(session, transaction, subject=payment.subject)
    days = await hold_days(session, payment.provider, country, now(session))
    allowed = timedelta(days=days) if days else None
    warned_at = now(session) + WARNED_AFTER * allowed if allowed else None
    payment.hold_expires_at = now(session) + allowed if allowed else None
    move(
        session,
        payment,
        "capture",
        role=SYSTEM,
        actor=BY_SYSTEM,
        due_at=warned_at,
        subject=payment.subject,
        amount_minor=transaction.amount_minor,
        hold_expires_at=payment.hold_expires_at,
    )


async def _return(session: AsyncSession, payment: OnlinePayment, transaction: Transaction) -> None:
    """It was paid twice, or too late. The event reports it."""
    back = Posting(STRIPE, payable(payment.payer_organisation_id), transaction.amount_minor)
    await book(session, transaction, [back], kind="double_payment", subject=payment.subject)
    move(
        session,
        payment,
        "return",
        role=SYSTEM,
        actor=BY_SYSTEM,
        subject=payment.subject,
        amount_minor=transaction.amount_minor,
    )


async def payment_of_intent(session: AsyncSession, intent_id: str | None) -> OnlinePayment | None:
    """The payment whose intent this is, once it was looked at."""
    query = select(OnlinePayment).where(col(OnlinePayment.external_id) == intent_id)
    return (await session.execute(query)).scalar_one_or_none()
