"""What a loan costs and may be: late interest, prepayment, effective cost, limits (DOMAIN D4-D6).

Pure. Money is whole minor units; only the effective cost, a rate to compare by, is approximated.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from fractions import Fraction
from typing import Final

from marketplace.financing.loans.day_counts import DayCount, year_fraction
from marketplace.financing.loans.schedules import Instalment, rounded
from marketplace.kernel.money import BASIS_POINTS

LATE_RATE_MAX_BASIS_POINTS: Final = 2_000
"""KR Interest Limitation Act: 20 % a year (general knowledge)."""
_YEAR_DAYS: Final = 365
_COST_MAX: Final = 100.0
_HALVINGS: Final = 80
_SECURED_PERCENT: Final = 120
"""KR banks register 120 to 130 % of a loan as the most that is secured (general knowledge)."""
_GUARANTEE_SHARE: Final = 2
"""KODIT IP-Plus: an extra guarantee is at most half of the IP loan (DOMAIN D4)."""


def late_rate(rate_basis_points: int, margin_basis_points: int) -> int:
    """The rate of what is overdue: the contract's and a margin, as far as the law lets it go.

    Where the contract's own rate is beyond that, being late makes it no cheaper.
    """
    capped = min(rate_basis_points + margin_basis_points, LATE_RATE_MAX_BASIS_POINTS)
    return max(rate_basis_points, capped)


def late_interest_minor(overdue_minor: int, rate_basis_points: int, days: int) -> int:
    """Simple interest of what is overdue, by days of 365."""
    part = Fraction(rate_basis_points, BASIS_POINTS) * Fraction(days, _YEAR_DAYS)
    return rounded(overdue_minor * part)


def prepayment_fee_minor(
    prepaid_minor: int, rate_basis_points: int, *, remaining_days: int, total_days: int
) -> int:
    """A fee that shrinks with the time that is left of the term."""
    part = Fraction(rate_basis_points, BASIS_POINTS) * Fraction(remaining_days, total_days)
    return rounded(prepaid_minor * part)


def prepayable_minor(
    amount_minor: int, rate_basis_points: int, *, remaining_days: int, total_days: int
) -> int:
    """The most principal that an amount prepays together with its fee."""
    part = Fraction(rate_basis_points, BASIS_POINTS) * Fraction(remaining_days, total_days)
    found = int(amount_minor / (1 + part)) + 1

    def total(principal_minor: int) -> int:
        return principal_minor + rounded(principal_minor * part)

    while found and total(found) > amount_minor:
        found -= 1
    return found


def guarantee_fee_minor(
    guaranteed_minor: int, rate_basis_points: int, start: date, end: date
) -> int:
    """The fee of a guarantee for a time, by days of 365."""
    part = year_fraction(start, end, DayCount.ACT_365F)
    return rounded(guaranteed_minor * Fraction(rate_basis_points, BASIS_POINTS) * part)


def guarantee_max_minor(valuation_minor: int, loan_minor: int) -> int:
    """What may be guaranteed beside an IP loan: half of it, and both within the valuation."""
    return max(0, min(loan_minor // _GUARANTEE_SHARE, valuation_minor - loan_minor))


def secured_minor(amount_minor: int) -> int:
    """What a pledge usually secures: the loan, and a fifth for interest, late interest, costs."""
    return rounded(Fraction(amount_minor * _SECURED_PERCENT, 100))


def eligible_minor(values: Iterable[tuple[int, int]]) -> int:
    """The collateral value that counts: each value at its share in basis points, summed."""
    return sum(value * share for value, share in values) // BASIS_POINTS


def ltv_basis_points(debt_minor: int, value_minor: int) -> int | None:
    """Debt to value, rounded half up; None when there is no value left."""
    return rounded(Fraction(debt_minor * BASIS_POINTS, value_minor)) if value_minor > 0 else None


def within_ltv(debt_minor: int, value_minor: int, max_basis_points: int) -> bool:
    """Whether a debt keeps within a limit, exactly."""
    return debt_minor * BASIS_POINTS <= max_basis_points * value_minor


def effective_cost_basis_points(
    received_minor: int, start: date, instalments: Sequence[Instalment]
) -> int:
    """What the loan really costs a year, fees included, compounded yearly by days of 365.

    Args:
        received_minor: the principal without what is kept back of it.
        start: the day it is received.
        instalments: what is paid back.

    Raises:
        ValueError: nothing would be received.
    """
    if received_minor <= 0:
        raise ValueError("a loan pays something out")
    flows = [(row.payment_minor, (row.due_on - start).days / _YEAR_DAYS) for row in instalments]
    if sum(amount for amount, _ in flows) <= received_minor:
        return 0

    def worth(rate: float) -> float:
        return float(sum(amount / (1 + rate) ** years for amount, years in flows))

    low, high = 0.0, _COST_MAX
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if worth(middle) > received_minor else (low, middle)
    return round((low + high) / 2 * BASIS_POINTS)
