"""Discount rates, and the premium for bringing a technology to market."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from numpy.typing import ArrayLike

from marketplace.valuation.errors import ScoreOutsideTableError
from marketplace.valuation.library.working import (
    Array,
    Line,
    Unit,
    Worked,
    numbers,
    require,
    require_share,
)


@dataclass(frozen=True, slots=True)
class PremiumTable:
    """One edition of the commercialisation premium: as printed, and the formula behind it.

    y = slope·ln(score/10 - 1) + intercept, for scores of ten items of 2 to 5 points. The printed
    values and the formula differ by up to 0.02 percentage points, so what is printed is taken as
    printed, and the formula only between.
    """

    printed: Mapping[float, float]
    slope: float
    intercept: float

    def by_formula(self, score: float) -> float:
        """The formula alone.

        Raises:
            ScoreOutsideTableError: at a score of 10 or less it has no value.
        """
        if score <= 10:  # noqa: PLR2004 - where the logarithm ends
            raise ScoreOutsideTableError("the formula begins above a score of 10")
        return self.slope * math.log(score / 10 - 1) + self.intercept

    def premium(self, score: float) -> float:
        """The premium as a fraction: 0.0222 for a score of 40 in the first edition.

        Raises:
            ScoreOutsideTableError: below the first or above the last printed score.
        """
        first, last = min(self.printed), max(self.printed)
        if not first <= score <= last:
            raise ScoreOutsideTableError(f"scores of this edition go from {first:g} to {last:g}")
        return self.printed[score] if score in self.printed else self.by_formula(score)

    def largest_difference(self) -> float:
        """How far the formula strays from what is printed."""
        return max(abs(self.by_formula(s) - printed) for s, printed in self.printed.items())


def weighted_cost(
    *,
    cost_of_debt: ArrayLike,
    cost_of_equity: ArrayLike,
    equity_weight: ArrayLike,
    technology_premium: ArrayLike = 0.0,
    size_premium: ArrayLike = 0.0,
    tax_rate: ArrayLike | None = None,
) -> Worked:
    """Kd·wd + Ke·we + technology premium + size premium·we, as the Korean guide adds it up.

    Args:
        cost_of_debt: Kd; the guide takes it before tax.
        cost_of_equity: Ke.
        equity_weight: we; wd is the rest.
        technology_premium: for commercialisation, of the whole.
        size_premium: of equity, so weighted with it.
        tax_rate: textbooks take debt after tax, Kd·(1-τ); None does as the guide does.

    Raises:
        ImpossibleInputError: a weight or tax rate beyond 0 to 1, or a rate of -1 or less.
    """
    equity = require_share("equity_weight", equity_weight)
    debt_cost, equity_cost = numbers(cost_of_debt), numbers(cost_of_equity)
    require((debt_cost > -1) & (equity_cost > -1), "a cost of capital is above -1")
    if tax_rate is not None:
        debt_cost = debt_cost * (1 - require_share("tax_rate", tax_rate))
    weighted = debt_cost * (1 - equity) + equity_cost * equity
    spread = numbers(technology_premium) + numbers(size_premium) * equity
    lines = (
        Line("cost of debt taken", Unit.FRACTION, debt_cost),
        Line("weighted cost of capital", Unit.FRACTION, weighted),
        Line("technology and size premium", Unit.FRACTION, spread),
    )
    return Worked(weighted + spread, Unit.FRACTION, lines)


def relevered_beta(unlevered: ArrayLike, debt_to_equity: ArrayLike, tax_rate: ArrayLike) -> Array:
    """Hamada: β·(1+(1-τ)·D/E).

    Raises:
        ImpossibleInputError: a negative D/E, or a tax rate beyond 0 to 1.
    """
    leverage, tax = numbers(debt_to_equity), require_share("tax_rate", tax_rate)
    require(leverage >= 0, "debt over equity is not negative")
    return numbers(unlevered) * (1 + (1 - tax) * leverage)


def build_up(
    *,
    risk_free: ArrayLike,
    equity_risk_premium: ArrayLike,
    unlevered_beta: ArrayLike,
    debt_to_equity: ArrayLike = 0.0,
    tax_rate: ArrayLike = 0.0,
    size_premium: ArrayLike = 0.0,
    specific_premium: ArrayLike = 0.0,
) -> Worked:
    """Risk-free + relevered β·ERP + size + what is particular to this right.

    Raises:
        ImpossibleInputError: see `relevered_beta`.
    """
    beta = relevered_beta(unlevered_beta, debt_to_equity, tax_rate)
    market = beta * numbers(equity_risk_premium)
    total = numbers(risk_free) + market + numbers(size_premium) + numbers(specific_premium)
    lines = (
        Line("beta relevered", Unit.FACTOR, beta),
        Line("beta times equity risk premium", Unit.FRACTION, market),
    )
    return Worked(total, Unit.FRACTION, lines)
