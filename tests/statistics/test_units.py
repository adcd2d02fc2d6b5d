from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.statistics.units import read_unit


@pytest.mark.parametrize(
    ("code", "minor", "label"),
    [
        ("KRW", 1, "원"),
        ("10000KRW", 10_000, "만원"),
        ("100000000KRW", 100_000_000, "억원"),
        ("CNY", 100, "元"),
        ("10000CNY", 1_000_000, "万元"),
        ("100000000JPY", 100_000_000, "億円"),
        ("1000USD", 100_000, "1,000 USD"),
        ("USD", 100, "USD"),
        ("KWD", 1_000, "KWD"),
    ],
)
def test_a_unit_is_so_many_minor_units(code: str, minor: int, label: str) -> None:
    unit = read_unit(code)
    assert (unit.code, unit.minor, unit.label) == (code, minor, label)


@given(
    amount_minor=st.integers(-(10**18), 10**18),
    code=st.sampled_from(["KRW", "10KRW", "10000KRW", "KWD", "100000000USD"]),
)
def test_rounding_goes_to_the_nearest_and_from_the_half_away_from_zero(
    amount_minor: int, code: str
) -> None:
    unit = read_unit(code)
    rounded = unit.rounded(amount_minor)

    difference = Fraction(amount_minor, unit.minor) - rounded
    half = Fraction(1, 2)
    assert -half <= difference <= half
    if abs(difference) == half:
        assert abs(rounded) > abs(Fraction(amount_minor, unit.minor))
    assert unit.rounded(-amount_minor) == -rounded
