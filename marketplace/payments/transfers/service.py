"""What payees are due from a subject leaves by Stripe: to the payer's charge, or to an account.

It is worked out from the ledger, never from what happened, so that it may be done again at any
time, for any number of payees: what is due is what was booked for them less what was paid.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.kernel.db import fetch, now
from marketplace.kernel.ids import new_id
from marketplace.kernel.lifecycle import BY_SYSTEM, Identity
from marketplace.kernel.money import AMOUNT_MINOR_MAX
from marketplace.payments.connect.models import ConnectedAccount
from marketplace.payments.connect.service import account_to_pay
from marketplace.payments.errands.models import ErrandKind
from marketplace.payments.errands.service import ask
from marketplace.payments.ledger.addresses import payable, payee_of
from marketplace.payments.online.models import OnlinePayment
from marketplace.payments.online.service import payments_of
from marketplace.payments.payouts.models import Payout, PayoutMethod
from marketplace.payments.providers.stripe.amounts import step_minor
from marketplace.payments.transfers.backing import coverable_minor, free_of, hold_balance
from marketplace.payments.transfers.models import TransferReversal
from marketplace.payments.transfers.refunding import prepare_refund, send_off
from marketplace.payments.transfers.rules import allocate

_DUE: Final = text(
    """
    SELECT address, currency, sum(delta)::bigint AS due_minor FROM (
        SELECT p.destination AS address, t.currency, p.amount_minor AS delta
        FROM ledger_transaction t JOIN ledger_posting p ON p.transaction_id = t.id
        WHERE t.subject = ANY (:subjects) AND p.destination LIKE 'payable:organisation:%'
        UNION ALL
        SELECT p.source, t.currency, -p.amount_minor
        FROM ledger_transaction t JOIN ledger_posting p ON p.transaction_id = t.id
        WHERE t.subject = ANY (:subjects) AND p.source LIKE 'payable:organisation:%'
        UNION ALL
        SELECT source, currency, reversed_minor - amount_minor FROM payout
        WHERE subject = ANY (:subjects) AND state NOT IN ('cancelled', 'returned')
    ) moved GROUP BY address, currency HAVING sum(delta) <> 0 ORDER BY address, currency
    """
)
_BALANCE: Final = text(
    "SELECT balance_minor FROM ledger_account"
    " WHERE address = :address AND currency = :currency FOR UPDATE"
)
_REVERSIBLE: Final = text(
    """
    SELECT p.id, p.amount_minor - p.reversed_minor - coalesce((
        SELECT sum(r.amount_minor) FROM transfer_reversal r
        WHERE r.payout_id = p.id AND r.reversed_minor IS NULL), 0)::bigint AS left_minor
    FROM payout p
    WHERE p.organisation_id = :organisation_id AND p.currency = :currency
      AND p.method = 'stripe' AND p.state IN ('confirmed', 'final')
    ORDER BY p.subject IS NOT DISTINCT FROM :subject DESC, p.id DESC LIMIT 100
    """
)
_ASKED_BACK: Final = text(
    """
    SELECT coalesce(sum(r.amount_minor), 0)::bigint
    FROM transfer_reversal r JOIN payout p ON p.id = r.payout_id
    WHERE p.organisation_id = :organisation_id AND p.currency = :currency
      AND r.reversed_minor IS NULL
    """
)


@dataclass(frozen=True, slots=True)
class Due:
    """What an organisation is due from a subject; negative when it is due to give back."""

    organisation_id: UUID
    currency: str
    amount_minor: int


async def pay_out(session: AsyncSession, subject: str, parts: Sequence[str] = ()) -> None:
    """Send everybody what the ledger says they are due from a subject, or ask it back.

    Charges are locked before ledger accounts, as everywhere. Payments for the subject were asked
    for under it and under its `parts`.
    """
    subjects = [subject, *parts]
    payments = await payments_of(session, subjects, for_update=True)
    found = [_due(row) for row in await fetch(session, _DUE, subjects=subjects)]
    for currency in sorted({due.currency for due in found}):
        if _wanted_minor(found, currency) > _free_minor(payments, currency):
            await hold_balance(session, currency)
    for due in found:
        if due.amount_minor > 0:
            await _pay(session, due, subject, payments)
        else:
            await claw_back(session, due, subject)


async def due_minor(
    session: AsyncSession, organisation_id: UUID, subjects: Sequence[str], currency: str
) -> int:
    """What an organisation is due from some subjects; negative when it is due to give back."""
    address = payable(organisation_id)
    rows = await fetch(session, _DUE, subjects=list(subjects))
    return sum(r.due_minor for r in rows if (r.address, r.currency) == (address, currency))


def _due(row: Row[Any]) -> Due:
    organisation_id = payee_of(row.address)
    assert organisation_id
    return Due(organisation_id, row.currency, row.due_minor)


def _wanted_minor(found: Sequence[Due], currency: str) -> int:
    return sum(max(0, due.amount_minor) for due in found if due.currency == currency)


def _free_minor(payments: Sequence[OnlinePayment], currency: str) -> int:
    return sum(free_of(payment) for payment in payments if payment.currency == currency)


async def _pay(
    session: AsyncSession, due: Due, subject: str, payments: Sequence[OnlinePayment]
) -> None:
    """To the charges that the payee paid by, and the rest to the payee's Stripe account.

    Of several charges, those go back first of which nothing was passed on.
    Who has neither is left to the bank, and their ledger account is not held up.
    """
    paid = [p for p in payments if p.charge_id and p.currency == due.currency]
    own = [p for p in paid if p.payer_organisation_id == due.organisation_id]
    account = await account_to_pay(session, due.organisation_id)
    if not own and account is None:
        return
    left_minor = min(due.amount_minor, await lock_balance(session, due), AMOUNT_MINOR_MAX)
    refunds = await _refund(session, own, left_minor)
    left_minor -= sum(payout.amount_minor for payout in refunds)
    if account is not None and left_minor > 0:
        await _transfer_from(session, account, due.currency, left_minor, subject, paid)


async def _refund(
    session: AsyncSession,
    own: Sequence[OnlinePayment],
    amount_minor: int,
    *,
    actor: Identity = BY_SYSTEM,
) -> list[Payout]:
    """To a payer's charges, from each what was neither refunded nor taken by a chargeback."""
    if not own:
        return []
    own = sorted(own, key=lambda payment: payment.transferred_minor)
    left = [(p, p.amount_minor - p.refunded_minor - p.taken_minor) for p in own]
    parts = list(allocate(amount_minor, left, step_minor=step_minor(own[0].currency)))
    return [await prepare_refund(session, payment, part, actor=actor) for payment, part in parts]


