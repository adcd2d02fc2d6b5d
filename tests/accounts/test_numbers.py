"""Business numbers: real ones are taken, and mistyped ones found as far as each scheme promises."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.accounts.organisations.errors import WrongNumberError
from marketplace.accounts.organisations.numbers import NumberScheme, normalise
from tests.factories.steady import steady

KR, KR_CORPORATE = NumberScheme.KR_BUSINESS, NumberScheme.KR_CORPORATE
CN, LEI = NumberScheme.CN_SOCIAL_CREDIT, NumberScheme.LEI
COUNTRY = {KR: "KR", KR_CORPORATE: "KR", CN: "CN", LEI: "DE"}
RIGHT = {
    KR: ("1248100998", "1208800767"),
    KR_CORPORATE: ("1301110006246",),
    CN: ("91110000600037341L", "91350100M000100Y43"),
    LEI: ("213800KUD8LAJWSQ9D15", "529900T8BM49AURSDO55"),
}
USCC = "0123456789ABCDEFGHJKLMNPQRTUWXY"
DIGITS, LETTERS = "0123456789", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
EVERY = [(scheme, number) for scheme, numbers in RIGHT.items() for number in numbers]


def is_right(scheme: NumberScheme, number: str) -> bool:
    try:
        return normalise(scheme, number, country=COUNTRY[scheme]) == number
    except WrongNumberError:
        return False


def other_characters(scheme: NumberScheme, character: str) -> str:
    """What a slip makes of a character: for an LEI, another of its kind."""
    if scheme is CN:
        return USCC.replace(character, "")
    return (DIGITS if character.isdigit() else LETTERS).replace(character, "")


def replaced(number: str, place: int, character: str) -> str:
    return number[:place] + character + number[place + 1 :]


@pytest.mark.parametrize(
    ("scheme", "written", "number"),
    [
        (KR, "124-81-00998", "1248100998"),
        (KR, " 124 81 00998 ", "1248100998"),
        (KR, "124–81–00998", "1248100998"),
        (KR_CORPORATE, "130111-0006246", "1301110006246"),
        (CN, "91110000 60003734 1l", "91110000600037341L"),
        (LEI, "2138-00kud8lajwsq9d15", "213800KUD8LAJWSQ9D15"),
    ],
)
def test_every_spelling_is_one_number(scheme: NumberScheme, written: str, number: str) -> None:
    assert normalise(scheme, written, country=COUNTRY[scheme]) == number


@pytest.mark.parametrize(
    ("scheme", "written", "country"),
    [
        (KR, "124-81-00997", "KR"),
        (KR, "124-81-0099", "KR"),
        (KR, "000-00-00000", "KR"),
        (KR, "１２４-81-00998", "KR"),
        (KR, "124-81-00998", "CN"),
        (KR_CORPORATE, "130111-0006247", "KR"),
        (KR_CORPORATE, "130111-0006246", "JP"),
        (CN, "91110000600037341I", "CN"),
        (CN, "000000000000000000", "CN"),
        (CN, "91110000600037341L", "KR"),
        (LEI, "213800KUD8LAJWSQ9D1", "KR"),
        (LEI, "213800KUD8LAJWSQ9D115", "KR"),
        (LEI, "213800KUD8LAJWSQ9DAB", "KR"),
        (LEI, "", "KR"),
    ],
)
def test_what_is_no_number_of_the_country(scheme: NumberScheme, written: str, country: str) -> None:
    with pytest.raises(WrongNumberError) as refused:
        normalise(scheme, written, country=country)
    assert not written or written not in str(refused.value)


@pytest.mark.parametrize("scheme", [KR, CN, LEI])
def test_every_single_wrong_character_is_found(scheme: NumberScheme) -> None:
    for number in RIGHT[scheme]:
        assert is_right(scheme, number)
        for place, character in enumerate(number):
            for wrong in other_characters(scheme, character):
                assert not is_right(scheme, replaced(number, place, wrong)), (place, wrong)


def test_a_korean_corporate_number_finds_what_its_weights_can() -> None:
    """A weight of two does not tell digits apart that differ by five."""
    (number,) = RIGHT[KR_CORPORATE]
    for place, character in enumerate(number[1:], start=1):
        for wrong in DIGITS.replace(character, ""):
            weight = 2 if place % 2 else 1
            seen = place == 12 or (int(wrong) - int(character)) * weight % 10 != 0
            assert is_right(KR_CORPORATE, replaced(number, place, wrong)) is not seen


@pytest.mark.parametrize(("scheme", "number"), [pair for pair in EVERY if pair[0] in {CN, LEI}])
def test_neighbours_that_changed_places_are_found(scheme: NumberScheme, number: str) -> None:
    for place in range(len(number) - 1):
        one, other = number[place], number[place + 1]
        if one != other and one.isdigit() == other.isdigit():
            swapped = number[:place] + other + one + number[place + 2 :]
            assert not is_right(scheme, swapped), place


@steady
@given(st.integers(10**8, 10**9 - 1).map(str))
def test_each_serial_has_one_check_digit(serial: str) -> None:
    right = [digit for digit in DIGITS if is_right(KR, serial + digit)]
    assert len(right) == (serial[3:5] != "00" and serial[5:] != "0000")


@steady
@given(st.text(USCC[1:], min_size=2, max_size=2), st.text(DIGITS, min_size=6, max_size=6))
def test_each_body_has_one_check_character(head: str, region: str) -> None:
    body = head + region + "600037341"
    assert sum(is_right(CN, body + character) for character in USCC) == 1


@steady
@given(st.text(DIGITS + LETTERS, min_size=18, max_size=18))
def test_each_entity_has_one_pair_of_check_digits(entity: str) -> None:
    assert sum(is_right(LEI, f"{entity}{check:02}") for check in range(100)) == 1
