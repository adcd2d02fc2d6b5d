from typing import Any

import pytest

from marketplace.kernel.errors import UnprocessableError
from marketplace.kernel.money import (
    CurrencyMismatchError,
    Money,
    UnknownCurrencyError,
    grouped_text,
    major_text,
    minor_digits,
    minor_from_text,
    share_of,
    split,
)


@pytest.mark.parametrize(
    ("currency", "digits"),
    [("KRW", 0), ("JPY", 0), ("CNY", 2), ("USD", 2), ("EUR", 2), ("KWD", 3), ("BHD", 3)],
)
def test_minor_digits_follow_iso_4217(currency: str, digits: int) -> None:
    assert minor_digits(currency) == digits


@pytest.mark.parametrize("code", ["", "krw", "410", "WON", "XAU", "XXX", "XTS", "KRW ", "₩"])
def test_what_holds_no_money_is_refused(code: str) -> None:
    with pytest.raises(UnknownCurrencyError) as refused:
        Money(1, code)
    assert (refused.value.status, refused.value.code) == (422, "unknown_currency")


@pytest.mark.parametrize("amount", [1.0, 0.1, "1", True, None, 1 + 0j])
def test_only_an_int_is_money(amount: Any) -> None:
    with pytest.raises(TypeError, match="int of minor units"):
        Money(amount, "KRW")


def test_money_of_one_currency_adds_and_subtracts() -> None:
    assert Money(12_000, "KRW") + Money(1, "KRW") == Money(12_001, "KRW")
    assert Money(1, "KRW") - Money(3, "KRW") == Money(-2, "KRW")


def test_money_of_two_currencies_never_meets() -> None:
    won, dollars = Money(1, "KRW"), Money(1, "USD")
    for meet in (lambda: won + dollars, lambda: won - dollars):
        with pytest.raises(CurrencyMismatchError) as refused:
            meet()
        assert refused.value.code == "currency_mismatch"
    assert won != dollars
    with pytest.raises(TypeError):
        sorted([won, dollars])  # type: ignore[type-var]


@pytest.mark.parametrize(
    ("amount_minor", "currency", "text"),
    [
        (1234, "KRW", "1234"),
        (1234, "USD", "12.34"),
        (1234, "KWD", "1.234"),
        (5, "USD", "0.05"),
        (-5, "KWD", "-0.005"),
        (0, "USD", "0.00"),
    ],
)
def test_minor_units_are_written_and_read_as_major(
    amount_minor: int, currency: str, text: str
) -> None:
    assert major_text(amount_minor, currency) == text
    assert minor_from_text(text, currency) == amount_minor
    assert str(Money(amount_minor, currency)) == f"{text} {currency}"


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("1.5", "KRW"),
        ("1.001", "USD"),
        ("1.0001", "KWD"),
        ("1e3", "KRW"),
        ("1,000", "KRW"),
        ("١٢", "KRW"),
        ("1_000", "KRW"),
        ("", "KRW"),
        (".5", "USD"),
        ("5.", "USD"),
        ("NaN", "USD"),
        ("Infinity", "USD"),
        ("−5", "USD"),
        ("9" * 16, "KRW"),
    ],
)
def test_an_amount_that_is_no_plain_decimal_is_refused(text: str, currency: str) -> None:
    with pytest.raises(UnprocessableError):
        minor_from_text(text, currency)


def test_zeros_beyond_the_currency_are_no_decimals() -> None:
    assert minor_from_text(" +12.5000 ", "USD") == 1250
    assert minor_from_text("12.000", "KRW") == 12


@pytest.mark.parametrize(
    ("amount_minor", "weights", "parts"),
    [
        (10, [1, 1, 1], [4, 3, 3]),
        (11, [1, 1, 1], [4, 4, 3]),
        (345_678_901, [4, 4, 2], [138_271_561, 138_271_560, 69_135_780]),
        (193_106_849, [54, 26, 16, 4], [104_277_698, 50_207_781, 30_897_096, 7_724_274]),
        (1, [0, 1], [0, 1]),
        (1, [1, 9_999], [0, 1]),
        (0, [3, 7], [0, 0]),
        (7, [5], [7]),
        (10**15 - 1, [10**18, 10**18], [5 * 10**14, 5 * 10**14 - 1]),
    ],
)
def test_a_split_gives_the_rest_to_the_largest_remainder(
    amount_minor: int, weights: list[int], parts: list[int]
) -> None:
    assert split(amount_minor, weights) == parts


@pytest.mark.parametrize(
    ("amount_minor", "weights"), [(-1, [1]), (1, []), (1, [0, 0]), (1, [2, -1]), (1, [-1, -1])]
)
def test_an_impossible_split_is_refused(amount_minor: int, weights: list[int]) -> None:
    with pytest.raises(ValueError, match="split needs"):
        split(amount_minor, weights)


@pytest.mark.parametrize(
    ("amount", "weights"), [(10.0, [1, 1]), (10, [0.5, 0.5]), (10, [1, 1.0]), (0.1 + 0.2, [1])]
)
def test_a_split_refuses_floats(amount: Any, weights: Any) -> None:
    with pytest.raises(TypeError):
        split(amount, weights)


@pytest.mark.parametrize(
    ("amount_minor", "basis_points", "share_minor"),
    [
        (100_000_000, 500, 5_000_000),
        (10, 500, 1),  # 0.5 against 9.5: a tie of remainders, the earlier party takes it
        (9, 500, 0),
        (11, 500, 1),
        (7, 10_000, 7),
        (7, 0, 0),
    ],
)
def test_a_share_is_rounded_by_the_largest_remainder(
    amount_minor: int, basis_points: int, share_minor: int
) -> None:
    assert share_of(amount_minor, basis_points) == share_minor


@pytest.mark.parametrize(
    ("minor", "currency", "written"),
    [
        (1_234_567, "KRW", "1,234,567"),
        (-1_234_567, "USD", "-12,345.67"),
        (-5, "USD", "-0.05"),
        (0, "KWD", "0.000"),
    ],
)
def test_amounts_for_people_are_grouped(minor: int, currency: str, written: str) -> None:
    assert grouped_text(minor, currency) == written
