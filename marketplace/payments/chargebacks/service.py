"""Chargebacks: what the card network took, and gave back, as its own movements say.

What is taken is money that the payer has got back by another way: it is owed by them, until the
deal is refunded, which sets it off, or the chargeback is won. So a refund never pays them twice.
"""

from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.kernel.db import lock, mark_locked, now
from marketplace.kernel.lifecycle import BY_SYSTEM, SYSTEM, begin, move
from marketplace.payments.chargebacks.errors import EvidenceSubmittedError
from marketplace.payments.chargebacks.lifecycle import ChargebackState
from marketplace.payments.chargebacks.models import Chargeback
from marketplace.payments.errands.models import ErrandKind
from marketplace.payments.errands.service import ask
from marketplace.payments.ledger.addresses import DISPUTE_LOSS, STRIPE, payable
from marketplace.payments.ledger.service import Posting
from marketplace.payments.lifecycle import OPERATOR
from marketplace.payments.online.models import OnlinePayment
from marketplace.payments.providers.stripe.booking import book, is_booked, require_currency
from marketplace.payments.providers.stripe.seen import Dispute, Transaction

OUTCOMES: Final = {
    "under_review": "contest",
    "warning_under_review": "contest",
    "won": "win",
    "warning_closed": "win",
    "prevented": "win",
    "lost": "lose",
}
"""What a status of Stripe's means for the chargeback; any other asks for evidence."""


async def observe(session: AsyncSession, payment: OnlinePayment, seen: Dispute) -> Chargeback:
    """Take over what Stripe shows of a dispute about a locked payment; never a step back."""
    chargeback = await _lock_or_begin(session, payment, seen)
    for transaction in seen.transactions:
        if not await is_booked(session, transaction):
            await _book(session, payment, chargeback, transaction)
    chargeback.evidence_due_at = seen.evidence_due_at
    name = OUTCOMES.get(seen.status)
    if name and name in chargeback.lifecycle.open_to(chargeback.state, SYSTEM):
        move(session, chargeback, name, role=SYSTEM, actor=BY_SYSTEM, subject=payment.subject)
    return chargeback


async def _lock_or_begin(
    session: AsyncSession, payment: OnlinePayment, seen: Dispute
) -> Chargeback:
    """The payment's lock lets one transaction at a time begin it."""
    query = select(Chargeback).where(col(Chargeback.external_id) == seen.id).with_for_update()
    chargeback = (await session.execute(query)).scalar_one_or_none()
    if chargeback is None:
        chargeback = Chargeback(
            created_at=now(session),
            payment_id=payment.id,
            subject=payment.subject,
            external_id=seen.id,
            reason=seen.reason,
            amount_minor=seen.amount_minor,
            currency=payment.currency,
        )
        begin(
            session,
            chargeback,
            BY_SYSTEM,
            subject=payment.subject,
            reason=seen.reason,
            amount_minor=seen.amount_minor,
        )
        await session.flush()
    mark_locked(session, chargeback)
    return chargeback


async def _book(
    session: AsyncSession, payment: OnlinePayment, chargeback: Chargeback, transaction: Transaction
) -> None:
    require_currency(transaction, payment.currency)
    if transaction.amount_minor < 0:
        postings = _take(payment, chargeback, -transaction.amount_minor)
    else:
        postings = _give_back(payment, chargeback, transaction.amount_minor)
    if postings or transaction.fee_minor:
        subject = payment.subject
        await book(session, transaction, postings, kind="chargeback", subject=subject)


def _take(payment: OnlinePayment, chargeback: Chargeback, amount_minor: int) -> list[Posting]:
    """From the payer what they had paid and not got back yet; what exceeds it is lost."""
    left_minor = payment.amount_minor - payment.refunded_minor - payment.taken_minor
    taken_minor = min(amount_minor, max(0, left_minor))
    chargeback.taken_minor += taken_minor
    payment.taken_minor += taken_minor
    chargeback.lost_minor += amount_minor - taken_minor
    return _positive(
        Posting(payable(payment.payer_organisation_id), STRIPE, taken_minor),
        Posting(DISPUTE_LOSS, STRIPE, amount_minor - taken_minor),
    )


def _give_back(payment: OnlinePayment, chargeback: Chargeback, amount_minor: int) -> list[Posting]:
    """To the payer's account what was taken from it; the rest makes a loss good."""
    returned_minor = min(amount_minor, chargeback.taken_minor)
    rest_minor = amount_minor - returned_minor
    chargeback.taken_minor -= returned_minor
    payment.taken_minor -= returned_minor
    chargeback.lost_minor -= rest_minor
    return _positive(
        Posting(STRIPE, payable(payment.payer_organisation_id), returned_minor),
        Posting(STRIPE, DISPUTE_LOSS, rest_minor),
    )


def _positive(*postings: Posting) -> list[Posting]:
    return [posting for posting in postings if posting.amount_minor]


async def submit_evidence(
    session: AsyncSession, chargeback_id: UUID, evidence: str, *, actor: Actor
) -> Chargeback:
    """Contest a chargeback with what proves the deal. Stripe takes evidence once.

    Raises:
        EvidenceSubmittedError: it was sent, and Stripe has not refused it. Nothing changed.
    """
    chargeback = await lock(session, Chargeback, chargeback_id)
    chargeback.lifecycle.step(chargeback.state, "submit_evidence", role=OPERATOR)
    if chargeback.evidence and not chargeback.failure_text:
        raise EvidenceSubmittedError
    move(session, chargeback, "submit_evidence", role=OPERATOR, actor=actor)
    chargeback.evidence, chargeback.failure_text = evidence, None
    await ask(session, ErrandKind.SUBMIT_EVIDENCE, chargeback.id)
    return chargeback


async def accept(session: AsyncSession, chargeback_id: UUID, *, actor: Actor) -> Chargeback:
    """Do without a contest: the payer keeps the money."""
    chargeback = await lock(session, Chargeback, chargeback_id)
    move(session, chargeback, "accept", role=OPERATOR, actor=actor)
    chargeback.failure_text = None
    await ask(session, ErrandKind.ACCEPT_DISPUTE, chargeback.id)
    return chargeback


def is_over(chargeback: Chargeback) -> bool:
    return chargeback.state in {ChargebackState.WON, ChargebackState.LOST}
