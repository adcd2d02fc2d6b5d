"""The European Central Bank's files of reference rates: what one euro was worth, day by day.

    eurofxref-daily.xml, eurofxref-hist-90d.xml, eurofxref-hist.xml
        <Cube><Cube time="2026-11-20"><Cube currency="USD" rate="1.1521"/>…
    eurofxref.csv       Date, USD, JPY, …        20 November 2026, 1.1521, 180.97, …,
    eurofxref-hist.csv  Date,USD,JPY,…           2026-11-20,1.1521,180.97,…,N/A,

https://www.ecb.europa.eu/stats/policy_and_exchange_rates/euro_reference_exchange_rates
"""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from marketplace.payments.currencies.errors import MalformedRatesError
from marketplace.payments.providers.bank.errors import MalformedStatementError
from marketplace.payments.providers.bank.safe_xml import read_xml
from marketplace.payments.providers.bank.statement_values import decoded

CONTENT_BYTES_MAX: Final = 64 * 1024 * 1024
FIRST_DAY: Final = date(1999, 1, 4)
"""The first day that reference rates were published for."""
_RATE: Final = re.compile(r"[0-9]{1,9}(\.[0-9]{1,10})?")
_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_ABSENT: Final = frozenset({"", "N/A", "-"})
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Rate:
    """What one euro was worth in a currency on a day."""

    day: date
    currency: str
    units_per_euro: Decimal


def parse_rates(content: bytes, today: date) -> list[Rate]:
    """Read a file of reference rates, XML or CSV. It takes seconds for the whole history.

    Raises:
        MalformedRatesError: the message names the place.
    """
    if len(content) > CONTENT_BYTES_MAX:
        raise MalformedRatesError(f"the file: over {CONTENT_BYTES_MAX:,} bytes")
    start = content[:4096].removeprefix(_BYTE_ORDER_MARK).lstrip()
    if start.startswith(b"PK"):
        raise MalformedRatesError("the file: unpack the zip archive first")
    try:
        found = list(_from_xml(content) if start.startswith(b"<") else _from_csv(content))
    except MalformedStatementError as error:
        raise MalformedRatesError(str(error)) from error
    if not found:
        raise MalformedRatesError("the file: no rate in it")
    late = next((rate for rate in found if not FIRST_DAY <= rate.day <= today), None)
    if late:
        raise MalformedRatesError(f"{late.day} is not a day between {FIRST_DAY} and today")
    return found


def _from_xml(content: bytes) -> Iterator[Rate]:
    root, _ = read_xml(content)
    if root.tag != "Envelope":
        raise MalformedRatesError("the file: not the ECB's (gesmes:Envelope)")
    for of_day in root.iterfind("Cube/Cube"):
        day = _iso_day(of_day.get("time", ""))
        for cube in of_day.iterfind("Cube"):
            yield _rate(day, cube.get("currency", ""), cube.get("rate", ""))


def _from_csv(content: bytes) -> Iterator[Rate]:
    reader = csv.reader(io.StringIO(decoded(content), newline=""), strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        if not header or header[0] != "Date":
            raise MalformedRatesError("line 1: not the ECB's, whose first column is Date")
        for cells in reader:
            values = [cell.strip() for cell in cells]
            if not any(values):
                continue
            if len(values) != len(header):
                raise MalformedRatesError(
                    f"line {reader.line_num}: {len(values)} columns, the header has {len(header)}"
                )
            yield from _of_line(header, values)
    except csv.Error as error:
        raise MalformedRatesError(f"line {reader.line_num}: {error}") from error


def _of_line(header: list[str], values: list[str]) -> Iterator[Rate]:
    day = _any_day(values[0])
    for currency, text in zip(header[1:], values[1:], strict=True):
        if text not in _ABSENT and currency:
            yield _rate(day, currency, text)


def _rate(day: date, currency: str, text: str) -> Rate:
    if not _CURRENCY.fullmatch(currency) or currency == "EUR":
        raise MalformedRatesError(f"{day}: {currency[:20]!r} is not a currency against the euro")
    if not _RATE.fullmatch(text) or not Decimal(text):
        raise MalformedRatesError(f"{day}, {currency}: {text[:20]!r} is not a rate")
    return Rate(day, currency, Decimal(text))


def _iso_day(text: str) -> date:
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 - a day, in no time zone
    except ValueError as error:
        raise MalformedRatesError(f"{text[:40]!r} is not a day such as 2026-11-20") from error


_MONTHS: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_WRITTEN_DAY: Final = re.compile(r"([0-9]{1,2}) ([A-Z][a-z]{2,8}) ([0-9]{4})")


def _any_day(text: str) -> date:
    """A day as the history writes it, or in English as the daily file does, in any locale."""
    written = _WRITTEN_DAY.fullmatch(text)
    if not written or written[2] not in _MONTHS:
        return _iso_day(text)
    try:
        return date(int(written[3]), _MONTHS.index(written[2]) + 1, int(written[1]))
    except ValueError as error:
        raise MalformedRatesError(f"{text!r} is not a day") from error
