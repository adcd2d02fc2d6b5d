"""Converting by reference rates: exact fractions through the euro, rounded once, at the end."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Final
from uuid import UUID

from marketplace.kernel.money import minor_digits

EUR: Final = "EUR"
Key = tuple[str, date]
"""A currency and a day."""
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


def jumps(before: Mapping[Key, Decimal], new: Mapping[Key, Decimal]) -> Iterator[str]:
    """Where a new rate is too far from the one of the day beside it, or else from what it replaces.

    Rates that come together are not compared with each other: a whole history has its jumps.

    Args:
        before: the rates in force, by currency and day.
        new: those that differ from them, or are of other days.
    """
    after, compared = {**before, **new}, set()
    for one, other in pairwise(sorted(after)):
        beside = one[0] == other[0] and other[1] - one[1] <= STALE
        if beside and (one in new) is not (other in new):
            compared.add(one if one in new else other)
            if _is_far(after[one], after[other]):
                yield f"{one[0]}: {after[one]:f} on {one[1]}, {after[other]:f} on {other[1]}"
    for key in sorted((new.keys() & before.keys()) - compared):
        if _is_far(before[key], new[key]):
            yield f"{key[0]}: {before[key]:f} on {key[1]}, corrected to {new[key]:f}"


def _is_far(one: Decimal, other: Decimal) -> bool:
    return Fraction(max(one, other)) > JUMP_MAX * Fraction(min(one, other))
