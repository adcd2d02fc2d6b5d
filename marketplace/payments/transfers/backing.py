"""What of the platform's Stripe balance may leave it: never what is held there for somebody else.

A payee is paid from the charges that they are due from. What else they are owed came by bank, and
leaves the Stripe balance only as far as it exceeds what all others are waiting for.
"""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.kernel.db import fetch
from marketplace.payments.online.models import OnlinePayment
from marketplace.payments.providers.stripe.amounts import step_minor

_HOLD: Final = text("SELECT pg_advisory_xact_lock(hashtext('stripe balance ' || :currency))")
_BACKED_BY: Final = """
    SELECT o.id AS payment_id, least(
        o.amount_minor - o.refunded_minor - o.transferred_minor - o.taken_minor,
        c.credited_minor - coalesce((
            SELECT sum(p.amount_minor - p.reversed_minor) FROM payout p
            WHERE p.payment_id = o.id AND p.organisation_id = {organisation_id}
              AND p.state NOT IN ('cancelled', 'returned')), 0)
    )::bigint AS left_minor
    FROM (
        SELECT CASE WHEN t.key LIKE 'distribute:%' THEN substr(t.key, 12) ELSE t.subject END
            AS held_for, sum(p.amount_minor) AS credited_minor
        FROM ledger_posting p JOIN ledger_transaction t ON t.id = p.transaction_id
        WHERE p.destination = 'payable:organisation:' || {organisation_id}
          AND p.destination LIKE 'payable:%' AND t.currency = {currency}
        GROUP BY 1
    ) c
    JOIN online_payment o ON o.subject = c.held_for AND o.currency = {currency}
    WHERE o.charge_id IS NOT NULL
      AND o.refunded_minor + o.transferred_minor + o.taken_minor < o.amount_minor
"""
"""Charges from which something was booked for an organisation, and what of it is still there."""
_CHARGES: Final = text(
    f"""
    SELECT d.organisation_id, a.currency, b.payment_id, b.left_minor
    FROM unnest(CAST(:organisations AS uuid[])) AS d (organisation_id)
    JOIN ledger_account a ON a.address = 'payable:organisation:' || d.organisation_id
    CROSS JOIN LATERAL (
        {_BACKED_BY.format(organisation_id="d.organisation_id", currency="a.currency")}
    ) b
    WHERE a.balance_minor > 0 AND b.left_minor > 0 ORDER BY b.payment_id
    """  # noqa: S608 - our own text
)
_SPARE: Final = text(
    f"""
    SELECT coalesce((
        SELECT -balance_minor FROM ledger_account
        WHERE address = 'world:stripe' AND currency = :currency), 0)
    - coalesce((
        SELECT sum(least(h.balance_minor, o.left_minor)) FROM (
            SELECT subject, sum(greatest(
                amount_minor - refunded_minor - transferred_minor - taken_minor, 0)) AS left_minor
            FROM online_payment
            WHERE state IN ('held', 'hold_ending') AND currency = :currency GROUP BY subject
        ) o JOIN ledger_account h ON h.address = 'held:' || o.subject AND h.currency = :currency
    ), 0)
    - coalesce((
        SELECT sum(amount_minor) FROM payout
        WHERE due_at IS NOT NULL AND state IN ('prepared', 'sent') AND method <> 'bank'
          AND currency = :currency), 0)
    - coalesce((
        SELECT sum(least(a.balance_minor, (
            SELECT sum(greatest(b.left_minor, 0)) FROM (
                {
        _BACKED_BY.format(
            organisation_id="split_part(a.address, ':', 3)::uuid", currency=":currency"
        )
    }
            ) b)))
        FROM ledger_account a
        LEFT JOIN payout_choice c ON c.organisation_id = split_part(a.address, ':', 3)::uuid
        WHERE a.address LIKE 'payable:organisation:%' AND a.currency = :currency
          AND a.balance_minor > 0
          AND (c.method = 'stripe' OR NOT EXISTS (
              SELECT FROM payee_account b
              WHERE b.organisation_id = split_part(a.address, ':', 3)::uuid))
    ), 0) AS spare_minor
    """  # noqa: S608 - our own text
)
"""The Stripe balance less what is held there, what is leaving it, and what is due from charges.

Who is paid by bank is not waiting for it.
"""


def free_of(payment: OnlinePayment) -> int:
    """What of a charge, in minor units, was not passed on, refunded, or taken by a chargeback."""
    if payment.charge_id is None:
        return 0
    left_minor = payment.amount_minor - payment.refunded_minor - payment.transferred_minor
    return max(0, left_minor - payment.taken_minor)


async def hold_balance(session: AsyncSession, currency: str) -> None:
    """Let nobody else pay from the Stripe balance of a currency until the transaction ends.

    Taken after charges and before ledger accounts.
    """
    await session.execute(_HOLD, {"currency": currency})


async def coverable_minor(session: AsyncSession, currency: str, amount_minor: int) -> int:
    """How much of an amount the Stripe balance covers, and Stripe can carry.

    What is there for somebody covers nothing; what a payee is due from charges is taken from these.
    """
    await session.flush()
    (row,) = await fetch(session, _SPARE, currency=currency)
    covered_minor = max(0, min(amount_minor, int(row.spare_minor)))
    return covered_minor - covered_minor % step_minor(currency)


async def charges_behind(
    session: AsyncSession, organisations: Sequence[UUID]
) -> Mapping[tuple[UUID, str], dict[UUID, int]]:
    """From which payments organisations are due how much, by organisation and currency."""
    found: dict[tuple[UUID, str], dict[UUID, int]] = {}
    for row in await fetch(session, _CHARGES, organisations=list(organisations)):
        of = found.setdefault((row.organisation_id, row.currency), {})
        of[row.payment_id] = row.left_minor
    return found
