"""Statements of account: what became payable to an organisation, what was paid, what is left."""

import asyncio
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import Query, Response
from fastapi.responses import StreamingResponse

from marketplace.accounts.errors import InvalidTokenError
from marketplace.accounts.models import Organisation
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.money import UnknownCurrencyError
from marketplace.kernel.pagination import Cursor, InvalidCursorError, decode, encode
from marketplace.kernel.problems import problems
from marketplace.kernel.representations import (
    CSV_CONTENT,
    MEDIA_TYPES,
    PDF_CONTENT,
    AsTable,
    Language,
    ReadIn,
    TableFormat,
    attachment,
    pdf_answer,
)
from marketplace.kernel.routing import Session, transactional_router
from marketplace.kernel.schemas import Amount, Currency
from marketplace.payments.access import Payee
from marketplace.payments.payee_statements.errors import StatementTooLongError
from marketplace.payments.payee_statements.files import csv_chunks, pdf_content
from marketplace.payments.payee_statements.queries import statement_of
from marketplace.payments.payee_statements.rules import Entry, Statement
from marketplace.payments.payee_statements.schemas import StatementEntryRead, StatementRead
from marketplace.payments.payee_statements.words import KINDS
from marketplace.payments.periods import AskedPeriod, Period, PeriodError
from marketplace.payments.wording import words

router = transactional_router(prefix="/v1/payee-statements", tags=["payee statements"])

ENTRIES_MAX: Final = {TableFormat.CSV: 50_000, TableFormat.PDF: 5_000}
"""What one file holds; a page of JSON is as long as asked for."""
_POSITION: Final = (datetime, UUID, int)

EntryLimit = Annotated[int, Query(ge=1, le=1_000, description="entries on a page of JSON")]


@router.get(
    "",
    response_model=StatementRead,
    responses={
        **problems(
            InvalidTokenError,
            NotFoundError,
            InvalidCursorError,
            UnknownCurrencyError,
            PeriodError,
            StatementTooLongError,
        ),
        200: {"content": CSV_CONTENT | PDF_CONTENT},
    },
)
async def payee_statement(
    session: Session,
    payee: Payee,
    period: AskedPeriod,
    wanted: AsTable,
    language: ReadIn,
    currency: Annotated[Currency, Query()],
    *,
    cursor: Cursor = None,
    limit: EntryLimit = 100,
) -> Response | StatementRead:
    """Your statement of account in one currency: opening balance, entries, closing balance.

    Computed from the ledger, as JSON by pages, or whole as CSV or PDF. Days are those of the
    reporting time zone. A negative balance is owed by you; `set_off_minor` shows how later credits
    made it good.
    """
    if wanted is TableFormat.JSON:
        after = decode(cursor, *_POSITION) if cursor else None
        found = await statement_of(session, payee.id, currency, period, after=after, limit=limit)
        return _read(found, payee, currency, period, language)
    most = ENTRIES_MAX[wanted]
    found = await statement_of(session, payee.id, currency, period, limit=most)
    if found.count > most:
        raise StatementTooLongError(f"{found.count} entries; a {wanted} holds {most}")
    name = f"statement-{currency}-{period.first}-{period.last}"
    if wanted is TableFormat.PDF:
        content = await asyncio.to_thread(
            pdf_content, found, payee.name, currency, period, language
        )
        return pdf_answer(content, name)
    return _csv(csv_chunks(found, currency, period.zone, language), name)


def _read(
    found: Statement,
    payee: Organisation,
    currency: str,
    period: Period,
    language: Language,
) -> StatementRead:
    def amount(minor: int) -> Amount:
        return Amount(amount_minor=minor, currency=currency)

    return StatementRead(
        organisation_id=payee.id,
        name=payee.name,
        currency=currency,
        first=period.first,
        until=period.after,
        time_zone=period.zone.key,
        opening=amount(found.opening_minor),
        credits=amount(found.credits_minor),
        debits=amount(found.debits_minor),
        closing=amount(found.closing_minor),
        entry_count=found.count,
        entries=[_entry(entry, language) for entry in found.entries],
        next=_following(found),
    )


def _entry(entry: Entry, language: Language) -> StatementEntryRead:
    return StatementEntryRead(
        at=entry.recorded_at,
        transaction_id=entry.transaction_id,
        kind=entry.kind,
        description=words(KINDS, entry.kind, language),
        subject=entry.subject,
        counterparty=entry.counterparty_class,
        amount_minor=entry.delta_minor,
        set_off_minor=entry.set_off_minor,
        balance_minor=entry.balance_minor,
    )


def _following(found: Statement) -> str | None:
    """A cursor where the page's last entry is not the period's."""
    if not found.has_more:
        return None
    last = found.entries[-1]
    return encode(last.recorded_at, last.transaction_id, last.position)


def _csv(chunks: Iterable[bytes], name: str) -> Response:
    headers = attachment(f"{name}.csv")
    return StreamingResponse(chunks, media_type=MEDIA_TYPES["csv"], headers=headers)
