"""Repayment schedules (DOMAIN D5). Pure: whole minor units, the last instalment takes the residue.

Every amount is rounded half up to the minor unit once, where it becomes due.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise
from typing import Final

from marketplace.assets.standing.days import months_after
from marketplace.financing.loans.day_counts import DayCount, year_fraction
from marketplace.kernel.money import BASIS_POINTS

_HALF: Final = Fraction(1, 2)


class ScheduleKind(StrEnum):
    ANNUITY = "annuity"
    EQUAL_PRINCIPAL = "equal_principal"
    BULLET = "bullet"
    CUSTOM = "custom"


@dataclass(frozen=True, slots=True)
class Period:
    """What an instalment is the interest of: from one day up to the day that it is due."""

    starts_on: date
    due_on: date


@dataclass(frozen=True, slots=True)
class Instalment:
    """One row of a schedule. `balance_minor` is the principal that is left after it."""

    number: int
    starts_on: date
    due_on: date
    principal_minor: int
    interest_minor: int
    balance_minor: int

    @property
    def payment_minor(self) -> int:
        return self.principal_minor + self.interest_minor


@dataclass(frozen=True, slots=True)
class Pricing:
    """How interest is reckoned: a rate a year, in basis points, and a day count.

    `anchor` is the first day of the loan, from which months are counted.
    """

    rate_basis_points: int
    day_count: DayCount = DayCount.MONTHS
    anchor: date | None = None

    def interest_minor(self, balance_minor: int, start: date, end: date) -> int:
        """Interest of a balance from a day up to another."""
        return rounded(self.exact(balance_minor, start, end))

    def years(self, start: date, end: date) -> Fraction:
        return year_fraction(start, end, self.day_count, self.anchor)

    def exact(self, balance_minor: int, start: date, end: date) -> Fraction:
        part = self.years(start, end)
        return balance_minor * Fraction(self.rate_basis_points, BASIS_POINTS) * part


def rounded(amount: Fraction) -> int:
    """To the nearest minor unit, a half up."""
    return (amount + _HALF).__floor__()


def periods(start: date, *, term_months: int, months_each: int = 1) -> list[Period]:
    """The periods of a term; the last is shorter when they do not fill it.

    Raises:
        ValueError: no month, or a period longer than the term.
    """
    if not 0 < months_each <= term_months:
        raise ValueError("a term has at least one period")
    ends = [*range(months_each, term_months, months_each), term_months]
    days = [start, *(months_after(start, months) for months in ends)]
    return [Period(*pair) for pair in pairwise(days)]


def annuity_minor(balance_minor: int, rate: Fraction, count: int) -> int:
    """The level payment P·r/(1−(1+r)^−n); without interest P/n."""
    if not rate:
        return rounded(Fraction(balance_minor, count))
    return rounded(balance_minor * rate / (1 - (1 + rate) ** -count))


def schedule(
    kind: ScheduleKind,
    balance_minor: int,
    found: Sequence[Period],
    pricing: Pricing,
    *,
    custom: Sequence[int] = (),
    first_number: int = 1,
) -> list[Instalment]:
    """The instalments that repay a balance over some periods, to nothing.

    Args:
        kind: how the principal is spread.
        balance_minor: the principal at the start of the first period.
        found: periods that follow each other.
        pricing: the rate and its day count.
        custom: for a custom schedule, the principal of each period, which sum to the balance.
        first_number: of the first instalment, where others came before.

    Raises:
        ValueError: the custom parts are no schedule of this balance.
    """
    wanted = _principals(kind, balance_minor, found, pricing, custom)
    rows, left = [], balance_minor
    for place, period in enumerate(found):
        interest = pricing.interest_minor(left, period.starts_on, period.due_on)
        is_last = place == len(found) - 1
        part = wanted[place] if kind is not ScheduleKind.ANNUITY else wanted[place] - interest
        principal = left if is_last else max(0, min(part, left))
        left -= principal
        number = first_number + place
        rows.append(Instalment(number, period.starts_on, period.due_on, principal, interest, left))
    return rows


def _principals(
    kind: ScheduleKind,
    balance_minor: int,
    found: Sequence[Period],
    pricing: Pricing,
    custom: Sequence[int],
) -> list[int]:
    """What each period repays; of an annuity what it pays, interest included."""
    count = len(found)
    if kind is ScheduleKind.CUSTOM:
        if len(custom) != count or min(custom, default=-1) < 0 or sum(custom) != balance_minor:
            raise ValueError("a custom schedule has a part for each period, and they sum up")
        return list(custom)
    if kind is ScheduleKind.BULLET:
        return [0] * count
    if kind is ScheduleKind.EQUAL_PRINCIPAL:
        return [rounded(Fraction(balance_minor, count))] * count
    year = pricing.years(found[0].starts_on, found[-1].due_on)
    rate = Fraction(pricing.rate_basis_points, BASIS_POINTS) * year / count
    return [annuity_minor(balance_minor, rate, count)] * count


def reduced(custom: Sequence[int], by_minor: int) -> list[int]:
    """The parts of a custom schedule after a prepayment, which shortens it from its end."""
    left, parts = by_minor, []
    for part in reversed(custom):
        taken = min(part, left)
        left -= taken
        parts.append(part - taken)
    return parts[::-1]


def replanned(
    kind: ScheduleKind,
    future: Sequence[Instalment],
    balance_minor: int,
    pricing: Pricing,
    *,
    run_until: date | None = None,
    run_interest: Fraction = Fraction(0),
    running: Pricing | None = None,
) -> list[Instalment]:
    """Future instalments after a prepayment or a new rate; their days and numbers stay.

    Args:
        kind: of the schedule.
        future: what is not due yet, as planned before.
        balance_minor: the principal that is left now.
        pricing: from now on.
        run_until: the day of the change, where it lies within the first period.
        run_interest: what that period has earned until then, under what was before.
        running: of that period, which keeps its own rate; the same, if left out.
    """
    found = [Period(row.starts_on, row.due_on) for row in future]
    before = [row.principal_minor for row in future]
    custom = reduced(before, sum(before) - balance_minor)
    first = future[0]
    if run_until is None or run_until <= first.starts_on:
        return schedule(
            kind, balance_minor, found, pricing, custom=custom, first_number=first.number
        )
    rows = schedule(kind, balance_minor, found, pricing, custom=custom, first_number=first.number)
    bears = running or pricing
    interest = rounded(run_interest + bears.exact(balance_minor, run_until, first.due_on))
    if kind is ScheduleKind.ANNUITY and len(rows) > 1:
        level = max(0, min(rows[0].payment_minor - interest, balance_minor))
        return _first_with(rows, interest, level, balance_minor, pricing)
    return [replace(rows[0], interest_minor=interest), *rows[1:]]


def _first_with(
    rows: Sequence[Instalment],
    interest_minor: int,
    principal_minor: int,
    balance_minor: int,
    pricing: Pricing,
) -> list[Instalment]:
    """An annuity whose first period earned otherwise: its payment stays level."""
    left = balance_minor - principal_minor
    first = replace(
        rows[0], principal_minor=principal_minor, interest_minor=interest_minor, balance_minor=left
    )
    payment, made = rows[0].payment_minor, [first]
    for place, row in enumerate(rows[1:], 1):
        interest = pricing.interest_minor(left, row.starts_on, row.due_on)
        is_last = place == len(rows) - 1
        principal = left if is_last else max(0, min(payment - interest, left))
        left -= principal
        made.append(
            replace(row, principal_minor=principal, interest_minor=interest, balance_minor=left)
        )
    return made
