"""Converting by reference rates: exact fractions through the euro, rounded once, at the end."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Final
from uuid import UUID

from marketplace.kernel.money import minor_digits

EUR: Final = "EUR"


@dataclass(frozen=True, slots=True)
class Quotation:
    """What one euro is worth in a currency: a row of `exchange_rate`, or the euro itself."""

    currency: str
    units_per_euro: Decimal
    day: date
    source: str
    id: UUID | None = None


def cross_rate(of: Quotation, into: Quotation) -> Fraction:
    """How many units of one currency are worth a unit of the other; exact, never rounded."""
    return Fraction(into.units_per_euro) / Fraction(of.units_per_euro)


def converted(amount_minor: int, of: Quotation, into: Quotation) -> Fraction:
    """An amount in minor units of another currency, not rounded yet, so that it may be summed."""
    scale = Fraction(10) ** (minor_digits(into.currency) - minor_digits(of.currency))
    return amount_minor * cross_rate(of, into) * scale


def rounded(amount: Fraction) -> int:
    """The nearest whole minor unit; a half goes away from zero, as merchants round."""
    whole, rest = divmod(abs(amount.numerator), amount.denominator)
    nearest = whole + (2 * rest >= amount.denominator)
    return -nearest if amount < 0 else nearest
