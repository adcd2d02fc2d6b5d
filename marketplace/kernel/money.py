"""Money is an integer number of minor units and an ISO 4217 currency. No float touches it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from iso4217 import Currency as IsoCurrency

from marketplace.kernel.errors import UnprocessableError

BASIS_POINTS: Final = 10_000
_PLAIN_DECIMAL: Final = re.compile(
    r"(?P<sign>[+-]?)(?P<whole>[0-9]{1,15})(?:\.(?P<fraction>[0-9]{1,15}))?"
)
AMOUNT_MINOR_MAX: Final = 10**15 - 1
"""Far below BIGINT, so that sums of thousands of amounts still fit."""
SHARE_PARTS_MAX: Final = 1_000_000
"""How fine shares of an amount may be."""


class UnknownCurrencyError(UnprocessableError):
    code = "unknown_currency"
    title = "Not an ISO 4217 currency code that money can be held in"


class CurrencyMismatchError(UnprocessableError):
    code = "currency_mismatch"
    title = "Amounts of two currencies are never added or compared"


@lru_cache(maxsize=512)
def minor_digits(currency: str) -> int:
    """Decimals of a currency by ISO 4217: KRW 0, CNY 2, KWD 3.

    Raises:
        UnknownCurrencyError: the code is unknown, or has no minor unit (gold, test codes).
    """
    try:
        exponent = IsoCurrency(currency).exponent
    except ValueError:
        exponent = None
    if exponent is None:
        raise UnknownCurrencyError(f"{currency!r} is not a currency; use a code such as KRW or USD")
    return exponent


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units of one currency; `Money(12_000, "KRW")` is twelve thousand won."""

    amount_minor: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.amount_minor) is not int:
            raise TypeError("money is an int of minor units")
        minor_digits(self.currency)

    def __add__(self, other: "Money") -> "Money":
        return Money(self.amount_minor + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.amount_minor - self._same(other), self.currency)

    def __str__(self) -> str:
        return f"{major_text(self.amount_minor, self.currency)} {self.currency}"

    def _same(self, other: "Money") -> int:
        if other.currency != self.currency:
            raise CurrencyMismatchError(f"{self.currency} and {other.currency}")
        return other.amount_minor


def major_text(amount_minor: int, currency: str) -> str:
    """Write minor units as a decimal of major units: 1234 USD → `12.34`, 1234 KRW → `1234`."""
    digits = minor_digits(currency)
    sign, whole = "-" if amount_minor < 0 else "", str(abs(amount_minor)).rjust(digits + 1, "0")
    return f"{sign}{whole[:-digits]}.{whole[-digits:]}" if digits else f"{sign}{whole}"


def grouped_text(amount_minor: int, currency: str) -> str:
    """Major units for people, as Korea, China and English write them: 1234567 KRW → `1,234,567`."""
    whole, point, fraction = major_text(amount_minor, currency).partition(".")
    return f"{int(whole):,}{point}{fraction}" if whole != "-0" else f"-0{point}{fraction}"


def minor_from_text(text: str, currency: str) -> int:
    """Read a plain decimal of major units as minor units; exact, never rounded.

    Raises:
        UnprocessableError: not a plain decimal, or more decimals than the currency has.
    """
    digits = minor_digits(currency)
    decimal = _PLAIN_DECIMAL.fullmatch(text.strip())
    fraction = (decimal["fraction"] or "").rstrip("0") if decimal else ""
    if decimal is None or len(fraction) > digits:
        raise UnprocessableError(f"{text[:40]!r} is not an amount of {currency}: {digits} decimals")
    minor = int(decimal["whole"] + fraction.ljust(digits, "0"))
    return -minor if decimal["sign"] == "-" else minor


def split(amount_minor: int, weights: Sequence[int]) -> list[int]:
    """Divide an amount by weights with the largest remainder; the parts always sum to the whole.

    Ties go to the earlier party, so the order of `weights` is part of the agreement.

    Args:
        amount_minor: the whole, zero or more.
        weights: non-negative integers in any unit (basis points, shares), not all zero.

    Raises:
        ValueError: a negative amount, a negative weight, or no positive weight.
    """
    total = sum(weights)
    if amount_minor < 0 or total <= 0 or min(weights) < 0:
        raise ValueError("split needs an amount ≥ 0 and weights ≥ 0 with a positive sum")
    parts = [amount_minor * weight // total for weight in weights]
    remainders = [amount_minor * weight % total for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda index: (-remainders[index], index))
    for index in by_remainder[: amount_minor - sum(parts)]:
        parts[index] += 1
    return parts


def share_of(amount_minor: int, basis_points: int) -> int:
    """The part of an amount at a rate in basis points (500 = 5 %), by largest remainder."""
    return split(amount_minor, [basis_points, BASIS_POINTS - basis_points])[0]
