"""A statement as CSV and as PDF."""

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Final
from zoneinfo import ZoneInfo

from marketplace.kernel.money import grouped_text, major_text
from marketplace.kernel.pdf import Column, Pdf
from marketplace.kernel.representations import Language, safe_cell
from marketplace.payments.payee_statements.rules import Entry, Statement
from marketplace.payments.payee_statements.words import CLASSES, KINDS, LABELS
from marketplace.payments.periods import Period
from marketplace.payments.wording import words

CHUNK_ROWS: Final = 500
_HEADER: Final = (
    "date",
    "kind",
    "description",
    "subject",
    "counterparty",
    "amount",
    "set_off",
    "balance",
    "currency",
    "transaction_id",
)
_COLUMNS: Final = (
    ("date", 15, False),
    ("kind", 26, False),
    ("counterparty", 17, False),
    ("subject", 40, False),
    ("amount", 20, True),
    ("set_off", 18, True),
    ("balance", 20, True),
)


def csv_chunks(
    statement: Statement, currency: str, zone: ZoneInfo, language: Language
) -> Iterator[bytes]:
    """The lines of a CSV, some hundred at a time: opening balance, entries, closing balance.

    It begins with a byte order mark, by which spreadsheets know Korean and Chinese from bytes.
    """
    buffer = io.StringIO()
    buffer.write("\ufeff")
    writer = csv.writer(buffer)
    writer.writerow(_HEADER)
    opening = words(LABELS, "opening", language)
    writer.writerow(_balance("opening", opening, statement.opening_minor, currency))
    for number, entry in enumerate(statement.entries, 1):
        writer.writerow(_line(entry, currency, zone, language))
        if number % CHUNK_ROWS == 0:
            yield _taken(buffer)
    closing = words(LABELS, "closing", language)
    writer.writerow(_balance("closing", closing, statement.closing_minor, currency))
    yield _taken(buffer)


def _taken(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode()


def _balance(kind: str, label: str, minor: int, currency: str) -> list[str]:
    return ["", kind, label, "", "", "", "", major_text(minor, currency), currency, ""]


def _line(entry: Entry, currency: str, zone: ZoneInfo, language: Language) -> list[str]:
    texts = [
        entry.recorded_at.astimezone(zone).isoformat(timespec="seconds"),
        entry.kind,
        words(KINDS, entry.kind, language),
        entry.subject,
        words(CLASSES, entry.counterparty_class, language),
    ]
    amounts = (entry.delta_minor, entry.set_off_minor, entry.balance_minor)
    numbers = [major_text(minor, currency) for minor in amounts]
    return [*map(safe_cell, texts), *numbers, currency, str(entry.transaction_id)]


def pdf_content(
    statement: Statement,
    name: str,
    currency: str,
    period: Period,
    language: Language,
) -> bytes:
    """The statement as a document; it takes about a second for some thousand entries."""

    def label(of: str) -> str:
        return words(LABELS, of, language)

    def amount(minor: int) -> str:
        return f"{grouped_text(minor, currency)} {currency}"

    pdf = Pdf(label("title"), language=language)
    pdf.pairs(
        [
            (label("payee"), name),
            (label("period"), f"{period.first} – {period.last}"),
            (label("zone"), period.zone.key),
            (label("opening"), amount(statement.opening_minor)),
            (label("credits"), amount(statement.credits_minor)),
            (label("debits"), amount(statement.debits_minor)),
            (label("closing"), amount(statement.closing_minor)),
        ]
    )
    if statement.closing_minor < 0:
        pdf.paragraph(label("owed"))
    columns = [Column(label(of), share, right) for of, share, right in _COLUMNS]
    pdf.table(
        columns, (_cells(entry, currency, period.zone, language) for entry in statement.entries)
    )
    return pdf.content()


def _cells(entry: Entry, currency: str, zone: ZoneInfo, language: Language) -> Sequence[str]:
    return (
        f"{entry.recorded_at.astimezone(zone):%Y-%m-%d}",
        words(KINDS, entry.kind, language),
        words(CLASSES, entry.counterparty_class, language),
        entry.subject,
        grouped_text(entry.delta_minor, currency),
        grouped_text(entry.set_off_minor, currency) if entry.set_off_minor else "",
        grouped_text(entry.balance_minor, currency),
    )
