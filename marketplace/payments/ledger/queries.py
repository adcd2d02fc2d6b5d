from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncSession

_BALANCE: Final = text(
    "SELECT balance_minor FROM ledger_account WHERE address = :address AND currency = :currency"
)
_BALANCES_LIKE: Final = text(
    "SELECT address, currency, balance_minor FROM ledger_account"
    " WHERE address = ANY (:addresses) ORDER BY address, currency"
)
_OF_SUBJECTS: Final = text(
    """
    SELECT t.id, t.kind, t.currency, t.recorded_at, p.source, p.destination, p.amount_minor
    FROM ledger_transaction t JOIN ledger_posting p ON p.transaction_id = t.id
    WHERE t.subject = ANY (:subjects) ORDER BY t.recorded_at, t.id, p.position LIMIT 1000
    """
)


async def balance_minor(session: AsyncSession, address: str, currency: str) -> int:
    """An account's balance; zero when nothing was ever posted to it."""
    values = {"address": address, "currency": currency}
    return (await session.execute(_BALANCE, values)).scalar() or 0


async def balances(session: AsyncSession, addresses: Sequence[str]) -> Sequence[Row[Any]]:
    """Balances of the named accounts in every currency they hold."""
    return (await session.execute(_BALANCES_LIKE, {"addresses": list(addresses)})).all()


async def postings_of(session: AsyncSession, subjects: Sequence[str]) -> Sequence[Row[Any]]:
    """All movements of money of some subjects, oldest first."""
    return (await session.execute(_OF_SUBJECTS, {"subjects": list(subjects)})).all()
