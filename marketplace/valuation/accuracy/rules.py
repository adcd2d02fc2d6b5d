"""How valuers' values compare with prices that were realised later: pure statistics.

The error of a value is the natural logarithm of value over price, so that twice and half weigh the
same. An institution is compared with the others, who met the same market: with the median of their
means, so that one large and biased institution does not make the honest ones look biased. What few
cases say is shrunk towards them, and nobody is flagged for what chance alone does easily, nor for
what shows only against the others or only against the prices.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log, pi, sqrt
from statistics import NormalDist, fmean, median
from typing import Final

N_MIN: Final = 8
"""Of fewer cases nothing is said but their number."""
PRIOR_CASES: Final = 10
"""As many cases of the others stand beside an institution's own."""
BIAS_LIMIT: Final = 0.10
"""In logarithms: about a tenth of the price."""
CHANCE: Final = 0.0027
"""How likely chance alone may flag anybody at all: three standard errors, where there is one."""
COVERAGE_MIN: Final = 0.5
"""A range that holds less than half of all prices says too much."""
MEDIAN_VARIANCE: Final = pi / 2
"""Of the median of many, against that of their mean."""
Z_95: Final = 1.96


@dataclass(frozen=True, slots=True)
class Observation:
    """A value with its range, and the price that came of it; in one currency, all above zero."""

    institution: str
    value: int
    low: int
    high: int
    price: int

    @property
    def error(self) -> float:
        return log(self.value / self.price)

    @property
    def is_covered(self) -> bool:
        return self.low <= self.price <= self.high


@dataclass(frozen=True, slots=True)
class Accuracy:
    """What is found of one institution; figures are null below `N_MIN` cases.

    Attributes:
        institution: whose.
        cases: values that a price came of.
        bias: mean error; 0.1 is about a tenth above the prices.
        shrunk_bias: what of it is beyond the median of the others' means, shrunk by `PRIOR_CASES`.
        median_absolute_error: half of all errors are smaller, either way.
        coverage: the part of prices inside the range of their value.
        flags: `biased_high`, `biased_low`, `ranges_too_narrow`.
    """

    institution: str
    cases: int
    bias: float | None = None
    shrunk_bias: float | None = None
    median_absolute_error: float | None = None
    coverage: float | None = None
    flags: tuple[str, ...] = ()


def assess(observations: Sequence[Observation]) -> list[Accuracy]:
    """Compare each institution with prices and with the others, in the order of their names."""
    cases: dict[str, list[Observation]] = defaultdict(list)
    for one in observations:
        cases[one.institution].append(one)
    means = {name: fmean(one.error for one in own) for name, own in cases.items()}
    spread = _spread(cases, means)
    return [_assess(name, cases, means, spread) for name in sorted(cases)]


def _spread(cases: Mapping[str, Sequence[Observation]], means: Mapping[str, float]) -> float:
    """The standard deviation of errors within institutions, pooled over all of them."""
    squares = [(one.error - means[name]) ** 2 for name, own in cases.items() for one in own]
    freedom = len(squares) - len(cases)
    return sqrt(sum(squares) / freedom) if freedom > 0 else 0.0


def _assess(
    name: str,
    cases: Mapping[str, Sequence[Observation]],
    means: Mapping[str, float],
    spread: float,
) -> Accuracy:
    own, count = cases[name], len(cases[name])
    if count < N_MIN:
        return Accuracy(name, count)
    others, known = _others(name, cases, means)
    beyond = means[name] - others
    shrunk = beyond * count / (count + PRIOR_CASES)
    covered = sum(one.is_covered for one in own) / count
    flags = []
    limit = spread * _deviations(sum(len(found) >= N_MIN for found in cases.values()))
    against_others = limit * sqrt(1 / count + MEDIAN_VARIANCE * _inverse(known))
    against_prices = limit * sqrt(1 / count)
    for sign, flag in ((1, "biased_high"), (-1, "biased_low")):
        if (
            sign * shrunk > BIAS_LIMIT
            and sign * beyond > against_others
            and sign * means[name] > max(BIAS_LIMIT, against_prices)
        ):
            flags.append(flag)
    if _upper(covered, count) < COVERAGE_MIN:
        flags.append("ranges_too_narrow")
    return Accuracy(
        institution=name,
        cases=count,
        bias=means[name],
        shrunk_bias=shrunk,
        median_absolute_error=median(abs(one.error) for one in own),
        coverage=covered,
        flags=tuple(flags),
    )


def _others(
    name: str, cases: Mapping[str, Sequence[Observation]], means: Mapping[str, float]
) -> tuple[float, int]:
    """The median of the others' means, and how many cases stand behind the half of them.

    Who has few cases has an uncertain mean: below `N_MIN` it counts only where nobody has more.
    """
    known = [other for other in cases if other != name]
    settled = [other for other in known if len(cases[other]) >= N_MIN] or known
    if not settled:
        return 0.0, 0
    middle = median(means[other] for other in settled)
    return middle, sum(len(cases[other]) for other in settled)


def _deviations(compared: int) -> float:
    """How many standard errors chance exceeds rarely, in so many comparisons (Bonferroni)."""
    return NormalDist().inv_cdf(1 - CHANCE / (2 * compared))


def _inverse(count: int) -> float:
    return 1 / count if count else 0.0


def _upper(share: float, count: int) -> float:
    """The upper end of Wilson's interval: the share may be as large as this."""
    square = Z_95**2
    middle = share + square / (2 * count)
    half = Z_95 * sqrt(share * (1 - share) / count + square / (4 * count**2))
    return (middle + half) / (1 + square / count)
