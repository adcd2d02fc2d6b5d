"""What royalties come to, by the worked numbers of the field and by what must always hold."""

from datetime import date
from fractions import Fraction
from itertools import accumulate
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.deals.royalties.accounts import (
    ChargeKind,
    Claim,
    InterestPeriod,
    is_material,
    late_interest,
    open_claims,
)
from marketplace.deals.royalties.periods import add_months, due_on, period_of
from marketplace.deals.royalties.rules import (
    PeriodBase,
    dues,
    earned_in_year,
    effective_rate,
    minimum_of_year,
    shortfall,
)
from marketplace.listings.licensing.terms import RoyaltyTerms, Stacking

TIERS = [
    {"up_to": 1_000_000_000, "rate": {"numerator": 5, "denominator": 100}},
    {"up_to": 3_000_000_000, "rate": {"numerator": 4, "denominator": 100}},
    {"rate": {"numerator": 3, "denominator": 100}},
]
STACKING = Stacking.model_validate(
    {"offset_basis_points": 5_000, "floor": {"numerator": 25, "denominator": 1_000}}
)


def terms(**changed: Any) -> RoyaltyTerms:
    return RoyaltyTerms.model_validate({"base": "net_sales", "tiers": TIERS} | changed)


def year_of(*bases: int, year: int = 0) -> list[PeriodBase]:
    last = len(bases) - 1
    return [PeriodBase(year, base, ends_year=index == last) for index, base in enumerate(bases)]


def test_marginal_tiers_of_the_field() -> None:
    whole = [PeriodBase(0, 3_600_000_000, ends_year=True)]
    assert earned_in_year(terms(), whole) == 50_000_000 + 80_000_000 + 18_000_000
    assert shortfall(160_000_000, 148_000_000) == 12_000_000
    [due] = dues(terms(minimum_annual_minor=160_000_000), whole)
    assert (due.earned_minor, due.shortfall_minor, due.due_minor) == (
        148_000_000,
        12_000_000,
        160_000_000,
    )


def test_quarters_sum_to_the_year() -> None:
    quarters = dues(terms(), year_of(900_000_000, 900_000_000, 900_000_000, 900_000_000))
    assert [due.earned_minor for due in quarters] == [
        45_000_000,
        5_000_000 + 32_000_000,
        36_000_000,
        12_000_000 + 18_000_000,
    ]


def test_a_cliff_applies_the_rate_reached_to_all_of_the_year() -> None:
    found = dues(terms(tier_mode="cliff"), year_of(1_000_000_000, 2_600_000_000))
    assert [due.earned_minor for due in found] == [50_000_000, 108_000_000 - 50_000_000]


@pytest.mark.parametrize(
    ("third_party", "expected"),
    [(400, Fraction(3, 100)), (800, Fraction(25, 1_000)), (0, Fraction(5, 100))],
)
def test_stacking_of_the_field(third_party: int, expected: Fraction) -> None:
    assert effective_rate(Fraction(5, 100), STACKING, third_party) == expected


def test_a_minimum_of_a_partial_year_is_in_proportion() -> None:
    assert minimum_of_year(terms(minimum_annual_minor=365_000), 73, 365) == 73_000


def test_caps_and_an_advance() -> None:
    capped = terms(
        annual_cap_minor=60_000_000, total_cap_minor=100_000_000, advance_creditable=True
    )
    periods = [*year_of(2_000_000_000), *year_of(2_000_000_000, year=1)]
    found = dues(capped, periods, advance_minor=70_000_000)
    assert [(d.earned_minor, d.credited_minor, d.due_minor) for d in found] == [
        (60_000_000, 60_000_000, 0),
        (40_000_000, 10_000_000, 30_000_000),
    ]


def test_pieces_have_a_price_each() -> None:
    half_a_won = [{"rate": {"numerator": 1, "denominator": 2}}]
    found = dues(terms(base="units", tiers=half_a_won), year_of(3, 3))
    assert [due.due_minor for due in found] == [1, 2]


