"""A payee's account over a period, from the ledger in one statement, so of one moment.

What the balance was is worked out backwards from what it is: a recent period costs as much as
happened since it began, however long the payee has been here.
"""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.payments.ledger.addresses import payable
from marketplace.payments.payee_statements.rules import Entry, Statement
from marketplace.payments.periods import Period

_ENTRIES: Final = """
    WITH since AS (
        SELECT t.recorded_at, t.id, p.position, t.kind, t.subject, p.source AS counterparty,
            p.amount_minor AS delta
        FROM ledger_posting p JOIN ledger_transaction t ON t.id = p.transaction_id
        WHERE p.destination = :address AND p.destination LIKE 'payable:%'
          AND t.currency = :currency AND t.recorded_at >= :since
        UNION ALL
        SELECT t.recorded_at, t.id, p.position, t.kind, t.subject, p.destination,
            -p.amount_minor
        FROM ledger_posting p JOIN ledger_transaction t ON t.id = p.transaction_id
        WHERE p.source = :address AND p.source LIKE 'payable:%'
          AND t.currency = :currency AND t.recorded_at >= :since
    ), opening AS (
        SELECT coalesce((SELECT balance_minor FROM ledger_account
                         WHERE address = :address AND currency = :currency), 0)
            - coalesce((SELECT sum(delta) FROM since), 0)::bigint AS minor
    ), entry AS (
        SELECT since.*, (SELECT minor FROM opening)
            + (sum(delta) OVER (ORDER BY recorded_at, id, position))::bigint AS balance
        FROM since WHERE recorded_at < :until
    )
"""
_STATEMENT: Final = text(
    f"""
    {_ENTRIES}
    SELECT (SELECT minor FROM opening) AS opening_minor, count(*) AS entries,
        coalesce(sum(delta) FILTER (WHERE delta > 0), 0)::bigint AS credits_minor,
        coalesce(-sum(delta) FILTER (WHERE delta < 0), 0)::bigint AS debits_minor,
        (SELECT coalesce(json_agg(json_build_array(recorded_at, id, position, kind, subject,
                    counterparty, delta, balance) ORDER BY recorded_at, id, position), '[]'::json)
         FROM (SELECT * FROM entry
               WHERE (recorded_at, id, position)
                   > (:after_at, CAST(:after_id AS uuid), CAST(:after_position AS bigint))
               ORDER BY recorded_at, id, position LIMIT CAST(:limit AS bigint) + 1) page) AS page
    FROM entry
    """  # noqa: S608 - built from constants
)
"""Sums of the whole period, and the entries after a position, in one snapshot."""

Position = tuple[datetime, UUID, int]


async def statement_of(
    session: AsyncSession,
    organisation_id: UUID,
    currency: str,
    period: Period,
    *,
    after: Position | None = None,
    limit: int,
) -> Statement:
    """A payee's statement with at most `limit` entries, those after a position."""
    after_at, after_id, after_position = after or (period.since, UUID(int=0), -1)
    values = {
        "address": payable(organisation_id),
        "currency": currency,
        "since": period.since,
        "until": period.until,
        "after_at": after_at,
        "after_id": after_id,
        "after_position": after_position,
        "limit": limit,
    }
    return _read((await session.execute(_STATEMENT, values)).one(), limit)


def _read(row: Row[Any], limit: int) -> Statement:
    entries = [Entry(datetime.fromisoformat(at), UUID(id_), *rest) for at, id_, *rest in row.page]
    return Statement(
        opening_minor=row.opening_minor,
        closing_minor=row.opening_minor + row.credits_minor - row.debits_minor,
        credits_minor=row.credits_minor,
        debits_minor=row.debits_minor,
        count=row.entries,
        entries=entries[:limit],
        has_more=len(entries) > limit,
    )
