"""What a bank says happened on an account, whatever the file it came in."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import pairwise
from typing import Final

from marketplace.kernel.money import Money
from marketplace.payments.providers.bank.errors import (
    MalformedStatementError,
    StatementDoesNotBalanceError,
    StatementTooLargeError,
)

CONTENT_BYTES_MAX: Final = 10 * 1024 * 1024
ENTRIES_MAX: Final = 50_000


class Direction(StrEnum):
    CREDIT = "credit"
    DEBIT = "debit"


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementEntry:
    """One booked movement of money.

    Attributes:
        external_id: the bank's own id, unique on the account, at most 100 characters.
        direction: seen from the account holder: `credit` is money received.
        amount_minor: in minor units of `currency`, more than zero.
        remittance: what the payer wrote, one line, possibly empty, at most 1,000 characters.
        reversal: it undoes or returns an earlier payment; `direction` is still that of this entry.
        return_code: the ISO 20022 reason, such as `AC04`, where the bank gives one.
    """

    external_id: str
    direction: Direction
    amount_minor: int
    currency: str
    booked_on: date
    remittance: str
    end_to_end_id: str | None = None
    counterparty_name: str | None = None
    counterparty_account: str | None = None
    reversal: bool = False
    return_code: str | None = None
    return_text: str | None = None

    def __post_init__(self) -> None:
        if self.amount_minor <= 0:
            raise ValueError("an entry moves money: its amount is more than zero")

    @property
    def signed_minor(self) -> int:
        """The change of the balance: positive for a credit, negative for a debit."""
        return self.amount_minor if self.direction is Direction.CREDIT else -self.amount_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """The booked entries of one account in one currency.

    Attributes:
        account: IBAN or national number as the bank writes it; empty when the file gives none.
        opening_minor: balance before the entries, negative when overdrawn, if the bank gave it.
        closing_minor: balance after the entries, likewise.
        statement_id: the same file always has the same id.
    """

    account: str
    currency: str
    entries: tuple[StatementEntry, ...]
    statement_id: str
    opening_minor: int | None = None
    closing_minor: int | None = None


def require_balanced(statement: Statement) -> None:
    """Refuse a statement from which an entry is missing, or in which one was altered.

    Raises:
        StatementDoesNotBalanceError: both balances are given and differ by other than the entries.
    """
    if statement.opening_minor is None or statement.closing_minor is None:
        return
    total_minor = statement.opening_minor + sum(entry.signed_minor for entry in statement.entries)
    if total_minor != statement.closing_minor:
        computed = Money(total_minor, statement.currency)
        stated = Money(statement.closing_minor, statement.currency)
        raise StatementDoesNotBalanceError(
            f"statement {statement.statement_id}: the opening balance and the entries make "
            f"{computed}, the closing balance is {stated}; ask the bank for a complete statement"
        )


def require_distinct(entries: Iterable[StatementEntry]) -> None:
    """Refuse ids that repeat: one of the two entries would be taken for a delivery seen before."""
    seen: set[str] = set()
    for entry in entries:
        if entry.external_id in seen:
            raise MalformedStatementError(f"entry {entry.external_id!r}: the id appears twice")
        seen.add(entry.external_id)


def require_few(count: int) -> None:
    """Refuse more than `ENTRIES_MAX` entries, before memory is spent on them."""
    if count > ENTRIES_MAX:
        raise StatementTooLargeError(f"split the file: it has more than {ENTRIES_MAX:,} entries")


def joined(statements: Sequence[Statement], statement_id: str) -> Statement:
    """Join the statements of one file, one account and one currency, in the order of the file.

    The balances survive only when each statement opens where the one before closed.

    Raises:
        MalformedStatementError: there are several accounts or currencies.
    """
    first, last = statements[0], statements[-1]
    if len(statements) == 1:
        return first
    if len({(statement.account, statement.currency) for statement in statements}) > 1:
        raise MalformedStatementError(
            "the file holds statements of several accounts; upload one account at a time"
        )
    chained = all(a.closing_minor == b.opening_minor for a, b in pairwise(statements))
    return Statement(
        account=first.account,
        currency=first.currency,
        entries=tuple(entry for statement in statements for entry in statement.entries),
        statement_id=statement_id,
        opening_minor=first.opening_minor if chained else None,
        closing_minor=last.closing_minor if chained else None,
    )
