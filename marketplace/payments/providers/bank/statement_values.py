"""The values that statements of every format are made of, read strictly.

A refusal here does not know where it stands; the reader of the format adds that with `placed`.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Final

from marketplace.kernel.errors import UnprocessableError
from marketplace.kernel.money import AMOUNT_MINOR_MAX, minor_from_text
from marketplace.payments.providers.bank.errors import MalformedStatementError
from marketplace.payments.providers.bank.iso_text import clean_text

IDENTIFIER_LENGTH_MAX: Final = 100
REMITTANCE_LENGTH_MAX: Final = 1_000
TEXT_LENGTH_MAX: Final = 140

_AMOUNT: Final = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_DATE: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:T[0-9:.]{5,18})?(?:Z|[+-][0-9]{2}:[0-9]{2})?"
)


@contextmanager
def placed(place: str) -> Iterator[None]:
    """Start the message of every refusal of a value with the place where it was read."""
    try:
        yield
    except UnprocessableError as error:
        raise MalformedStatementError(f"{place}: {error}") from error


def decoded(content: bytes) -> str:
    """The text of a UTF-8 file, without its byte order mark."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise MalformedStatementError(f"line {line}: not UTF-8; save the file as UTF-8") from error


def read_amount_minor(text: str, currency: str) -> int:
    """Read an unsigned decimal of major units as minor units, zero or more."""
    if not _AMOUNT.fullmatch(text):
        raise MalformedStatementError(f"{text[:40]!r} is not an amount such as 1250.50")
    whole = text.partition(".")[0]
    is_readable = len(whole) <= len(str(AMOUNT_MINOR_MAX))
    amount_minor = minor_from_text(text, currency) if is_readable else None
    if amount_minor is None or amount_minor > AMOUNT_MINOR_MAX:
        raise MalformedStatementError(f"the amount {text[:40]!r} is too large")
    return amount_minor


def read_date(text: str) -> date:
    """Read an ISO 8601 date, or the date of a date and time in the bank's own time zone."""
    match = _DATE.fullmatch(text)
    try:
        return date.fromisoformat(match.group(1) if match else "")
    except ValueError as error:
        raise MalformedStatementError(f"{text[:40]!r} is not a date such as 2026-03-31") from error


def read_identifier(text: str, name: str) -> str:
    """Read an id whole: one that had to be cut or cleaned could become another's."""
    if not text or not text.isprintable() or len(text) > IDENTIFIER_LENGTH_MAX:
        raise MalformedStatementError(
            f"the {name} must have 1 to {IDENTIFIER_LENGTH_MAX} printable characters"
        )
    return text


def optional_text(text: str) -> str | None:
    return clean_text(text, TEXT_LENGTH_MAX) or None


def remittance_text(text: str) -> str:
    return clean_text(text, REMITTANCE_LENGTH_MAX)
