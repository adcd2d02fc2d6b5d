"""Formulas refuse what is no number, and comparisons that are none."""

from collections.abc import Callable
from math import inf, nan

import pytest

from marketplace.valuation.errors import ImpossibleInputError
from marketplace.valuation.library.cash_flows import discount_factors, perpetuity
from marketplace.valuation.library.economic_life import economic_life
from marketplace.valuation.library.weighting import (
    compared,
    dynamic_weights,
    entropy_weights,
    weighed,
)
from marketplace.valuation.library.working import whole_weights


@pytest.mark.parametrize(
    "asked",
    [
        lambda: economic_life(nan),
        lambda: economic_life(8.0, legal_years=nan),
        lambda: whole_weights([nan, 1]),
        lambda: dynamic_weights([nan, 1], [0.5, 0.5], 0.5),
        lambda: entropy_weights([[1.0, 2.0], [inf, 3.0]]),
        lambda: perpetuity(inf, 0.1, 0.02),
        lambda: discount_factors(nan, 3),
        lambda: weighed([[1, 1e6], [0.0005, 1]]),
        lambda: weighed([[1, 10], [0.1, 1]]),
        lambda: weighed([[1, 9], [0.12, 1]]),
    ],
)
def test_what_is_no_number_or_comparison_is_refused(asked: Callable[[], object]) -> None:
    with pytest.raises(ImpossibleInputError):
        asked()


def test_rounded_reciprocals_are_understood() -> None:
    assert compared([[1, 3, 6], [0.333, 1, 2], [0.167, 0.5, 1]]).consistency_ratio < 0.01
