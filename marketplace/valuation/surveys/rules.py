"""Which reports a sample survey looks at, and what its results say: pure mathematics.

New institutions' first reports and outliers are always in. The rest is drawn by strata of
institution, purpose and value band, in proportion; the seed orders each stratum, so that a draw can
be repeated. Rates are published with the weights of the draw.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, log
from statistics import median
from typing import Final

from marketplace.kernel.money import split
from marketplace.valuation.institutions.models import Tier

FIRST_REPORTS: Final = 3
"""So many first reports of an institution are always looked at."""
OUTLIER_DEVIATIONS: Final = 4.0
"""Robust deviations of ln(value) from the middle of its purpose."""
MAD_TO_DEVIATION: Final = 1.4826
OUTLIERS_FROM: Final = 10
"""Of fewer reports of a purpose nothing stands out."""
SCORE_MAX: Final = 4
TRUSTED_SCORE, TRUSTED_RATE = 0.85, 0.1
"""From this score on, and up to this rate of large deviations, an institution is of tier A."""
DOUBTED_SCORE, DOUBTED_RATE = 0.5, 0.4
"""Below this score, or above this rate, of tier C."""
DEVIATION_LIMIT: Final = 3_000
"""Basis points by which a second opinion may differ before it counts against a report."""


@dataclass(frozen=True, slots=True)
class Reported:
    """A report of the period; `number` counts its institution's reports from the first, 1."""

    id: str
    institution: str
    purpose: str
    value: int
    number: int

    @property
    def stratum(self) -> str:
        band = len(str(self.value))
        return f"{self.institution}/{self.purpose}/{band}"


@dataclass(frozen=True, slots=True)
class Drawn:
    """A report that is looked at; it stands for `population / sample` reports of its stratum."""

    report: Reported
    reason: str
    population: int = 1
    sample: int = 1


def sample_size(
    population: int, *, proportion: float = 0.1, margin: float = 0.03, z: float = 1.96
) -> int:
    """How many to draw to know a share to a margin, with the correction for a finite whole.

    n0 = z² p (1 - p) / e², n = n0 / (1 + (n0 - 1) / N), rounded up; of 6,000 with the usual
    figures 362.

    Args:
        population: N, how many there are.
        proportion: p, the share that is expected.
        margin: e, half the width of the interval, as a share.
        z: standard deviations of the confidence, 1.96 for 95 %.
    """
    if population <= 0:
        return 0
    unlimited = z**2 * proportion * (1 - proportion) / margin**2
    return min(population, ceil(unlimited / (1 + (unlimited - 1) / population)))


def draw(reports: Iterable[Reported], size: int, seed: int) -> list[Drawn]:
    """Draw a sample: those that are always in, and of the others so many that it has `size`."""
    every = sorted(reports, key=lambda one: one.id)
    first = {one.id for one in every if one.number <= FIRST_REPORTS}
    outliers = _outliers(every) - first
    found = [Drawn(one, "first_reports") for one in every if one.id in first]
    found += [Drawn(one, "outlier") for one in every if one.id in outliers]
    rest = [one for one in every if one.id not in first | outliers]
    wanted = min(max(size - len(found), 0), len(rest))
    return found + _stratified(rest, wanted, seed)


def _stratified(reports: Sequence[Reported], wanted: int, seed: int) -> list[Drawn]:
    if not wanted:
        return []
    strata: dict[str, list[Reported]] = defaultdict(list)
    for one in reports:
        strata[one.stratum].append(one)
    names = sorted(strata)
    shares = split(wanted, [len(strata[name]) for name in names])
    found = []
    for name, share in zip(names, shares, strict=True):
        ordered = sorted(strata[name], key=lambda one: _lot(seed, one.id))
        found += [Drawn(one, "drawn", len(ordered), share) for one in ordered[:share]]
    return found


def _lot(seed: int, what: str) -> bytes:
    return hashlib.sha256(f"{seed}:{what}".encode()).digest()


def _outliers(reports: Sequence[Reported]) -> set[str]:
    by_purpose: dict[str, list[Reported]] = defaultdict(list)
    for one in reports:
        if one.value > 0:
            by_purpose[one.purpose].append(one)
    found: set[str] = set()
    for same in by_purpose.values():
        if len(same) < OUTLIERS_FROM:
            continue
        logs = [log(one.value) for one in same]
        middle = median(logs)
        spread = MAD_TO_DEVIATION * median(abs(one - middle) for one in logs)
        limit = OUTLIER_DEVIATIONS * spread
        far = zip(same, logs, strict=True)
        found |= {one.id for one, value in far if spread and abs(value - middle) > limit}
    return found


@dataclass(frozen=True, slots=True)
class Result:
    """A finished review: its weight, its score as a share of the best, and a large deviation."""

    weight: float
    score: float
    deviates: bool


def weighted_rate(results: Sequence[Result]) -> float | None:
    """The share of reports of the whole period that a second opinion would contradict."""
    total = sum(one.weight for one in results)
    return sum(one.weight for one in results if one.deviates) / total if total else None


def tier_of(results: Sequence[Result]) -> Tier | None:
    """The tier that results of an institution earn; fewer than three say nothing."""
    if len(results) < FIRST_REPORTS:
        return None
    total = sum(one.weight for one in results)
    score = sum(one.weight * one.score for one in results) / total
    rate = weighted_rate(results) or 0.0
    if score < DOUBTED_SCORE or rate > DOUBTED_RATE:
        return Tier.C
    return Tier.A if score >= TRUSTED_SCORE and rate <= TRUSTED_RATE else Tier.B


def deviation_basis_points(first_minor: int, second_minor: int) -> int:
    """How far a second opinion lies from a value, of the value; rounded down."""
    return abs(second_minor - first_minor) * 10_000 // max(first_minor, 1)
