"""The waterfall of a securitisation: who gets what of a period's cash. Pure, to the minor unit."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from marketplace.financing.loans.schedules import rounded
from marketplace.kernel.money import BASIS_POINTS

YEAR_DAYS: Final = 365
"""Coupons are simple, ACT/365 (DOMAIN D5)."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A tranche of notes before a distribution.

    `unpaid_minor` is interest of earlier periods that the cash did not reach; it bears none.
    """

    balance_minor: int
    coupon_basis_points: int
    unpaid_minor: int = 0


@dataclass(frozen=True, slots=True)
class Share:
    """What a tranche gets, and how it stands afterwards."""

    interest_due_minor: int
    interest_minor: int
    principal_minor: int
    balance_minor: int
    unpaid_minor: int

    @property
    def paid_minor(self) -> int:
        return self.interest_minor + self.principal_minor


@dataclass(frozen=True, slots=True)
class Distribution:
    """Of all cash: what each tranche gets, and the residue, which is the equity's."""

    shares: tuple[Share, ...]
    residue_minor: int


def waterfall(cash_minor: int, claims: Sequence[Claim], days: int) -> Distribution:
    """Pay interest by rank, then principal by rank, each in full before the next gets any.

    Args:
        cash_minor: what came in the period; all of it is distributed.
        claims: the notes, the most senior first.
        days: of the period, over which the coupons run.
    """
    left = cash_minor
    dues, paid = [], []
    for claim in claims:
        dues.append(interest_minor(claim, days))
        paid.append(min(left, dues[-1] + claim.unpaid_minor))
        left -= paid[-1]
    shares = []
    for claim, due, interest in zip(claims, dues, paid, strict=True):
        principal = min(left, claim.balance_minor)
        left -= principal
        shares.append(
            Share(
                interest_due_minor=due,
                interest_minor=interest,
                principal_minor=principal,
                balance_minor=claim.balance_minor - principal,
                unpaid_minor=claim.unpaid_minor + due - interest,
            )
        )
    return Distribution(tuple(shares), left)


def interest_minor(claim: Claim, days: int) -> int:
    """The coupon of a period, rounded half up."""
    exact = Fraction(
        claim.balance_minor * claim.coupon_basis_points * days, BASIS_POINTS * YEAR_DAYS
    )
    return rounded(exact)


def attachments(sizes_minor: Sequence[int], equity_minor: int) -> list[tuple[int, int]]:
    """From which loss to which each tranche bears it: attachment and detachment in minor units.

    The equity bears the first; the most senior tranche, which is named first, the last.
    """
    found, below = [], equity_minor
    for size in reversed(sizes_minor):
        found.append((below, below + size))
        below += size
    return found[::-1]
