"""What Stripe says to a transfer, a refund or a reversal, and what that does to the ledger."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.kernel.db import lock, now
from marketplace.kernel.events import publish
from marketplace.kernel.lifecycle import BY_SYSTEM, SYSTEM, move
from marketplace.payments.ledger.addresses import STRIPE, payable, transit
from marketplace.payments.ledger.service import Posting
from marketplace.payments.lifecycle import PayoutState
from marketplace.payments.online.models import OnlinePayment
from marketplace.payments.payouts.models import Payout, PayoutMethod
from marketplace.payments.payouts.service import give_back
from marketplace.payments.providers.stripe.booking import book, is_booked, require_currency
from marketplace.payments.providers.stripe.errors import StripeRefusalError, StripeSilentError
from marketplace.payments.providers.stripe.seen import Refund, Reversal, Transaction
from marketplace.payments.transfers.models import TransferReversal
from marketplace.payments.transfers.service import Due, claw_back


async def lock_payout(session: AsyncSession, payout_id: UUID) -> Payout:
    """Hold a payout and, before it, the payment that it takes from."""
    payout = await session.get_one(Payout, payout_id)
    if payout.payment_id:
        await lock(session, OnlinePayment, payout.payment_id)
    return await lock(session, Payout, payout_id)


async def confirm(
    session: AsyncSession, payout: Payout, external_id: str, transaction: Transaction | None
) -> None:
    """Stripe has moved the money of a payout that was sent; told again, nothing happens.

    Of a payout whose money was given back meanwhile, the payee has got it twice: they owe it.
    """
    if payout.state not in {PayoutState.SENT, PayoutState.RETURNED}:
        return
    if transaction is None:
        raise StripeSilentError("the balance transaction is not there yet")
    if await is_booked(session, transaction):
        return
    require_currency(transaction, payout.currency)
    payout.external_id = external_id
    subject = f"payout:{payout.id}"
    if payout.state is PayoutState.SENT:
        source = transit(payout.id)
        move(session, payout, "confirm", role=SYSTEM, actor=BY_SYSTEM)
    else:
        source = payout.source
        told = {"amount_minor": payout.amount_minor, "currency": payout.currency}
        publish(session, "payout.overpay", subject=subject, actor=BY_SYSTEM.label, data=told)
    gone = Posting(source, STRIPE, payout.amount_minor)
    await book(session, transaction, [gone], kind="payout_confirm", subject=subject)
    if payout.method is PayoutMethod.STRIPE and payout.organisation_id:
        # What was to be taken back while it was on its way.
        debt = Due(payout.organisation_id, payout.currency, -payout.amount_minor)
        await claw_back(session, debt, payout.subject)


async def refuse(session: AsyncSession, payout: Payout, error: StripeRefusalError) -> None:
    """Stripe did not carry out a payout; its money is payable again."""
    if payout.state is not PayoutState.SENT:
        return
    payout.return_code, payout.return_text = error.refusal_code, str(error)
    code = error.refusal_code
    move(session, payout, "refuse", role=SYSTEM, actor=BY_SYSTEM, return_code=code)
    await uncount(session, payout)
    await give_back(session, payout, source=transit(payout.id), role=SYSTEM, actor=BY_SYSTEM)


async def take_over_refund(session: AsyncSession, payout: Payout, seen: Refund) -> None:
    """A refund as Stripe shows it: under way, done, or failed after all."""
    if seen.failed and seen.transaction is None:
        await refuse(session, payout, _failure(seen))
        return
    if seen.transaction is None:
        payout.external_id = seen.id  # pending, and not yet taken from our balance: news will come
        return
    await confirm(session, payout, seen.id, seen.transaction)
    back = seen.failure_transaction
    if not seen.failed or payout.state is not PayoutState.CONFIRMED:
        return
    if back is None:
        raise StripeSilentError("the failed refund's money is not back yet")
    if not await is_booked(session, back):
        await _bring_back(session, payout, _failure(seen), back)


async def _bring_back(
    session: AsyncSession, payout: Payout, failure: StripeRefusalError, back: Transaction
) -> None:
    require_currency(back, payout.currency)
    payout.return_code, payout.return_text = failure.refusal_code, str(failure)
    code = failure.refusal_code
    move(session, payout, "return", role=SYSTEM, actor=BY_SYSTEM, return_code=code)
    await uncount(session, payout)
    returned = Posting(STRIPE, payout.source, payout.amount_minor)
    await book(session, back, [returned], kind="payout_return", subject=f"payout:{payout.id}")


def _failure(seen: Refund) -> StripeRefusalError:
    code = seen.failure_code or seen.status
    return StripeRefusalError(code, f"Stripe could not refund: {code.replace('_', ' ')}")


async def uncount(session: AsyncSession, payout: Payout) -> None:
    """Nothing of the charge was used after all."""
    if payout.payment_id is None:
        return
    payment = await lock(session, OnlinePayment, payout.payment_id)
    if payout.method is PayoutMethod.STRIPE_REFUND:
        payment.refunded_minor -= payout.amount_minor
    else:
        payment.transferred_minor -= payout.amount_minor


async def reversed_(
    session: AsyncSession,
    reversal: TransferReversal,
    seen: Reversal | None,
    failure: StripeRefusalError | None,
) -> None:
    """Note what could be taken back: all of it, a part, or nothing."""
    if reversal.reversed_minor is not None:
        return
    payout = await lock_payout(session, reversal.payout_id)
    reversal.answered_at, reversal.reversed_minor = now(session), 0
    if failure:
        reversal.failure_code, reversal.failure_text = failure.refusal_code, str(failure)
    if seen:
        await _take_back(session, payout, reversal, seen)
    told = {"reversed_minor": reversal.reversed_minor, "wanted_minor": reversal.amount_minor}
    subject = f"payout:{payout.id}"
    publish(session, "payout.reverse", subject=subject, actor=BY_SYSTEM.label, data=told)


async def _take_back(
    session: AsyncSession, payout: Payout, reversal: TransferReversal, seen: Reversal
) -> None:
    transaction = seen.transaction
    if transaction is None:
        raise StripeSilentError("the balance transaction is not there yet")
    require_currency(transaction, payout.currency)
    assert payout.organisation_id
    amount_minor = transaction.amount_minor
    reversal.external_id, reversal.reversed_minor = seen.id, amount_minor
    payout.reversed_minor += amount_minor
    back = Posting(STRIPE, payable(payout.organisation_id), amount_minor)
    subject = f"payout:{payout.id}"
    await book(session, transaction, [back], kind="payout_reversal", subject=subject)
