"""The formulas against numbers that were worked by hand or published."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

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
from marketplace.valuation.library.cash_flows import Timing
from marketplace.valuation.library.discount_rates import PremiumTable
from marketplace.valuation.library.working import Worked

REVENUES = [1000, 1200, 1400, 1300, 1100]
ROYALTY: dict[str, Any] = {"royalty_rate": 0.05, "tax_rate": 0.22, "discount_rate": 0.15}
FLOWS = [100, 150, 200, 220, 180]
FACTORS = {"industry_share": 0.71, "technology_weight": 0.55, "strength": 0.72}
TABLE = PremiumTable(
    {20: 0.1001, 25: 0.0714, 30: 0.0510, 35: 0.0351, 40: 0.0222, 45: 0.0113, 50: 0.0018},
    slope=-0.071,
    intercept=0.1001,
)
CAPITAL = {"cost_of_debt": 0.0677, "cost_of_equity": 0.0809, "equity_weight": 0.5485}
PREMIUMS = {"technology_premium": 0.0222, "size_premium": 0.0197}
MATRIX = [[1, 2, 3, 2], [1 / 2, 1, 2, 1], [1 / 3, 1 / 2, 1, 1 / 2], [1 / 2, 1, 2, 1]]
CONTRADICTING = [
    [1, 5, 1 / 5, 3],
    [1 / 5, 1, 5, 1 / 3],
    [5, 1 / 5, 1, 2],
    [1 / 3, 3, 1 / 2, 1],
]
SEEN = [[0.8, 0.6, 0.9, 0.5], [0.4, 0.7, 0.3, 0.5], [0.6, 0.65, 0.6, 0.5]]


def lines_of(worked: Worked) -> dict[str, Any]:
    return {line.label: line.values for line in worked.lines}


@pytest.mark.parametrize(
    ("conventions", "value"),
    [
        ({}, 155.5177),
        ({"timing": Timing.MID_YEAR}, 166.7742),
        ({"amortisation_years": 5}, 182.4244),
    ],
)
def test_relief_from_royalty(conventions: dict[str, Any], value: float) -> None:
    worked = income.relief_from_royalty(REVENUES, **ROYALTY, **conventions)

    assert float(worked.value) == pytest.approx(value, abs=5e-5)
    savings = lines_of(worked)["royalty saved after tax"]
    assert savings.tolist() == pytest.approx([39.0, 46.8, 54.6, 50.7, 42.9])


def test_each_year_of_relief_from_royalty() -> None:
    present = lines_of(income.relief_from_royalty(REVENUES, **ROYALTY))["present value"]
    assert present.tolist() == pytest.approx([33.913, 35.388, 35.900, 28.988, 21.329], abs=5e-4)


def test_amortisation_benefit() -> None:
    assert float(cash_flows.annuity_factor(0.15, 5)) == pytest.approx(3.352155, abs=5e-7)
    factor = cash_flows.amortisation_benefit_factor(0.15, 0.22, 5)
    assert float(factor) == pytest.approx(1.173013, abs=5e-7)


def test_technology_factor() -> None:
    assert float(income.technology_factor(**FACTORS)) == pytest.approx(0.28116)
    worked = income.value_by_technology_factor(FLOWS, discount_rate=0.12, **FACTORS)
    assert float(lines_of(worked)["sum of present values"]) == pytest.approx(593.1717, abs=5e-5)
    assert float(worked.value) == pytest.approx(166.7761, abs=5e-5)


def test_excess_earnings() -> None:
    rates = {"margin": 0.2, "tax_rate": 0.22, "charge_rate": 0.06, "discount_rate": 0.16}
    worked = income.excess_earnings([500, 520, 540], **rates)
    assert lines_of(worked)["excess earnings"].tolist() == pytest.approx([48.0, 49.92, 51.84])
    assert float(worked.value) == pytest.approx(111.6897, abs=5e-5)


def test_free_cash_flows() -> None:
    flows = cash_flows.free_cash_flows(
        [100, 100],
        0.2,
        depreciation=[10, 10],
        capital_expenditure=[30, 0],
        working_capital_increase=[5, 5],
        working_capital_recovered=10,
    )
    assert flows.tolist() == pytest.approx([55, 95])


def test_perpetuity() -> None:
    assert float(cash_flows.perpetuity(100, 0.12, 0.02)) == pytest.approx(1020)
    ends = income.relief_from_royalty(REVENUES, **ROYALTY)
    goes_on = income.relief_from_royalty(REVENUES, **ROYALTY, terminal_growth=0.0)
    beyond = 42.9 / 0.15 / 1.15**5
    assert float(goes_on.value - ends.value) == pytest.approx(beyond)


def test_discount_rate_of_the_korean_guide() -> None:
    worked = discount_rates.weighted_cost(**CAPITAL, **PREMIUMS)
    lines = lines_of(worked)
    assert float(lines["weighted cost of capital"]) == pytest.approx(0.07494, abs=5e-6)
    assert float(lines["technology and size premium"]) == pytest.approx(0.03301, abs=5e-6)
    assert float(worked.value) == pytest.approx(0.107946, abs=5e-7)


def test_textbooks_take_debt_after_tax() -> None:
    worked = discount_rates.weighted_cost(**CAPITAL, **PREMIUMS, tax_rate=0.22)
    assert float(worked.value) == pytest.approx(0.107946 - 0.0677 * 0.22 * 0.4515, abs=5e-7)


def test_build_up() -> None:
    assert float(discount_rates.relevered_beta(0.8, 0.5, 0.2)) == pytest.approx(1.12)
    worked = discount_rates.build_up(
        risk_free=0.03,
        equity_risk_premium=0.06,
        unlevered_beta=0.8,
        debt_to_equity=0.5,
        tax_rate=0.2,
        size_premium=0.02,
        specific_premium=0.03,
    )
    assert float(worked.value) == pytest.approx(0.1472)


@pytest.mark.parametrize(
    ("score", "printed", "by_formula"),
    [
        (20, 0.1001, 0.1001),
        (25, 0.0714, 0.07131),
        (30, 0.0510, 0.05089),
        (35, 0.0351, 0.03504),
        (40, 0.0222, 0.02210),
        (45, 0.0113, 0.01115),
        (50, 0.0018, 0.00167),
    ],
)
def test_premium_for_commercialisation(score: float, printed: float, by_formula: float) -> None:
    assert TABLE.premium(score) == printed
    assert TABLE.by_formula(score) == pytest.approx(by_formula, abs=5e-6)


def test_between_printed_scores_the_formula_counts() -> None:
    assert TABLE.premium(42) == TABLE.by_formula(42) == pytest.approx(0.0175, abs=5e-5)
    assert TABLE.largest_difference() < 0.0002


@pytest.mark.parametrize(
    ("ages", "median"), [((3, 5, 6, 8, 11, 14), 7.0), ((3, 5, 9), 5.0), ((0,), 0.0)]
)
def test_technology_cycle_time(ages: Sequence[float], median: float) -> None:
    assert economic_life.technology_cycle_time(ages) == median


@pytest.mark.parametrize(
    ("limits", "years"),
    [({}, 10.0), ({"legal_years": 7}, 7.0), ({"elapsed_years": 2, "preparation_years": 1}, 7.0)],
)
def test_economic_life(limits: dict[str, float], years: float) -> None:
    scores = (2, 2, 1, 0, 0, 0, 0, 0, 0, 0)
    assert float(economic_life.economic_life(8, scores, **limits).value) == years


def test_comparables() -> None:
    worked = market.adjusted_comparables([120, 90, 150], [1.2, 0.8, 1.1])
    adjusted = lines_of(worked)["price adjusted for quality"].tolist()
    assert adjusted == pytest.approx([100, 112.5, 136.363636])
    assert float(worked.value) == 112.5
    assert float(lines_of(worked)["mean, for comparison"]) == pytest.approx(116.29, abs=5e-3)


def test_reconciling_takes_weights() -> None:
    assert float(market.reconciled([155.5, 112.5, 183.6], [0.6, 0.3, 0.1]).value) == pytest.approx(
        145.41
    )


def test_cost() -> None:
    worked = cost.replacement_cost(300, functional=0.10, technological=0.20, economic=0.15)
    assert float(worked.value) == pytest.approx(183.6)
    reproduced = cost.adjusted_reproduction(200, return_on_capital=0.06, obsolescence=80)
    assert float(reproduced.value) == pytest.approx(132)
    assert float(cost.indexed_cost([100, 50], [80, 100], [100, 100]).value) == 175


def test_real_option() -> None:
    worked = options.real_option(
        120, 100, risk_free=0.03, years=3, volatility=0.45, dividend_yield=0.05
    )
    lines = lines_of(worked)
    assert float(lines["d1"]) == pytest.approx(0.54665, abs=5e-6)
    assert float(lines["d2"]) == pytest.approx(-0.23277, abs=5e-6)
    assert float(worked.value) == pytest.approx(35.8082, abs=5e-5)


def test_comparisons_in_pairs() -> None:
    found = weighting.compared(MATRIX)
    assert found.largest_eigenvalue == pytest.approx(4.010363, abs=5e-7)
    assert found.weights.tolist() == pytest.approx(
        [0.423587, 0.227044, 0.122324, 0.227044], abs=1e-6
    )
    assert found.consistency_ratio == pytest.approx(0.003838, abs=5e-7)
    assert weighting.weighed(CONTRADICTING).consistency_ratio == pytest.approx(1.195, abs=5e-4)


def test_entropy_and_dynamic_weights() -> None:
    expected = [0.965634, 0.998203, 0.920620, 1]
    assert weighting.entropies(SEEN).tolist() == pytest.approx(expected, abs=5e-7)
    told = weighting.entropy_weights(SEEN)
    assert told.tolist() == pytest.approx([0.297432, 0.015554, 0.687014, 0], abs=5e-7)

    mixed = weighting.dynamic_weights(weighting.compared(MATRIX).weights, told, 0.6)

    assert mixed.tolist() == pytest.approx([0.373125, 0.142448, 0.348200, 0.136227], abs=5e-7)
    scores = np.asarray(SEEN) @ mixed
    assert scores.tolist() == pytest.approx([0.765462, 0.421537, 0.593500], abs=5e-7)


def test_novelty_is_the_distance_to_the_nearest_earlier_text() -> None:
    subject = np.asarray([2.0, 1, 0, 1])
    earlier = np.asarray([[1.0, 1, 0, 0], [0, 0, 2, 1], [2, 1, 0, 0]])
    found = [similarity.cosine(subject, one) for one in earlier]
    assert found == pytest.approx([0.866025, 0.182574, 0.912871], abs=5e-7)
    assert 1 - max(found) == pytest.approx(0.087129, abs=5e-7)


def test_co_citation() -> None:
    assert similarity.salton(6, 12, 8) == pytest.approx(0.612372, abs=5e-7)
    assert similarity.jaccard(6, 12, 8) == pytest.approx(0.428571, abs=5e-7)
