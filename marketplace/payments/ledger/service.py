"""Posting to the ledger: one round trip, accounts locked in sorted order, each key once."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import BigInteger, String, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.kernel.db import now
from marketplace.kernel.errors import ConflictError
from marketplace.kernel.ids import new_id


class InsufficientFundsError(ConflictError):
    code = "insufficient_funds"
    title = "The account does not hold this much"


class AlreadyPostedError(ConflictError):
    code = "already_posted"
    title = "This movement of money has been booked already"


CONSTRAINT_ERRORS = {
    "ledger_account_not_overdrawn_check": InsufficientFundsError,
    "ledger_transaction_key_unique": AlreadyPostedError,
}


@dataclass(frozen=True, slots=True)
class Posting:
    """Move an amount in minor units from one account to another."""

    source: str
    destination: str
    amount_minor: int


_TEXTS: Final = ARRAY(String)
_NUMBERS: Final = ARRAY(BigInteger)

_POST: Final = text(
    """
    WITH wanted AS (
        SELECT * FROM unnest(:addresses, :deltas) AS w (address, delta)
    ), locked AS MATERIALIZED (
        SELECT address FROM ledger_account
        WHERE currency = :currency AND address = ANY (:addresses)
        ORDER BY address FOR UPDATE
    ), ready AS MATERIALIZED (
        SELECT count(*) = cardinality(:addresses) AS complete FROM locked
    ), moved AS (
        UPDATE ledger_account a SET balance_minor = a.balance_minor + w.delta
        FROM wanted w
        WHERE a.address = w.address AND a.currency = :currency AND (SELECT complete FROM ready)
    ), recorded AS (
        INSERT INTO ledger_transaction (id, key, kind, subject, currency, recorded_at)
        SELECT :id, :key, :kind, :subject, :currency, :at WHERE (SELECT complete FROM ready)
        RETURNING id
    ), posted AS (
        INSERT INTO ledger_posting (transaction_id, position, source, destination, amount_minor)
        SELECT r.id, p.position, p.source, p.destination, p.amount_minor
        FROM recorded r, unnest(:sources, :destinations, :amounts)
            WITH ORDINALITY AS p (source, destination, amount_minor, position)
    )
    SELECT complete FROM ready
    """
).bindparams(
    bindparam("addresses", type_=_TEXTS),
    bindparam("deltas", type_=_NUMBERS),
    bindparam("sources", type_=_TEXTS),
    bindparam("destinations", type_=_TEXTS),
    bindparam("amounts", type_=_NUMBERS),
)
_OPEN: Final = text(
    """
    INSERT INTO ledger_account (address, currency, balance_minor)
    SELECT address, :currency, 0 FROM unnest(:addresses) AS w (address) ORDER BY address
    ON CONFLICT (address, currency) DO NOTHING
    """
).bindparams(bindparam("addresses", type_=_TEXTS))


async def post(
    session: AsyncSession,
    *,
    key: str,
    kind: str,
    subject: str,
    currency: str,
    postings: Sequence[Posting],
) -> UUID:
    """Book movements of money in one currency, all or none.

    Missing accounts are opened at zero and the statement repeated, so that even an empty account
    is locked before it is used.

    Args:
        session: the transaction of the business fact.
        key: names the fact; a second posting with it is refused by the database.
        kind: what happened, for statements: `fund`, `release`, `refund` …
        subject: what it belongs to, as `deal:<uuid>`.
        currency: ISO 4217, of every posting.
        postings: at least one; zero amounts are left out by the caller.

    Raises:
        InsufficientFundsError, AlreadyPostedError: by the database.
    """
    deltas = _deltas(postings)
    transaction_id = new_id()
    values = {
        "addresses": list(deltas),
        "deltas": list(deltas.values()),
        "id": transaction_id,
        "key": key,
        "kind": kind,
        "subject": subject,
        "currency": currency,
        "at": now(session),
        "sources": [posting.source for posting in postings],
        "destinations": [posting.destination for posting in postings],
        "amounts": [posting.amount_minor for posting in postings],
    }
    if not (await session.execute(_POST, values)).scalar_one():
        await session.execute(_OPEN, {"addresses": list(deltas), "currency": currency})
        (await session.execute(_POST, values)).scalar_one()
    return transaction_id


def _deltas(postings: Sequence[Posting]) -> dict[str, int]:
    """The change of each account; an account that only passes money on is still locked."""
    deltas: Counter[str] = Counter()
    for posting in postings:
        if posting.amount_minor <= 0:
            raise ValueError("a posting moves a positive amount")
        deltas[posting.source] -= posting.amount_minor
        deltas[posting.destination] += posting.amount_minor
    return dict(deltas)
