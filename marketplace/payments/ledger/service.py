"""Posting to the ledger: one round trip, accounts locked in sorted order, each key once."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.kernel.db import now
from marketplace.kernel.driver_pools import Connection
from marketplace.kernel.errors import ConflictError
from marketplace.kernel.ids import new_id
from marketplace.kernel.statements import Statement


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


POSTING: Final = """
    wanted AS (
        SELECT * FROM unnest(CAST(:addresses AS text[]), CAST(:deltas AS bigint[]))
            AS w (address, delta)
    ), locked AS MATERIALIZED (
        SELECT address FROM ledger_account
        WHERE currency = :currency AND address = ANY (CAST(:addresses AS text[]))
        ORDER BY address FOR UPDATE
    ), ready AS MATERIALIZED (
        SELECT count(*) = cardinality(CAST(:addresses AS text[])) AS complete FROM locked
    ), moved AS (
        UPDATE ledger_account a SET balance_minor = a.balance_minor + w.delta
        FROM wanted w
        WHERE a.address = w.address AND a.currency = :currency AND (SELECT complete FROM ready)
    ), recorded AS (
        INSERT INTO ledger_transaction (id, key, kind, subject, currency, recorded_at)
        SELECT :transaction_id, :key, :kind, :subject, :currency, :recorded_at
        WHERE (SELECT complete FROM ready)
        RETURNING id
    ), posted AS (
        INSERT INTO ledger_posting (transaction_id, position, source, destination, amount_minor)
        SELECT r.id, p.position, p.source, p.destination, p.amount_minor
        FROM recorded r, unnest(
            CAST(:sources AS text[]), CAST(:destinations AS text[]), CAST(:amounts AS bigint[])
        ) WITH ORDINALITY AS p (source, destination, amount_minor, position)
    )
    """
"""The part of a `Statement` that books a `Booking`, if all its accounts exist."""
BOOKED: Final = "SELECT complete FROM ready"
"""Whether it was booked; if not, `open_accounts_and_book`."""
_BOOK: Final = Statement(POSTING, select=BOOKED)
_OPEN: Final = Statement(
    """
    opened AS (
        INSERT INTO ledger_account (address, currency, balance_minor)
        SELECT address, :currency, 0 FROM unnest(CAST(:addresses AS text[])) AS w (address)
        ORDER BY address
        ON CONFLICT (address, currency) DO NOTHING
        RETURNING address
    )
    """,
    select="SELECT count(*) FROM opened",
)


@dataclass(frozen=True, slots=True)
class Booking:
    """Movements of money in one currency, booked all or none.

    Attributes:
        key: names the fact; a second booking with it is refused by the database.
        kind: what happened, for statements: `fund`, `release`, `refund` …
        subject: what it belongs to, as `deal:<uuid>`.
        currency: ISO 4217, of every posting.
        postings: at least one; zero amounts are left out by the caller.
    """

    key: str
    kind: str
    subject: str
    currency: str
    postings: Sequence[Posting]

    def values(self, at: datetime) -> dict[str, Any]:
        """The parameters of `POSTING`."""
        deltas = _deltas(self.postings)
        return {
            "addresses": list(deltas),
            "deltas": list(deltas.values()),
            "transaction_id": new_id(),
            "key": self.key,
            "kind": self.kind,
            "subject": self.subject,
            "currency": self.currency,
            "recorded_at": at,
            "sources": [posting.source for posting in self.postings],
            "destinations": [posting.destination for posting in self.postings],
            "amounts": [posting.amount_minor for posting in self.postings],
        }


async def post(session: AsyncSession, booking: Booking) -> None:
    """Book movements of money, in the transaction of the business fact.

    Missing accounts are opened at zero and the statement repeated, so that even an empty account
    is locked before it is used.

    Raises:
        InsufficientFundsError, AlreadyPostedError: by the database.
    """
    values = booking.values(now(session))
    if not await _BOOK.execute(session, values):
        await _OPEN.execute(session, {name: values[name] for name in _OPEN.parameters})
        await _BOOK.execute(session, values)


async def open_accounts_and_book(connection: Connection, values: Mapping[str, Any]) -> None:
    """Do what a `Statement` with `POSTING` could not, for want of an account."""
    await _OPEN.run(connection, values)
    await _BOOK.run(connection, values)


def _deltas(postings: Sequence[Posting]) -> dict[str, int]:
    """The change of each account; an account that only passes money on is still locked."""
    deltas: Counter[str] = Counter()
    for posting in postings:
        if posting.amount_minor <= 0:
            raise ValueError("a posting moves a positive amount")
        deltas[posting.source] -= posting.amount_minor
        deltas[posting.destination] += posting.amount_minor
    return dict(deltas)
