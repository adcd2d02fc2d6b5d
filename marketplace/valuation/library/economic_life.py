"""For how many years a technology earns."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from marketplace.valuation.errors import LifeNotPositiveError
from marketplace.valuation.library.working import (
    Array,
    Line,
    Unit,
    Worked,
    numbers,
    require,
)

FACTORS: Final = 10
DIVISOR: Final = 20
FACTOR_LIMIT: Final = 2


def technology_cycle_time(cited_ages: Sequence[float]) -> float:
    """The median age in years of the patents that a patent cites (Kayal & Waters 1999).

    Of an even number it is the mean of the middle two.

    Raises:
        ImpossibleInputError: no age, or a negative one.
    """
    require(len(cited_ages) > 0, "at least one cited patent is needed")
    require(numbers(cited_ages) >= 0, "a cited patent is not younger than what cites it")
    return float(np.median(cited_ages))


def economic_life(
    cycle_time: ArrayLike,
    factor_scores: Sequence[float] = (0,) * FACTORS,
    *,
    elapsed_years: ArrayLike = 0.0,
    preparation_years: ArrayLike = 0.0,
    legal_years: ArrayLike | None = None,
) -> Worked:
    """TCT·(1 + Σ scores/20), less what has passed, at most what the law leaves.

    Args:
        cycle_time: TCT in years.
        factor_scores: ten influences of -2 to +2, as in Model I of the Korean guide.
        elapsed_years: since registration, where the model used deducts them; an institution uses
            one of the models for all its valuations.
        preparation_years: until products are sold, likewise.
        legal_years: what remains of the right; cash flows never run longer. None for no cap.

    Raises:
        LifeNotPositiveError: nothing is left, of either life.
        ImpossibleInputError: not ten scores of -2 to 2, or negative years.
    """
    scores = numbers(factor_scores)
    require(scores.shape[-1] == FACTORS, f"there are {FACTORS} influences to score")
    require(np.abs(scores) <= FACTOR_LIMIT, "an influence is scored from -2 to 2")
    passed = numbers(elapsed_years) + numbers(preparation_years)
    require(numbers(elapsed_years) >= 0, "elapsed_years is not negative")
    require(numbers(preparation_years) >= 0, "preparation_years is not negative")
    adjusted = numbers(cycle_time) * (1 + scores.sum(axis=-1) / DIVISOR)
    remaining = _left(adjusted - passed)
    lines = [
        Line("technology cycle time, adjusted", Unit.YEARS, adjusted),
        Line("economic life that remains", Unit.YEARS, remaining),
    ]
    if legal_years is not None:
        remaining = np.minimum(remaining, _left(numbers(legal_years)))
    return Worked(remaining, Unit.YEARS, tuple(lines))


def _left(years: Array) -> Array:
    if np.any(years <= 0):
        raise LifeNotPositiveError
    return years