async def refund_due(
    session: AsyncSession,
    payer_organisation_id: UUID,
    subjects: Sequence[str],
    *,
    actor: Identity = BY_SYSTEM,
) -> list[Payout]:
    """Send a payer what they are still due from some subjects back to the charges they paid by.

    For when a refund failed or was stopped by a chargeback; what the charges cannot take stays
    payable.
    """
    payments = await payments_of(session, subjects, for_update=True)
    sent: list[Payout] = []
    for row in await fetch(session, _DUE, subjects=list(subjects)):
        if payee_of(row.address) != payer_organisation_id or row.due_minor < 0:
            continue
        due = Due(payer_organisation_id, row.currency, row.due_minor)
        own = [
            payment
            for payment in payments
            if payment.charge_id
            and payment.currency == due.currency
            and payment.payer_organisation_id == payer_organisation_id
        ]
        left_minor = min(due.amount_minor, await lock_balance(session, due))
        sent += await _refund(session, own, left_minor, actor=actor)
    return sent


async def _transfer_from(
    session: AsyncSession,
    account: ConnectedAccount,
    currency: str,
    amount_minor: int,
    subject: str,
    paid: Sequence[OnlinePayment],
) -> None:
    """From the charges of a subject as far as they reach, then from the platform's balance.

    Of that only what nobody else is waiting for; the rest stays payable.
    """
    left_minor = amount_minor
    free = [(payment, free_of(payment)) for payment in paid]
    for payment, part in allocate(amount_minor, free, step_minor=step_minor(currency)):
        await transfer(session, account, currency, part, subject=subject, payment=payment)
        left_minor -= part
    if left_minor > 0:
        left_minor = await coverable_minor(session, currency, left_minor)
    if left_minor > 0:
        await transfer(session, account, currency, left_minor, subject=subject)


async def claw_back(session: AsyncSession, due: Due, subject: str | None) -> None:
    """Take back what an organisation owes from what it was transferred, this subject's first."""
    names = {"organisation_id": due.organisation_id, "currency": due.currency}
    payouts = await fetch(session, _REVERSIBLE, subject=subject, **names)
    if not payouts:
        return
    owed_minor = -await lock_balance(session, due)
    asked_minor = (await session.execute(_ASKED_BACK, names)).scalar_one()
    wanted_minor = min(owed_minor - asked_minor, -due.amount_minor)
    left = [(payout.id, payout.left_minor) for payout in payouts]
    for payout_id, part in allocate(wanted_minor, left, step_minor=step_minor(due.currency)):
        reversal = TransferReversal(created_at=now(session), payout_id=payout_id, amount_minor=part)
        session.add(reversal)
        await session.flush()
        await ask(session, ErrandKind.REVERSE_TRANSFER, reversal.id)


async def lock_balance(session: AsyncSession, due: Due) -> int:
    """What the platform owes an organisation; held, so that two cannot pay the same out."""
    values = {"address": payable(due.organisation_id), "currency": due.currency}
    return (await session.execute(_BALANCE, values)).scalar() or 0


async def transfer(
    session: AsyncSession,
    account: ConnectedAccount,
    currency: str,
    amount_minor: int,
    *,
    subject: str | None = None,
    payment: OnlinePayment | None = None,
    actor: Identity = BY_SYSTEM,
) -> Payout:
    if payment:
        payment.transferred_minor += amount_minor
    payout_id = new_id()
    payout = Payout(
        id=payout_id,
        created_at=now(session),
        organisation_id=account.organisation_id,
        source=payable(account.organisation_id),
        amount_minor=amount_minor,
        currency=currency,
        end_to_end_id=payout_id.hex,
        masked=account.masked,
        method=PayoutMethod.STRIPE,
        subject=subject,
        payment_id=payment.id if payment else None,
        destination=account.external_id,
    )
    await send_off(session, payout, actor=actor)
    return payout
