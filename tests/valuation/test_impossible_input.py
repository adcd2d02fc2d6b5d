"""What no formula can be asked is refused with a code that says why, for one value or for many."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from marketplace.kernel.errors import MarketplaceError
from marketplace.valuation.library import (
    cash_flows,
    cost,
    discount_rates,
    economic_life,
    income,
    market,
    options,
    similarity,
    weighting,
)
from marketplace.valuation.library.ranges import Spread, monte_carlo, sensitivity
from marketplace.valuation.library.working import whole_weights
from tests.valuation.test_worked_numbers import CAPITAL, CONTRADICTING, FACTORS, ROYALTY, TABLE

TODAY = {"functional": 0.1, "technological": 0.2, "economic": 0.15}
OPTION = {"risk_free": 0.03, "years": 3, "volatility": 0.45}

REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "growth at the rate": (lambda: cash_flows.perpetuity(1, 0.1, 0.1), "growth_not_below_rate"),
    "growth above the rate in one draw": (
        lambda: cash_flows.perpetuity(1, [0.1, 0.2], 0.15),
        "growth_not_below_rate",
    ),
    "no years": (lambda: income.relief_from_royalty([], **ROYALTY), "life_not_positive"),
    "a royalty above revenue": (
        lambda: income.relief_from_royalty([1], **ROYALTY | {"royalty_rate": 1.1}),
        "impossible_input",
    ),
    "a negative tax": (
        lambda: income.relief_from_royalty([1], **ROYALTY | {"tax_rate": -0.1}),
        "impossible_input",
    ),
    "a rate of -100 %": (
        lambda: income.relief_from_royalty([1], **ROYALTY | {"discount_rate": -1}),
        "impossible_input",
    ),
    "negative revenue": (lambda: income.relief_from_royalty([-1], **ROYALTY), "impossible_input"),
    "a factor above 1": (
        lambda: income.technology_factor(**FACTORS | {"strength": 1.01}),
        "impossible_input",
    ),
    "years that do not match": (
        lambda: cash_flows.free_cash_flows(
            [1, 2],
            0.2,
            depreciation=[1],
            capital_expenditure=[1, 1],
            working_capital_increase=[0, 0],
        ),
        "lengths_differ",
    ),
    "more equity than capital": (
        lambda: discount_rates.weighted_cost(**CAPITAL | {"equity_weight": 1.2}),
        "impossible_input",
    ),
    "a score below the table": (lambda: TABLE.premium(19.9), "score_outside_table"),
    "a score above the table": (lambda: TABLE.premium(50.1), "score_outside_table"),
    "a score without a logarithm": (lambda: TABLE.by_formula(10), "score_outside_table"),
    "no cited patent": (lambda: economic_life.technology_cycle_time([]), "impossible_input"),
    "a cited patent from the future": (
        lambda: economic_life.technology_cycle_time([3, -1]),
        "impossible_input",
    ),
    "nine influences": (lambda: economic_life.economic_life(8, [1] * 9), "impossible_input"),
    "an influence of 3": (lambda: economic_life.economic_life(8, [3] * 10), "impossible_input"),
    "no life left": (lambda: economic_life.economic_life(8, elapsed_years=8), "life_not_positive"),
    "a negative life": (lambda: economic_life.economic_life(-1), "life_not_positive"),
    "a right that ended": (
        lambda: economic_life.economic_life(8, legal_years=0),
        "life_not_positive",
    ),
    "no comparable": (lambda: market.adjusted_comparables([], []), "nothing_comparable"),
    "a quality of nothing": (
        lambda: market.adjusted_comparables([1], [0]),
        "impossible_input",
    ),
    "weights above one": (lambda: market.reconciled([1, 2], [0.5, 0.6]), "weights_not_whole"),
    "a negative weight": (lambda: market.reconciled([1, 2], [1.5, -0.5]), "weights_not_whole"),
    "obsolescence above all": (
        lambda: cost.replacement_cost(1, **TODAY | {"economic": 1.5}),
        "impossible_input",
    ),
    "more lost than there is": (
        lambda: cost.adjusted_reproduction(100, return_on_capital=0.05, obsolescence=106),
        "impossible_input",
    ),
    "a price index of nothing": (lambda: cost.indexed_cost([1], [0], [1]), "impossible_input"),
    "an option without time": (
        lambda: options.real_option(120, 100, **OPTION | {"years": 0}),
        "impossible_input",
    ),
    "an option without risk": (
        lambda: options.real_option(120, 100, **OPTION | {"volatility": 0}),
        "impossible_input",
    ),
    "comparisons that contradict": (
        lambda: weighting.compared(CONTRADICTING),
        "inconsistent_comparisons",
    ),
    "comparisons that are no reciprocals": (
        lambda: weighting.compared([[1, 2], [2, 1]]),
        "impossible_input",
    ),
    "comparisons of ten": (lambda: weighting.compared([[1] * 10] * 10), "impossible_input"),
    "a comparison of nothing": (lambda: weighting.compared([]), "impossible_input"),
    "entropy of what is all the same": (
        lambda: weighting.entropy_weights([[1, 2], [1, 2]]),
        "entropy_undefined",
    ),
    "entropy of one": (lambda: weighting.entropy_weights([[1, 2]]), "impossible_input"),
    "more cited together than at all": (lambda: similarity.salton(9, 12, 8), "impossible_input"),
    "a mode outside": (
        lambda: sensitivity(lambda _: np.zeros(2), {"r": Spread(0.1, 0.2, 0.3)}),
        "impossible_input",
    ),
    "a range that is turned round": (
        lambda: monte_carlo(lambda _: np.zeros(2), {"r": Spread(0.2, 0.1)}, draws=9, seed=1),
        "impossible_input",
    ),
}


@pytest.mark.parametrize(("ask", "code"), REFUSED.values(), ids=REFUSED)
def test_it_is_refused(ask: Callable[[], Any], code: str) -> None:
    with pytest.raises(MarketplaceError) as refused:
        ask()
    assert (refused.value.code, refused.value.status) == (code, 422)


rates = st.floats(0.01, 0.5)
series = st.lists(st.floats(0, 1e12), min_size=1, max_size=20)


@given(series, rates, rates)
def test_a_higher_discount_rate_is_never_worth_more(
    revenues: list[float], one: float, other: float
) -> None:
    low, high = sorted((one, other))
    values = income.relief_from_royalty(
        revenues, royalty_rate=0.05, tax_rate=0.22, discount_rate=[low, high]
    ).value
    assert values[0] >= values[1] >= 0


@given(series, st.floats(0, 0.3), st.floats(0, 0.3), rates)
def test_many_draws_at_once_are_each_as_alone(
    revenues: list[float], low: float, high: float, rate: float
) -> None:
    terms = {"tax_rate": 0.22, "discount_rate": rate}
    both = income.relief_from_royalty(revenues, royalty_rate=[low, high], **terms).value
    for at, royalty_rate in enumerate((low, high)):
        alone = income.relief_from_royalty(revenues, royalty_rate=royalty_rate, **terms)
        assert float(alone.value) == pytest.approx(both[at], rel=1e-12)


@given(st.lists(st.floats(0, 1), min_size=2, max_size=8))
def test_weights_are_whole_or_refused(drawn: list[float]) -> None:
    assume(sum(drawn) > 0)
    weights = np.asarray(drawn) / sum(drawn)
    assert whole_weights(weights).sum() == pytest.approx(1)
    with pytest.raises(MarketplaceError, match="sum to one"):
        whole_weights(weights * 1.01)


@given(st.integers(0, 2**32 - 1), st.integers(2, 9_000))
def test_a_seed_decides_the_draws_and_no_draw_leaves_the_range(seed: int, draws: int) -> None:
    spreads = {"a": Spread(1.0, 3.0, 2.0), "b": Spread(-1.0, 0.0), "c": Spread(5.0, 5.0, 5.0)}
    seen = []

    def value(inputs: Any) -> Any:
        seen.append(inputs)
        return inputs["a"] + inputs["b"] + inputs["c"]

    first = monte_carlo(value, spreads, draws=draws, seed=seed)

    assert first == monte_carlo(value, spreads, draws=draws, seed=seed)
    for inputs in seen:
        for name, spread in spreads.items():
            assert np.all((inputs[name] >= spread.low) & (inputs[name] <= spread.high))
    assert 5 <= first.low <= first.median <= first.high <= 8


def test_an_impossible_corner_is_refused_whatever_is_drawn() -> None:
    spreads = {"rate": Spread(0.0999, 0.5), "growth": Spread(0.0, 0.1)}
    with pytest.raises(MarketplaceError, match="infinitely"):
        monte_carlo(
            lambda i: cash_flows.perpetuity(1, i["rate"], i["growth"]), spreads, draws=2, seed=1
        )
