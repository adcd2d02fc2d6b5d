"""What is owed to whom, and does not leave."""

from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.kernel.db import fetch
from marketplace.kernel.pagination import decode, encode
from marketplace.kernel.schemas import Amount
from marketplace.payments.payables.schemas import StuckPayable, WaitsFor
from marketplace.payments.providers.stripe.amounts import step_minor

_STUCK: Final = text(
    """
    SELECT a.address, a.currency, a.balance_minor, o.id AS organisation_id, o.name,
        CASE WHEN c.method IS DISTINCT FROM 'stripe' THEN 'account'
            WHEN s.transfers_enabled THEN 'stripe' ELSE 'stripe_account' END AS waits_for,
        c.method = 'stripe' OR EXISTS (
            SELECT FROM online_payment p WHERE p.payer_organisation_id = o.id
                AND p.currency = a.currency AND p.charge_id IS NOT NULL) AS by_stripe,
        ARRAY(SELECT DISTINCT p.subject FROM payout p
              WHERE p.organisation_id = o.id AND p.currency = a.currency
                AND p.method = 'stripe_refund' AND p.state = 'returned'
              ORDER BY p.subject LIMIT 20) AS failed_refunds
    FROM ledger_account a
    JOIN organisation o ON o.id = CAST(split_part(a.address, ':', 3) AS uuid)
    LEFT JOIN payout_choice c ON c.organisation_id = o.id
    LEFT JOIN connected_account s ON s.organisation_id = o.id AND s.retired_at IS NULL
    WHERE a.address LIKE 'payable:organisation:%' AND a.balance_minor > 0
      AND (a.address, a.currency) > (:address, :currency)
      AND (c.method = 'stripe'
           OR NOT EXISTS (SELECT FROM payee_account b WHERE b.organisation_id = o.id))
    ORDER BY a.address, a.currency LIMIT :limit
    """
)


async def stuck_payables(
    session: AsyncSession, *, cursor: str | None, limit: int
) -> tuple[list[StuckPayable], str | None]:
    """One page of what is owed and not paid by bank, and the cursor of the next page.

    Raises:
        InvalidCursorError: not a cursor of this list.
    """
    address, currency = decode(cursor, str, str) if cursor else ("", "")
    names = {"address": address, "currency": currency, "limit": limit + 1}
    rows = await fetch(session, _STUCK, **names)
    last = rows[limit - 1] if len(rows) > limit else None
    following = encode(last.address, last.currency) if last else None
    return [_read(row) for row in rows[:limit]], following


def _read(row: Row[Any]) -> StuckPayable:
    too_small = row.by_stripe and row.balance_minor < step_minor(row.currency)
    return StuckPayable(
        organisation_id=row.organisation_id,
        name=row.name,
        amount=Amount(amount_minor=row.balance_minor, currency=row.currency),
        waits_for=WaitsFor.LARGER_AMOUNT if too_small else row.waits_for,
        failed_refunds=row.failed_refunds,
    )