@pytest.mark.parametrize(
    "changed",
    [
        {"tiers": [{"up_to": 1, "rate": {"numerator": 1, "denominator": 2}}]},
        {"tiers": [{"rate": {"numerator": 3, "denominator": 2}}]},
        {"tiers": [TIERS[1], TIERS[0], TIERS[2]]},
        {"base": "units", "deductions": ["returns"]},
        {"annual_cap_minor": 1, "minimum_annual_minor": 2},
        {"period_months": 5},
        {"stacking": {"offset_basis_points": 1, "floor": {"numerator": 4, "denominator": 100}}},
    ],
)
def test_terms_that_mean_nothing_are_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        terms(**changed)


bases = st.lists(st.integers(0, 10**10), min_size=1, max_size=16)


@given(bases, st.sampled_from(["marginal", "cliff"]), st.integers(0, 10**9), st.integers(0, 10**9))
def test_periods_sum_to_what_the_whole_comes_to(
    found: list[int], mode: str, minimum: int, advance: int
) -> None:
    agreed = terms(tier_mode=mode, minimum_annual_minor=minimum, advance_creditable=True)
    periods = [
        PeriodBase(index // 4, base, ends_year=index % 4 == 3) for index, base in enumerate(found)
    ]
    result = dues(agreed, periods, advance)
    totals = list(accumulate(due.due_minor for due in result))
    for number in range(1, len(periods) + 1):
        assert (
            sum(d.due_minor for d in dues(agreed, periods[:number], advance))
            == (totals[number - 1])
        )
    years = [found[i : i + 4] for i in range(0, len(found), 4)]
    earned = sum(earned_in_year(agreed, year_of(*year)) for year in years)
    assert sum(due.earned_minor for due in result) == earned
    missing = sum(
        shortfall(minimum, earned_in_year(agreed, year_of(*year)))
        for year in years
        if len(year) == 4
    )
    assert sum(due.shortfall_minor for due in result) == missing
    assert totals[-1] == max(0, earned + missing - advance)


charges = st.lists(st.integers(-1_000, 1_000).filter(bool), max_size=20)


@given(charges, st.integers(0, 5_000))
def test_open_claims_are_what_is_charged_and_not_settled(amounts: list[int], settled: int) -> None:
    claims = [Claim(ChargeKind.ROYALTY, date(2026, 1, 1), amount) for amount in amounts]
    left = open_claims(claims, settled)
    assert all(claim.amount_minor > 0 for claim in left)
    assert sum(claim.amount_minor for claim in left) == max(0, sum(amounts) - settled)


def test_late_interest_is_simple_by_actual_days_over_365() -> None:
    claim = Claim(ChargeKind.ROYALTY, date(2026, 1, 31), 36_500_000)
    rates = [InterestPeriod(600, date(2020, 1, 1), None)]
    assert late_interest([claim], date(2026, 1, 31), rates) == 0
    assert late_interest([claim], date(2026, 3, 2), rates) == 30 * 6_000
    changed = [
        InterestPeriod(600, date(2020, 1, 1), date(2026, 2, 10)),
        InterestPeriod(1_200, date(2026, 2, 10), None),
    ]
    assert late_interest([claim], date(2026, 3, 2), changed) == 10 * 6_000 + 20 * 12_000
    cost = Claim(ChargeKind.AUDIT_COST, date(2026, 1, 1), 1_000_000)
    assert late_interest([cost], date(2027, 1, 1), rates) == 0


def test_an_under_report_of_exactly_the_threshold_shifts_no_cost() -> None:
    assert not is_material(5, 100, 500)
    assert is_material(51, 1_000, 500)


def test_periods_keep_the_day_and_end_with_the_licence() -> None:
    begins, ends = date(2026, 1, 31), date(2026, 8, 15)
    found = [period_of(begins, ends, 3, number) for number in range(1, 5)]
    told = [(p.starts_on, p.ends_on, p.ends_year) for p in found if p]
    assert told == [
        (date(2026, 1, 31), date(2026, 4, 30), False),
        (date(2026, 4, 30), date(2026, 7, 31), False),
        (date(2026, 7, 31), date(2026, 8, 15), True),
    ]
    assert found[3] is None
    assert found[2] is not None
    assert (found[2].year_days, found[2].full_year_days) == (196, 365)
    assert due_on(date(2026, 4, 1), 30) == date(2026, 4, 30)
    assert add_months(date(2024, 2, 29), 12) == date(2025, 2, 28)
