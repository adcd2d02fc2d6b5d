"""Proofs that the ledger is whole. Each check is one statement and names what is wrong."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

CHECKS: Final = {
    "balance is the sum of postings": """
        SELECT coalesce(a.address, m.address) || ' ' || coalesce(a.currency, m.currency)
            || ': balance ' || coalesce(a.balance_minor, 0) || ', postings ' || coalesce(m.total, 0)
        FROM ledger_account a FULL JOIN (
            SELECT address, currency, sum(delta) AS total FROM (
                SELECT source AS address, currency, -amount_minor AS delta
                FROM ledger_posting JOIN ledger_transaction ON id = transaction_id
                UNION ALL
                SELECT destination, currency, amount_minor
                FROM ledger_posting JOIN ledger_transaction ON id = transaction_id
            ) legs GROUP BY address, currency
        ) m USING (address, currency)
        WHERE coalesce(a.balance_minor, 0) <> coalesce(m.total, 0) LIMIT 20
    """,
    "the ledger sums to zero in each currency": """
        SELECT currency || ': ' || sum(balance_minor) FROM ledger_account
        GROUP BY currency HAVING sum(balance_minor) <> 0
    """,
    "every transaction has postings": """
        SELECT t.key FROM ledger_transaction t
        LEFT JOIN ledger_posting p ON p.transaction_id = t.id
        WHERE p.transaction_id IS NULL LIMIT 20
    """,
    "no account is overdrawn": """
        SELECT address || ' ' || currency || ': ' || balance_minor FROM ledger_account
        WHERE balance_minor < 0 AND address NOT LIKE 'world:%'
          AND address NOT LIKE 'payable:%' AND address NOT LIKE 'expense:%'
          AND address NOT LIKE 'loss:%' AND address NOT LIKE 'tax:remitted:%' LIMIT 20
    """,
}
_COUNT: Final = text("SELECT count(*) FROM ledger_transaction")


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    problems: tuple[str, ...]


async def run_checks(session: AsyncSession, checks: dict[str, str]) -> list[Check]:
    """Run statements that return a line for each violation, and nothing when all is well."""
    found = []
    for name, statement in checks.items():
        rows = (await session.execute(text(statement))).scalars().all()
        found.append(Check(name, tuple(rows)))
    return found


async def count_transactions(session: AsyncSession) -> int:
    return int((await session.execute(_COUNT)).scalar_one())
