"""How unevenly something is spread over regions, and how much of it is done together.

The formulas are those of the literature on patents by region (Wu 2023, sections 3 and 4): N is the
number of regions, and regions with nothing are counted in it. Where all is nothing, there is no
measure: None.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate

TWO = 2


@dataclass(frozen=True, slots=True)
class Dispersion:
    """Measures of one series over regions.

    `std` divides by N - 1; `cv` is std over mean; `gini` is the locational Gini coefficient, at
    most 1 - 1/N; `hhi` is the sum of squared shares.
    """

    regions: int
    total: float
    mean: float | None
    range: float | None
    std: float | None
    cv: float | None
    gini: float | None
    hhi: float | None


def dispersion(values: Sequence[float]) -> Dispersion:
    """All measures of a series; no value may be negative."""
    count, whole = len(values), math.fsum(values)
    if count == 0:
        return Dispersion(0, 0, None, None, None, None, None, None)
    spread = standard_deviation(values)
    mean = whole / count
    return Dispersion(
        regions=count,
        total=whole,
        mean=mean,
        range=max(values) - min(values),
        std=spread,
        cv=spread / mean if whole and spread is not None else None,
        gini=locational_gini(values),
        hhi=herfindahl(values),
    )


def standard_deviation(values: Sequence[float]) -> float | None:
    """With N - 1; of a single region there is none."""
    if len(values) < TWO:
        return None
    mean = math.fsum(values) / len(values)
    squares = math.fsum((value - mean) ** 2 for value in values)
    return math.sqrt(squares / (len(values) - 1))


def locational_gini(values: Sequence[float]) -> float | None:
    """G = 1 - (1/N)(2 ΣWᵢ + 1), Wᵢ the cumulative shares but the last, from the smallest on."""
    whole = math.fsum(values)
    if not whole:
        return None
    shares = accumulate(value / whole for value in sorted(values))
    below = math.fsum(shares) - 1
    return 1 - (TWO * below + 1) / len(values)


def gini_max(regions: int) -> float:
    """What the coefficient is when one region has everything."""
    return 1 - 1 / regions


def herfindahl(values: Sequence[float]) -> float | None:
    """The sum of squared shares: 1/N when all are equal, 1 when one has everything."""
    whole = math.fsum(values)
    return math.fsum((value / whole) ** 2 for value in values) if whole else None


def cooperation_degree(together: Sequence[int], everything: Sequence[int]) -> Fraction | None:
    """What is owned by two or more, of all: the ratio of sums, not the mean of ratios."""
    whole = sum(everything)
    return Fraction(sum(together), whole) if whole else None


def location_quotient(part: float, region: float, field: float, whole: float) -> float | None:
    """The share of a field in a region, over its share everywhere: (a/b) / (c/d)."""
    if not region or not field or not whole:
        return None
    return (part / region) / (field / whole)
