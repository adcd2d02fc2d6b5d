"""A refund is a payout to the charge that the money came from."""

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.kernel.db import now
from marketplace.kernel.ids import new_id
from marketplace.kernel.lifecycle import BY_SYSTEM, Identity, begin
from marketplace.payments.errands.models import ErrandKind
from marketplace.payments.errands.service import ask
from marketplace.payments.ledger.addresses import payable, transit
from marketplace.payments.ledger.service import Booking, Posting, post
from marketplace.payments.online.models import OnlinePayment
from marketplace.payments.payouts.models import Payout, PayoutMethod


async def prepare_refund(
    session: AsyncSession,
    payment: OnlinePayment,
    amount_minor: int,
    *,
    actor: Identity = BY_SYSTEM,
) -> Payout:
    """Send a part of what its payer is owed back to the charge of a locked payment.

    Raises:
        RefundedTooMuchError: by the database, when all refunds exceed the charge.
    """
    payment.refunded_minor += amount_minor
    payout_id = new_id()
    payout = Payout(
        id=payout_id,
        created_at=now(session),
        organisation_id=payment.payer_organisation_id,
        source=payable(payment.payer_organisation_id),
        amount_minor=amount_minor,
        currency=payment.currency,
        end_to_end_id=payout_id.hex,
        masked="back to the card or account it came from",
        method=PayoutMethod.STRIPE_REFUND,
        subject=payment.subject,
        payment_id=payment.id,
    )
    await send_off(session, payout, actor=actor)
    return payout


async def send_off(session: AsyncSession, payout: Payout, *, actor: Identity = BY_SYSTEM) -> None:
    """Take a payout's money out of its account, and have the provider called."""
    currency, amount_minor = payout.currency, payout.amount_minor
    begin(
        session,
        payout,
        actor,
        amount_minor=amount_minor,
        currency=currency,
        subject=payout.subject,
        method=payout.method,
    )
    await post(
        session,
        Booking(
            key=f"prepare:payout:{payout.id}",
            kind="payout",
            subject=f"payout:{payout.id}",
            currency=currency,
            postings=[Posting(payout.source, transit(payout.id), amount_minor)],
        ),
    )
    await ask(session, ErrandKind.SEND_PAYOUT, payout.id)
