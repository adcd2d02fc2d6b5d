"""The market approach, and putting approaches together."""

from collections.abc import Sequence

import numpy as np

from marketplace.valuation.errors import NothingComparableError
from marketplace.valuation.library.working import (
    Line,
    Unit,
    Worked,
    numbers,
    require_positive,
    whole_weights,
)


def adjusted_comparables(prices: Sequence[float], relative_qualities: Sequence[float]) -> Worked:
    """The median of what similar rights sold for, each divided by its quality relative to ours.

    A comparable of quality 1.2 is 20 % better than the subject, so its price is divided by 1.2.

    Raises:
        NothingComparableError: no comparable.
        ImpossibleInputError: a price or a quality that is not above zero.
    """
    if not prices:
        raise NothingComparableError
    adjusted = require_positive("a price", prices) / require_positive(
        "a relative quality", relative_qualities
    )
    lines = (
        Line("price adjusted for quality", Unit.MONEY, adjusted),
        Line("mean, for comparison", Unit.MONEY, numbers(adjusted.mean())),
    )
    return Worked(numbers(np.median(adjusted)), Unit.MONEY, lines)


def reconciled(values: Sequence[float], weights: Sequence[float]) -> Worked:
    """Several approaches, each with a weight that somebody answers for.

    Raises:
        WeightsNotWholeError: the weights are not at least zero with a sum of one.
    """
    parts = numbers(values) * whole_weights(weights)
    return Worked(parts.sum(axis=-1), Unit.MONEY, (Line("weighted value", Unit.MONEY, parts),))
