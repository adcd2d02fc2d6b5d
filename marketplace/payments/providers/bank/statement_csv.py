"""Statements as CSV, for banks without ISO 20022 and for hands.

    entry_id,booked_on,direction,amount,currency,remittance,end_to_end_id,counterparty_name,
    counterparty_account,status,reason,account

The first six columns are required, the others optional, in any order; no other is allowed. UTF-8
with or without a byte order mark; commas or semicolons between columns; RFC 4180 quotes.

    entry_id              the bank's id of the entry, unique on the account
    booked_on             2026-03-31
    direction             credit (received) or debit (sent)
    amount                unsigned decimal of major units with a point: 1250.50
    currency              ISO 4217, the same on every line
    status                BOOK (the default), or RETURNED when the entry brings a payment back
    reason                of a return: an ISO 20022 code, words, or both: `AC04 Account closed`
    account               of the statement, the same on every line
"""

import csv
import io
import re
from collections.abc import Iterator
from hashlib import sha256
from typing import Final

from marketplace.kernel.money import minor_digits
from marketplace.payments.providers.bank.errors import MalformedStatementError
from marketplace.payments.providers.bank.statement import (
    Direction,
    Statement,
    StatementEntry,
    require_distinct,
    require_few,
)
from marketplace.payments.providers.bank.statement_values import (
    decoded,
    optional_text,
    placed,
    read_amount_minor,
    read_date,
    read_identifier,
    remittance_text,
)

REQUIRED_COLUMNS: Final = (
    "entry_id",
    "booked_on",
    "direction",
    "amount",
    "currency",
    "remittance",
)
OPTIONAL_COLUMNS: Final = (
    "end_to_end_id",
    "counterparty_name",
    "counterparty_account",
    "status",
    "reason",
    "account",
)

_REASON: Final = re.compile(r"([A-Z]{2}[0-9]{2})?\s*(.*)", re.DOTALL)

Row = dict[str, str]


def parse_csv(content: bytes) -> Statement:
    """Read a CSV statement; its id is a hash of the content.

    Raises:
        MalformedStatementError: the message names the line.
        StatementTooLargeError: more than `ENTRIES_MAX` lines.
    """
    entries: list[StatementEntry] = []
    accounts: dict[str, str] = {}
    for line, row in _rows(decoded(content)):
        with placed(f"line {line}"):
            entries.append(_entry(row))
            _require_one(accounts, row)
        require_few(len(entries))
    if not entries:
        raise MalformedStatementError("the file has a header and no entry")
    require_distinct(entries)
    return Statement(
        account=accounts["account"],
        currency=accounts["currency"],
        entries=tuple(entries),
        statement_id=f"csv-{sha256(content).hexdigest()[:24]}",
    )


def _require_one(first: dict[str, str], row: Row) -> None:
    for column in ("account", "currency"):
        if first.setdefault(column, row.get(column, "")) != row.get(column, ""):
            raise MalformedStatementError(f"the {column} is not that of the lines above")


def _rows(text: str) -> Iterator[tuple[int, Row]]:
    delimiter = ";" if ";" in text.partition("\n")[0] else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        _require_header(header)
        for cells in reader:
            if cells:
                yield reader.line_num, _row(header, cells, reader.line_num)
    except csv.Error as error:
        raise MalformedStatementError(f"line {reader.line_num}: {error}") from error


def _require_header(header: list[str]) -> None:
    missing = [name for name in REQUIRED_COLUMNS if name not in header]
    unknown = sorted(set(header) - {*REQUIRED_COLUMNS, *OPTIONAL_COLUMNS})
    if missing:
        raise MalformedStatementError(f"line 1: the header lacks {', '.join(missing)}")
    if unknown:
        raise MalformedStatementError(f"line 1: unknown column {unknown[0][:40]!r}")
    if len(set(header)) < len(header):
        raise MalformedStatementError("line 1: a column is named twice")


def _row(header: list[str], cells: list[str], line: int) -> Row:
    if len(cells) != len(header):
        raise MalformedStatementError(
            f"line {line}: {len(cells)} columns where the header has {len(header)}"
        )
    return dict(zip(header, (cell.strip() for cell in cells), strict=True))


def _entry(row: Row) -> StatementEntry:
    code, words = _reason(row.get("reason", ""))
    minor_digits(row["currency"])
    return StatementEntry(
        external_id=read_identifier(row["entry_id"], "entry_id"),
        direction=_direction(row["direction"]),
        amount_minor=_amount_minor(row),
        currency=row["currency"],
        booked_on=read_date(row["booked_on"]),
        remittance=remittance_text(row["remittance"]),
        end_to_end_id=optional_text(row.get("end_to_end_id", "")),
        counterparty_name=optional_text(row.get("counterparty_name", "")),
        counterparty_account=optional_text(row.get("counterparty_account", "")),
        reversal=_is_returned(row.get("status", "")),
        return_code=code,
        return_text=words,
    )


def _direction(text: str) -> Direction:
    try:
        return Direction(text)
    except ValueError as error:
        raise MalformedStatementError(f"direction {text[:40]!r}: credit or debit") from error


def _amount_minor(row: Row) -> int:
    amount_minor = read_amount_minor(row["amount"], row["currency"])
    if amount_minor == 0:
        raise MalformedStatementError("the amount is zero")
    return amount_minor


def _is_returned(status: str) -> bool:
    if status not in {"", "BOOK", "RETURNED"}:
        raise MalformedStatementError(f"status {status[:40]!r}: BOOK or RETURNED")
    return status == "RETURNED"


def _reason(text: str) -> tuple[str | None, str | None]:
    match = _REASON.fullmatch(text)
    return (match.group(1), optional_text(match.group(2))) if match else (None, None)
