"""What is owed to states, and what was kept back from a payee."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.kernel.db import fetch
from marketplace.kernel.money import split
from marketplace.payments.periods import Period

_OWED: Final = text(
    """
    WITH since AS (
        SELECT replace(p.destination, 'tax:remitted:', 'tax:') AS address, t.currency, t.kind,
            t.recorded_at, p.amount_minor AS delta
        FROM ledger_transaction t JOIN ledger_posting p ON p.transaction_id = t.id
        WHERE t.recorded_at >= :since AND p.destination LIKE 'tax:%'
        UNION ALL
        SELECT replace(p.source, 'tax:remitted:', 'tax:'), t.currency, t.kind, t.recorded_at,
            -p.amount_minor
        FROM ledger_transaction t JOIN ledger_posting p ON p.transaction_id = t.id
        WHERE t.recorded_at >= :since AND p.source LIKE 'tax:%'
    ), moved AS (
        SELECT split_part(address, ':', 2) AS tax, split_part(address, ':', 3) AS jurisdiction,
            currency, sum(delta) AS since,
            sum(delta) FILTER (WHERE recorded_at < :until AND delta > 0) AS accrued,
            -sum(delta) FILTER (
                WHERE recorded_at < :until AND delta < 0 AND kind <> 'tax_remit') AS taken_back,
            -sum(delta) FILTER (WHERE recorded_at < :until AND kind = 'tax_remit') AS remitted
        FROM since GROUP BY 1, 2, 3
    ), owed AS (
        SELECT split_part(address, ':', 2) AS tax, split_part(address, ':', 3) AS jurisdiction,
            currency, sum(balance_minor) AS balance
        FROM (SELECT replace(address, 'tax:remitted:', 'tax:') AS address, currency, balance_minor
              FROM ledger_account WHERE address LIKE 'tax:%') account
        GROUP BY 1, 2, 3
    )
    SELECT tax, jurisdiction, currency,
        (o.balance - coalesce(m.since, 0))::bigint AS opening_minor,
        coalesce(m.accrued, 0)::bigint AS accrued_minor,
        coalesce(m.taken_back, 0)::bigint AS taken_back_minor,
        coalesce(m.remitted, 0)::bigint AS remitted_minor
    FROM owed o LEFT JOIN moved m USING (tax, jurisdiction, currency)
    ORDER BY jurisdiction, tax, currency
    """
)
_WITHHELD: Final = text(
    """
    SELECT w.id, w.created_at, w.subject, w.organisation_id, w.gross_minor, w.tax_minor,
        w.surtax_minor, r.source AS law
    FROM withholding w JOIN tax_rate r ON r.id = w.tax_rate_id
    WHERE w.organisation_id = :organisation_id AND w.currency = :currency
      AND r.jurisdiction = :jurisdiction
      AND w.created_at >= :since AND w.created_at < :until
    ORDER BY w.id LIMIT :limit
    """
)
_OF_SUBJECTS: Final = text(
    """
    SELECT w.id, w.subject, w.tax_minor + w.surtax_minor AS total_minor
    FROM withholding w JOIN tax_rate r ON r.id = w.tax_rate_id
    WHERE w.subject = ANY (:subjects) AND r.jurisdiction = :jurisdiction
      AND w.currency = :currency ORDER BY w.id
    """
)
_RETURNED: Final = text(
    """
    SELECT t.subject, sum(p.amount_minor)::bigint AS minor
    FROM ledger_transaction t JOIN ledger_posting p ON p.transaction_id = t.id
    WHERE t.subject = ANY (:subjects) AND t.kind IN ('reverse', 'refund_released')
      AND t.currency = :currency
      AND starts_with(p.source, 'tax:withholding:' || :jurisdiction || ':')
    GROUP BY t.subject
    """
)


@dataclass(frozen=True, slots=True)
class Withheld:
    """One payment's tax, and how much of it was given back since."""

    id: UUID
    at: datetime
    subject: str
    law: str
    gross_minor: int
    tax_minor: int
    surtax_minor: int
    returned_minor: int


async def taxes_owed(session: AsyncSession, period: Period) -> Sequence[Row[Any]]:
    """Each tax by state and currency: what was owed, what changed it in a period."""
    return await fetch(session, _OWED, since=period.since, until=period.until)


async def withheld_from(
    session: AsyncSession,
    organisation_id: UUID,
    *,
    jurisdiction: str,
    currency: str,
    period: Period,
    limit: int,
) -> list[Withheld]:
    """What a state's tax took of payments to a payee in a period, oldest first."""
    of = {"jurisdiction": jurisdiction, "currency": currency}
    values = {"since": period.since, "until": period.until, "limit": limit}
    rows = await fetch(session, _WITHHELD, organisation_id=organisation_id, **of, **values)
    returned = await _returned(session, sorted({row.subject for row in rows}), of)
    return [
        Withheld(
            id=row.id,
            at=row.created_at,
            subject=row.subject,
            law=row.law,
            gross_minor=row.gross_minor,
            tax_minor=row.tax_minor,
            surtax_minor=row.surtax_minor,
            returned_minor=returned.get(row.id, 0),
        )
        for row in rows
    ]


async def _returned(
    session: AsyncSession, subjects: Sequence[str], of: Mapping[str, str]
) -> Mapping[UUID, int]:
    """What the tax account of each subject gave back, by what it was taken from."""
    given = {
        row.subject: row.minor
        for row in await fetch(session, _RETURNED, subjects=list(subjects), **of)
    }
    taken: defaultdict[str, list[Row[Any]]] = defaultdict(list)
    if given:
        for row in await fetch(session, _OF_SUBJECTS, subjects=list(given), **of):
            taken[row.subject].append(row)
    return {
        row.id: minor
        for subject, rows in taken.items()
        for row, minor in zip(
            rows, split(given[subject], [row.total_minor for row in rows]), strict=True
        )
    }
