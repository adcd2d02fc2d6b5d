"""Whether figures look too low: against what was declared, earlier periods, and peers.

Robust statistics on exact fractions: a median and the median distance from it are not moved by the
few who report wrongly. A flag is a reason to look, never a finding.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from statistics import median
from typing import Final, Protocol

from marketplace.kernel.money import BASIS_POINTS

NORMAL: Final = Fraction(6_745, 10_000)
"""Makes a distance from the median, in median distances, one in standard deviations (0.6745)."""
SPREAD_MIN: Final = Fraction(2, 100)
"""Peers who all report alike still differ by chance: of the median, at least so much."""
HUNDREDTHS: Final = 100
EARLIER_MIN: Final = 3


class Reason(StrEnum):
    BELOW_DECLARED = "below_declared"
    BELOW_EARLIER = "below_earlier"
    BELOW_PEERS = "below_peers"
    DEDUCTIONS_ABOVE_PEERS = "deductions_above_peers"
    ABOVE_QUANTITY_CAP = "above_quantity_cap"


class Thresholds(Protocol):
    """A row of the table, as `royalty_checks.models.RoyaltyCheckPolicy`."""

    @property
    def declared_shortfall_basis_points(self) -> int: ...
    @property
    def earlier_drop_basis_points(self) -> int: ...
    @property
    def peer_distance_hundredths(self) -> int: ...
    @property
    def peers_min(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Figures:
    """What is compared of one period.

    Attributes:
        base: what was reported.
        expected: what the licensee declared for a period of this length; None if nothing.
        deducted: what was taken off the gross amount, of `gross`.
    """

    base: int
    expected: Fraction | None
    deducted: int = 0
    gross: int = 0

    @property
    def reach(self) -> Fraction | None:
        """The part of what was declared that was reached."""
        return Fraction(self.base) / self.expected if self.expected else None

    @property
    def deduction(self) -> Fraction | None:
        return Fraction(self.deducted, self.gross) if self.gross else None


@dataclass(frozen=True, slots=True)
class Flag:
    """A reason to look, with what was seen and what was to be expected, in basis points."""

    reason: Reason
    seen_basis_points: int
    usual_basis_points: int
    compared_with: int


def check(
    figures: Figures,
    earlier: Sequence[Figures],
    peers: Sequence[Figures],
    thresholds: Thresholds,
) -> list[Flag]:
    """Every reason to look at a period's figures; none is the usual case."""
    return [
        *_declared(figures, thresholds),
        *_earlier(figures, earlier, thresholds),
        *_peers(figures, peers, thresholds),
    ]


def _declared(figures: Figures, thresholds: Thresholds) -> Iterator[Flag]:
    reach = figures.reach
    allowed = Fraction(BASIS_POINTS - thresholds.declared_shortfall_basis_points, BASIS_POINTS)
    if reach is not None and reach < allowed:
        yield Flag(Reason.BELOW_DECLARED, _points(reach), BASIS_POINTS, 1)


def _earlier(
    figures: Figures, earlier: Sequence[Figures], thresholds: Thresholds
) -> Iterator[Flag]:
    """A drop below the median of at least three earlier periods."""
    if len(earlier) < EARLIER_MIN:
        return
    usual = median(Fraction(one.base) for one in earlier)
    allowed = Fraction(BASIS_POINTS - thresholds.earlier_drop_basis_points, BASIS_POINTS)
    if figures.base < usual * allowed:
        yield Flag(Reason.BELOW_EARLIER, _points(figures.base / usual), BASIS_POINTS, len(earlier))


def _peers(figures: Figures, peers: Sequence[Figures], thresholds: Thresholds) -> Iterator[Flag]:
    """Far from what others reach of what they declared, or deduct."""
    limit = Fraction(thresholds.peer_distance_hundredths, HUNDREDTHS)
    reaches = [one.reach for one in peers if one.reach is not None]
    if figures.reach is not None and len(reaches) >= thresholds.peers_min:
        usual = median(reaches)
        if distance(figures.reach, reaches) < -limit:
            seen = _points(figures.reach)
            yield Flag(Reason.BELOW_PEERS, seen, _points(usual), len(reaches))
    deductions = [one.deduction for one in peers if one.deduction is not None]
    if figures.deduction is not None and len(deductions) >= thresholds.peers_min:
        usual = median(deductions)
        if distance(figures.deduction, deductions) > limit:
            seen = _points(figures.deduction)
            yield Flag(Reason.DEDUCTIONS_ABOVE_PEERS, seen, _points(usual), len(deductions))


def distance(value: Fraction, others: Sequence[Fraction]) -> Fraction:
    """How far a value lies from the median of others, in robust standard deviations."""
    middle = median(others)
    spread = median(abs(one - middle) for one in others)
    spread = max(spread, abs(middle) * SPREAD_MIN, Fraction(1, BASIS_POINTS))
    return NORMAL * (value - middle) / spread


def _points(share: Fraction) -> int:
    return int(share * BASIS_POINTS)
