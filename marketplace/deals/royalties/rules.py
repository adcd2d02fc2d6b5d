"""The mathematics of running royalties (DOMAIN B3). Everything is exact, and rounded once.

A royalty year begins with the licence and on its anniversaries. What is due is worked out from the
beginning of the licence through each period, and a period's own due is the difference: so the
periods always sum to what the whole comes to, whatever was corrected meanwhile.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from marketplace.kernel.money import BASIS_POINTS
from marketplace.listings.licensing.terms import RoyaltyTerms, Stacking, TierMode


@dataclass(frozen=True, slots=True)
class PeriodBase:
    """What was reported for one period.

    Attributes:
        year: of the licence, from 0.
        base: in minor units or pieces, as the terms' base says.
        third_party_basis_points: what others were paid for the same products, as a rate.
        year_days: days of the licence in this royalty year, of `full_year_days`.
        ends_year: whether it is the last period of its year.
    """

    year: int
    base: int
    third_party_basis_points: int = 0
    year_days: int = 365
    full_year_days: int = 365
    ends_year: bool = False


@dataclass(frozen=True, slots=True)
class PeriodDue:
    """What one period comes to in minor units; a correction can make any of them negative."""

    earned_minor: int
    shortfall_minor: int
    credited_minor: int
    due_minor: int


def effective_rate(
    rate: Fraction, stacking: Stacking | None, third_party_basis_points: int
) -> Fraction:
    """The rate after what the licensee pays to third parties, never below the floor."""
    if stacking is None:
        return rate
    offset = Fraction(stacking.offset_basis_points, BASIS_POINTS)
    lowered = rate - offset * Fraction(third_party_basis_points, BASIS_POINTS)
    return max(lowered, stacking.floor.exact())


def minimum_of_year(terms: RoyaltyTerms, days: int, full_days: int) -> int:
    """The minimum annual royalty, in proportion to the days of a partial year, rounded down."""
    return terms.minimum_annual_minor * days // full_days


def shortfall(minimum_minor: int, earned_minor: int) -> int:
    return max(0, minimum_minor - earned_minor)


def earned_in_year(terms: RoyaltyTerms, periods: Sequence[PeriodBase]) -> int:
    """What the periods of one royalty year earn together, capped, rounded down once."""
    exact = (
        _cliff(terms, periods) if terms.tier_mode is TierMode.CLIFF else _marginal(terms, periods)
    )
    earned = int(exact)
    return earned if terms.annual_cap_minor is None else min(earned, terms.annual_cap_minor)


def dues(
    terms: RoyaltyTerms, periods: Sequence[PeriodBase], advance_minor: int = 0
) -> list[PeriodDue]:
    """What each period comes to, from the first on without a gap."""
    totals = list(_totals(terms, periods, advance_minor))
    return [
        PeriodDue(*(now - before for now, before in zip(after, earlier, strict=True)))
        for earlier, after in pairwise([(0, 0, 0, 0), *totals])
    ]


def _totals(
    terms: RoyaltyTerms, periods: Sequence[PeriodBase], advance_minor: int
) -> Iterator[tuple[int, int, int, int]]:
    """Earned, shortfall, credited and due from the beginning through each period."""
    past_earned = past_shortfall = 0
    year: list[PeriodBase] = []
    for period in periods:
        if year and year[0].year != period.year:
            past_earned, year = past_earned + earned_in_year(terms, year), []
        year.append(period)
        earned = earned_in_year(terms, year)
        if period.ends_year:
            minimum = minimum_of_year(terms, period.year_days, period.full_year_days)
            past_shortfall += shortfall(minimum, earned)
        yield _limited(terms, past_earned + earned, past_shortfall, advance_minor)


def _limited(
    terms: RoyaltyTerms, earned: int, missing: int, advance_minor: int
) -> tuple[int, int, int, int]:
    if terms.total_cap_minor is not None:
        earned = min(earned, terms.total_cap_minor)
        missing = min(missing, terms.total_cap_minor - earned)
    advance = advance_minor if terms.advance_creditable else 0
    credited = min(earned + missing, advance)
    return earned, missing, credited, earned + missing - credited


def _bounds(terms: RoyaltyTerms) -> Iterator[tuple[int, int | None, Fraction]]:
    low = 0
    for tier in terms.tiers:
        yield low, tier.up_to, tier.rate.exact()
        low = tier.up_to or low


def _marginal(terms: RoyaltyTerms, periods: Sequence[PeriodBase]) -> Fraction:
    """Each tier's rate on what lies in the tier only."""
    total, reached = Fraction(0), 0
    for period in periods:
        before, reached = reached, reached + period.base
        for low, high, rate in _bounds(terms):
            inside = min(reached, reached if high is None else high) - max(before, low)
            if inside > 0:
                third = period.third_party_basis_points
                total += inside * effective_rate(rate, terms.stacking, third)
    return total


def _cliff(terms: RoyaltyTerms, periods: Sequence[PeriodBase]) -> Fraction:
    """The rate of the tier that the year has reached, on all of the year."""
    reached = sum(period.base for period in periods)
    rate = next(r for _, high, r in _bounds(terms) if high is None or reached <= high)
    return sum(
        (
            period.base * effective_rate(rate, terms.stacking, period.third_party_basis_points)
            for period in periods
        ),
        Fraction(0),
    )
