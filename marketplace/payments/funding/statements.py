"""Bank statements in: stored whole at once, matched entry by entry.

Importing writes every new entry in one transaction and books nothing. The worker then matches each
entry in a transaction of its own, so a crash in the middle of a long statement loses nothing and
repeats nothing.
"""

import asyncio
import hashlib
from collections.abc import Sequence
from datetime import date, timedelta
from operator import itemgetter
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.kernel.db import now
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.events import publish
from marketplace.kernel.ids import new_id
from marketplace.payments.funding.models import BankEntry, BankStatement
from marketplace.payments.lifecycle import BANK_ENTRY, BankEntryState
from marketplace.payments.providers.bank.bank_account import (
    BankAccount,
    compact_number,
    masked_number,
)
from marketplace.payments.providers.bank.errors import (
    ForeignAccountError,
    MalformedStatementError,
)
from marketplace.payments.providers.bank.statement import Statement, StatementEntry
from marketplace.payments.providers.bank.statement_file import parse

ROWS_AT_ONCE = 1_000
FIRST_DAY: Final = date(1990, 1, 1)
TOLD: Final = {
    "direction": "direction",
    "amount_minor": "amount",
    "currency": "currency",
    "booked_on": "date",
    "remittance": "remittance",
    "end_to_end_id": "end-to-end id",
    "reversal": "status",
}
"""What decides about an entry, so what every file has to say alike, and how a refusal names it."""


async def import_statement(
    session: AsyncSession, content: bytes, ours: BankAccount, *, actor: Actor
) -> BankStatement:
    """Store a statement and those of its entries that the bank has not reported before.

    Importing the same file again changes nothing and gives the first import back.

    Raises:
        ForeignAccountError: it names another account than ours; nothing was stored.
        MalformedStatementError, StatementDoesNotBalanceError: nothing was stored.
    """
    sha256 = hashlib.sha256(content).hexdigest()
    if known := await _by_hash(session, sha256):
        return known
    statement = await asyncio.to_thread(parse, content)
    days = [entry.booked_on for entry in statement.entries]
    _require_own(statement, ours)
    _require_possible_days(statement, now(session).date())
    row = BankStatement(
        created_at=now(session),
        sha256=sha256,
        account=ours.compact_number,
        statement_id=statement.statement_id,
        currency=statement.currency,
        entries=len(statement.entries),
        new_entries=0,
        opens_on=min(days, default=None),
        closes_on=max(days, default=None),
        opening_minor=statement.opening_minor,
        closing_minor=statement.closing_minor,
        imported_by=actor.person_id,
    )
    session.add(row)
    await session.flush()
    row.new_entries = await _store_entries(session, row, statement)
    data = {"entries": row.entries, "new_entries": row.new_entries, "sha256": sha256}
    subject = f"bank_statement:{row.id}"
    publish(session, "bank_statement.import", subject=subject, actor=actor.label, data=data)
    return row


def _require_own(statement: Statement, ours: BankAccount) -> None:
    """Money on somebody else's account pays nobody here. A file may leave the account out."""
    if statement.account and compact_number(statement.account) != ours.compact_number:
        raise ForeignAccountError(
            f"it is of {masked_number(statement.account)}, buyers pay to {ours.masked()}"
        )


def _require_possible_days(statement: Statement, today: date) -> None:
    """A mistyped year is told. East of Greenwich the bank's day may be tomorrow's already."""
    for entry in statement.entries:
        if not FIRST_DAY <= entry.booked_on <= today + timedelta(days=1):
            raise MalformedStatementError(
                f"entry {entry.external_id!r}: {entry.booked_on} is not a day between "
                f"{FIRST_DAY} and tomorrow"
            )


async def _by_hash(session: AsyncSession, sha256: str) -> BankStatement | None:
    query = select(BankStatement).where(col(BankStatement.sha256) == sha256)
    return (await session.execute(query)).scalar_one_or_none()


async def _store_entries(session: AsyncSession, row: BankStatement, statement: Statement) -> int:
    """Insert the entries a thousand at a time, leaving out those that the bank told before.

    They are sorted by the bank's id, so that files which overlap never wait for one another in a
    circle; our own ids keep the order of the file.
    """
    rows = [_row(session, row, entry) for entry in statement.entries]
    rows.sort(key=itemgetter("external_id"))
    stored = 0
    for start in range(0, len(rows), ROWS_AT_ONCE):
        batch = rows[start : start + ROWS_AT_ONCE]
        statement_ = (
            insert(BankEntry)
            .values(batch)
            .on_conflict_do_nothing(constraint="bank_entry_external_unique")
            .returning(col(BankEntry.id))
        )
        stored += len((await session.execute(statement_)).all())
        await _require_unchanged(session, row, batch)
    return stored


async def _require_unchanged(
    session: AsyncSession, row: BankStatement, batch: Sequence[dict[str, Any]]
) -> None:
    """Refuse a file that tells an entry of an earlier file differently."""
    query = select(col(BankEntry.external_id), *(getattr(BankEntry, name) for name in TOLD)).where(
        col(BankEntry.account) == row.account,
        col(BankEntry.external_id).in_([entry["external_id"] for entry in batch]),
    )
    stored = {found.external_id: found for found in (await session.execute(query)).all()}
    for entry in batch:
        before = stored[entry["external_id"]]
        changed = [words for name, words in TOLD.items() if getattr(before, name) != entry[name]]
        if changed:
            raise MalformedStatementError(
                f"entry {before.external_id!r} was reported before with another {changed[0]}"
            )


def _row(session: AsyncSession, row: BankStatement, entry: StatementEntry) -> dict[str, Any]:
    moment = now(session)
    account = entry.counterparty_account
    return {
        "id": new_id(),
        "created_at": moment,
        "state": BankEntryState.RECEIVED,
        "version": 1,
        "due_at": BANK_ENTRY.due_at(BankEntryState.RECEIVED, moment),
        "statement_id": row.id,
        "account": row.account,
        **{name: getattr(entry, name) for name in StatementEntry.__dataclass_fields__},
        "counterparty_account": account and masked_number(account),
    }


async def statement_progress(
    session: AsyncSession, statement_id: UUID
) -> tuple[BankStatement, dict[str, int]]:
    """A statement, and how many of its entries are in each state."""
    row = await session.get(BankStatement, statement_id)
    if row is None:
        raise NotFoundError("no such statement")
    query = (
        select(BankEntry.state, func.count().label("entries"))
        .where(col(BankEntry.statement_id) == statement_id)
        .group_by(col(BankEntry.state))
    )
    counts = await session.execute(query)
    return row, {found.state: found.entries for found in counts}
