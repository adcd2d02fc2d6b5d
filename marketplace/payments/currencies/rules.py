"""Converting by reference rates: exact fractions through the euro, rounded once, at the end."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Final
from uuid import UUID

from marketplace.kernel.money import minor_digits

EUR: Final = "EUR"
STALE: Final = timedelta(days=7)
"""How old the newest rate may be: rates come on working days, and holidays are long."""
JUMP_MAX: Final = Fraction(6, 5)
"""How far a rate may be from that of the day beside it without anybody having looked."""


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


def jumps(
    known: Mapping[tuple[str, date], Decimal], new: Collection[tuple[str, date]]
) -> Iterator[str]:
    """Where a new rate is too far from the one before or after it, if that is not long ago.

    Args:
        known: all rates by currency and day, the new ones among them.
        new: which of them nobody has seen yet.
    """
    for (one, day), (other, following) in pairwise(sorted(known)):
        beside = one == other and following - day <= STALE
        if not beside or not ((one, day) in new or (other, following) in new):
            continue
        before, after = Fraction(known[one, day]), Fraction(known[other, following])
        if max(before, after) > JUMP_MAX * min(before, after):
            was, came = known[one, day].normalize(), known[other, following].normalize()
            yield f"{one}: {was:f} on {day}, {came:f} on {following}"
