"""The bank's statements against the ledger: entry by entry for a day, and the closing balances.

The day is the bank's own. A movement is booked under the entry that it was matched with, or under
the payout that the entry names, so each entry is compared with what it became, whenever that was.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.engine import Row

from marketplace.kernel.db import Sessions, fetch
from marketplace.kernel.money import major_text
from marketplace.payments.access import platform_account
from marketplace.payments.reconciling.service import Reconciled, day_of
from marketplace.settings import Settings

_MOVED: Final = """
    SELECT t.key, t.currency, t.recorded_at, sum(CASE 'world:bank' WHEN p.source
        THEN p.amount_minor ELSE -p.amount_minor END)::bigint AS net_minor
    FROM ledger_transaction t JOIN ledger_posting p ON p.transaction_id = t.id
    WHERE 'world:bank' IN (p.source, p.destination) AND {of}
    GROUP BY t.key, t.currency, t.recorded_at
"""
_ENTRIES: Final = """
    SELECT e.external_id, e.state, e.booked_on, e.currency,
        CASE e.direction WHEN 'credit' THEN e.amount_minor ELSE -e.amount_minor END AS bank_minor,
        ARRAY['receive:bank_entry:' || e.id, 'expense:bank_entry:' || e.id,
            'remit:bank_entry:' || e.id, 'exchange:bank_entry:' || e.id,
            'charge:bank_entry:' || e.id,
            CASE e.direction WHEN 'debit' THEN 'confirm:payout:' ELSE 'give_back:payout:' END
                || o.id] AS keys
    FROM bank_entry e LEFT JOIN payout o
        ON o.end_to_end_id = e.end_to_end_id AND e.state = 'matched'
    WHERE e.account = :account
"""
"""Entries with what each may be booked under: one of them, or none yet."""
_OF_DAY: Final = text(
    f"""
    SELECT entry.external_id, entry.state, entry.currency, entry.bank_minor,
        (SELECT sum(m.net_minor)::bigint FROM ({_MOVED.format(of="t.key = ANY (entry.keys)")}) m
         WHERE m.currency = entry.currency) AS ledger_minor
    FROM ({_ENTRIES} AND e.booked_on = :day) entry ORDER BY entry.external_id
    """  # noqa: S608 - built from constants
)
_OF_NO_ENTRY: Final = text(
    f"""
    SELECT key, currency, net_minor FROM (
        SELECT m.*, split_part(key, ':', 2) AS named, split_part(key, ':', 3) AS named_id
        FROM ({_MOVED.format(of="t.recorded_at >= :since AND t.recorded_at < :until")}) m
    ) moved
    WHERE NOT EXISTS (
        SELECT FROM bank_entry e WHERE e.id = CASE named WHEN 'bank_entry' THEN named_id::uuid END)
      AND NOT EXISTS (
        SELECT FROM payout o JOIN bank_entry e ON e.end_to_end_id = o.end_to_end_id
        WHERE o.id = CASE named WHEN 'payout' THEN named_id::uuid END AND e.state = 'matched')
    ORDER BY key
    """  # noqa: S608 - built from constants
)
_CLOSINGS: Final = text(
    f"""
    SELECT s.statement_id, s.currency, s.closing_minor,
        (coalesce(b.closing_minor, s.opening_minor) + coalesce((
            SELECT sum(m.net_minor) FROM (
                {_ENTRIES} AND e.currency = s.currency AND e.booked_on <= :day
                AND e.booked_on > coalesce(b.closes_on, s.opens_on - 1)
            ) entry CROSS JOIN LATERAL ({_MOVED.format(of="t.key = ANY (entry.keys)")}) m
            WHERE m.currency = s.currency), 0))::bigint AS ledger_minor
    FROM bank_statement s LEFT JOIN LATERAL (
        SELECT b.closing_minor, b.closes_on FROM bank_statement b
        WHERE b.account = s.account AND b.currency = s.currency AND b.closes_on < s.opens_on
          AND b.closing_minor IS NOT NULL
        ORDER BY b.closes_on DESC, b.id DESC LIMIT 1
    ) b ON true
    WHERE s.account = :account AND s.closes_on = :day AND s.closing_minor IS NOT NULL
      AND coalesce(b.closing_minor, s.opening_minor) IS NOT NULL
    ORDER BY s.currency, s.id
    """  # noqa: S608 - built from constants
)
"""Each closing balance of the day, and what the ledger makes of the closing balance before it."""


async def reconcile(settings: Settings, sessions: Sessions, day: date) -> Reconciled:
    """List what differs between the bank's statements of a day and the ledger."""
    since, until = day_of(day)
    account = platform_account(settings).compact_number
    async with sessions() as session:
        entries = await fetch(session, _OF_DAY, account=account, day=day)
        strange = await fetch(session, _OF_NO_ENTRY, since=since, until=until)
        closings = await fetch(session, _CLOSINGS, account=account, day=day)
    differences = [*_differing(entries), *_unknown(strange), *_not_closing(closings)]
    return Reconciled(len(entries) + len(closings), tuple(differences))


def _differing(entries: Sequence[Row[Any]]) -> Iterator[str]:
    for entry in entries:
        bank = _amount(entry.bank_minor, entry.currency)
        if entry.ledger_minor is None:
            yield f"{entry.external_id}: the bank moved {bank}, the ledger nothing ({entry.state})"
        elif entry.ledger_minor != entry.bank_minor:
            ledger = _amount(entry.ledger_minor, entry.currency)
            yield f"{entry.external_id}: the bank moved {bank}, the ledger {ledger}"


def _unknown(strange: Sequence[Row[Any]]) -> Iterator[str]:
    for row in strange:
        moved = _amount(row.net_minor, row.currency)
        yield f"{row.key}: the ledger moved {moved}, no statement has such an entry"


def _not_closing(closings: Sequence[Row[Any]]) -> Iterator[str]:
    for row in closings:
        if row.closing_minor != row.ledger_minor:
            bank, ledger = (
                _amount(minor, row.currency) for minor in (row.closing_minor, row.ledger_minor)
            )
            yield f"statement {row.statement_id}: it closes with {bank}, the ledger makes {ledger}"


def _amount(minor: int, currency: str) -> str:
    return f"{major_text(minor, currency)} {currency}"
