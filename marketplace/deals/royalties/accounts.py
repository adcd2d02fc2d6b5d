"""The running account of a licence: what is charged, what was asked for, and what is still open.

Money that was paid and credits from corrections settle the oldest charges first.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from fractions import Fraction
from typing import Final
from uuid import UUID

from marketplace.kernel.money import BASIS_POINTS

DAYS_OF_YEAR: Final = 365
"""Late interest is simple, by actual days over 365 (ACT/365)."""


class ChargeKind(StrEnum):
    ROYALTY = "royalty"
    INTEREST = "interest"
    AUDIT_COST = "audit_cost"


@dataclass(frozen=True, slots=True)
class Claim:
    """A charge, or what is left of one. Only royalties bear interest, from the day after due."""

    kind: ChargeKind
    due_on: date
    amount_minor: int
    report_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class InterestPeriod:
    """A rate in force from a day on, until another day or for good."""

    rate_basis_points: int
    valid_from: date
    valid_until: date | None


def open_claims(charges: Sequence[Claim], settled_minor: int) -> list[Claim]:
    """What is left of the charges after credits and what was settled, oldest first.

    Its sum is that of the charges less what was settled, or nothing where more was settled.
    """
    left = settled_minor - sum(c.amount_minor for c in charges if c.amount_minor < 0)
    found = []
    for charge in charges:
        if charge.amount_minor <= 0:
            continue
        covered = min(left, charge.amount_minor)
        left -= covered
        if covered < charge.amount_minor:
            found.append(replace(charge, amount_minor=charge.amount_minor - covered))
    return found


def late_interest(claims: Iterable[Claim], paid_on: date, rates: Sequence[InterestPeriod]) -> int:
    """Simple interest on royalties that were paid late, by ACT/365, rounded down once."""
    total = Fraction(0)
    for claim in claims:
        if claim.kind is not ChargeKind.ROYALTY:
            continue
        for rate in rates:
            begins = max(claim.due_on, rate.valid_from)
            ends = paid_on if rate.valid_until is None else min(paid_on, rate.valid_until)
            if ends > begins:
                weight = Fraction(rate.rate_basis_points * (ends - begins).days)
                total += claim.amount_minor * weight / (BASIS_POINTS * DAYS_OF_YEAR)
    return int(total)


def interest_on(
    paid: Iterable[tuple[date, Iterable[Claim]]],
    due_minor: Mapping[UUID | None, int],
    rates: Sequence[InterestPeriod],
) -> int:
    """Late interest on everything that was paid, as far as it was due by the present figures.

    Args:
        paid: the payments, oldest first: the day, and the charges that each settled.
        due_minor: what each report comes to now. What was paid beyond bore no interest.
        rates: of the currency over time.
    """
    left = dict(due_minor)
    total = 0
    for paid_on, claims in paid:
        counting = []
        for claim in claims:
            amount_minor = min(claim.amount_minor, max(left.get(claim.report_id, 0), 0))
            left[claim.report_id] = left.get(claim.report_id, 0) - amount_minor
            counting.append(replace(claim, amount_minor=amount_minor))
        total += late_interest(counting, paid_on, rates)
    return total


def is_material(under_minor: int, correct_minor: int, threshold_basis_points: int) -> bool:
    """Whether an under-report exceeds a share of what was correctly due; exactly it does not."""
    return under_minor * BASIS_POINTS > correct_minor * threshold_basis_points
