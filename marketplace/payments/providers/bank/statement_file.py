"""The one door for statement files, whatever their format."""

from collections.abc import Callable
from enum import StrEnum
from typing import Final

from marketplace.payments.providers.bank.camt053 import parse_camt053
from marketplace.payments.providers.bank.errors import (
    MalformedStatementError,
    StatementTooLargeError,
)
from marketplace.payments.providers.bank.statement import CONTENT_BYTES_MAX, Statement
from marketplace.payments.providers.bank.statement_csv import parse_csv

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


class StatementFormat(StrEnum):
    CAMT_053 = "camt.053"
    CSV = "csv"


def detect_format(content: bytes) -> StatementFormat:
    """Tell the format by the first line, never by a file name.

    Raises:
        MalformedStatementError: neither XML nor a CSV with our header.
    """
    start = content[:4096].removeprefix(_BYTE_ORDER_MARK).lstrip()
    if start.startswith(b"<"):
        return StatementFormat.CAMT_053
    if b"entry_id" in start.partition(b"\n")[0]:
        return StatementFormat.CSV
    raise MalformedStatementError(
        "the file is neither camt.053 XML nor a CSV whose first line names the columns (entry_id, "
        "booked_on, …) in UTF-8"
    )


def parse(content: bytes) -> Statement:
    """Read a statement file. A file near the limits takes seconds: call it in a thread.

    Raises:
        MalformedStatementError: the file cannot be read; the message names the place.
        StatementDoesNotBalanceError: the balances disagree with the entries.
        StatementTooLargeError: over `CONTENT_BYTES_MAX` or `ENTRIES_MAX`.
    """
    if len(content) > CONTENT_BYTES_MAX:
        raise StatementTooLargeError(f"split the file: it is over {CONTENT_BYTES_MAX:,} bytes")
    return _PARSERS[detect_format(content)](content)


_PARSERS: Final[dict[StatementFormat, Callable[[bytes], Statement]]] = {
    StatementFormat.CAMT_053: parse_camt053,
    StatementFormat.CSV: parse_csv,
}
