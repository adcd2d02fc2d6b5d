"""What a row makes of an amount: the worked numbers, and no minor unit lost anywhere."""

from dataclasses import dataclass
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.kernel.money import AMOUNT_MINOR_MAX
from marketplace.payments.taxes.rules import NoGrossError, assess, gross_up
from tests.factories.steady import steady


@dataclass
class Row:
    rate_basis_points: int
    taxable_basis_points: int = 10_000
    surtax_basis_points: int = 0
    allowance_minor: int = 0
    exempt_up_to_minor: int = 0
    currency: str | None = None


VAT = Row(1_000)
TRANSFER = Row(2_000, 4_000, 1_000, exempt_up_to_minor=50_000, currency="KRW")
PRIZE = Row(2_000, 2_000, 1_000, exempt_up_to_minor=50_000, currency="KRW")
RELIEF = Row(2_500, 5_000, allowance_minor=500_000_000, currency="CNY")
rows = st.builds(
    Row,
    rate_basis_points=st.integers(0, 5_000),
    taxable_basis_points=st.integers(0, 10_000),
    surtax_basis_points=st.integers(0, 10_000),
    allowance_minor=st.integers(0, 10**9),
    exempt_up_to_minor=st.integers(0, 10**9),
    currency=st.sampled_from([None, "KRW"]),
)


@pytest.mark.parametrize(
    ("row", "currency", "gross", "tax", "surtax"),
    [
        (VAT, "KRW", 100_000_000, 10_000_000, 0),
        (VAT, "KRW", 9, 0, 0),
        (TRANSFER, "KRW", 2_000_000, 160_000, 16_000),
        (PRIZE, "KRW", 2_000_000, 80_000, 8_000),
        (TRANSFER, "KRW", 125_000, 0, 0),
        (TRANSFER, "KRW", 125_002, 10_000, 1_000),
        (TRANSFER, "KRW", 125_003, 10_000, 1_000),
        (TRANSFER, "USD", 125_000, 10_000, 1_000),
        (RELIEF, "CNY", 600_000_000, 12_500_000, 0),
        (RELIEF, "CNY", 500_000_000, 0, 0),
    ],
)
def test_the_worked_numbers(row: Row, currency: str, gross: int, tax: int, surtax: int) -> None:
    found = assess(row, gross, currency)

    assert (found.tax_minor, found.surtax_minor) == (tax, surtax)
    assert found.net_minor == gross - tax - surtax


def test_a_thousand_net_of_ten_percent() -> None:
    found = gross_up(VAT, 100_000, "USD")

    assert (found.gross_minor, found.tax_minor, found.net_minor) == (111_111, 11_111, 100_000)


@pytest.mark.parametrize("net", [1, 50_000, 125_000, 125_002, 1_824_000])
def test_what_leaves_a_net_amount_leaves_it(net: int) -> None:
    found = gross_up(TRANSFER, net, "KRW")

    assert found.net_minor >= net
    assert found == assess(TRANSFER, found.gross_minor, "KRW")


def test_what_takes_everything_leaves_nothing() -> None:
    with pytest.raises(NoGrossError):
        gross_up(Row(10_000), 1, "KRW")
    with pytest.raises(NoGrossError):
        gross_up(VAT, AMOUNT_MINOR_MAX, "KRW")


@steady
@given(rows, st.integers(0, AMOUNT_MINOR_MAX))
def test_net_and_taxes_are_the_gross(row: Row, gross: int) -> None:
    found = assess(row, gross, "KRW")

    assert found.net_minor + found.tax_minor + found.surtax_minor == gross
    assert min(found.net_minor, found.tax_minor, found.surtax_minor) >= 0
    rate = Fraction(row.taxable_basis_points * row.rate_basis_points, 10**8)
    assert found.tax_minor <= gross * rate


@steady
@given(rows, st.integers(1, 10**12))
def test_a_gross_amount_leaves_its_net_and_is_the_smallest_near(row: Row, net: int) -> None:
    try:
        found = gross_up(row, net, "KRW")
    except NoGrossError:
        return
    assert found.net_minor >= net
    if found.gross_minor > net:
        assert assess(row, found.gross_minor - 1, "KRW").net_minor < net
