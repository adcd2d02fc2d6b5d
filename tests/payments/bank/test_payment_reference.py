"""The check character catches what hands get wrong; the search forgives what banks change."""

from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.payments.providers.bank.reference import (
    REFERENCE_RANDOM_BYTES,
    find_references,
    new_reference,
)

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
ZERO = new_reference(bytes(5))
KNOWN = new_reference(bytes.fromhex("39c74ea7ad"))

random_bytes = st.binary(min_size=REFERENCE_RANDOM_BYTES, max_size=REFERENCE_RANDOM_BYTES)
references = st.builds(new_reference, random_bytes)
positions = st.sampled_from([4, 5, 6, 7, 9, 10, 11, 12, 14])


def test_a_reference_is_fixed_by_its_bytes() -> None:
    assert ZERO == "IPM-0000-0000-0"
    assert KNOWN == "IPM-773M-X9XD-N"
    assert new_reference(b"\xff" * 5) == "IPM-ZZZZ-ZZZZ-3"


@pytest.mark.parametrize("size", [0, 4, 6])
def test_other_than_five_bytes_are_a_bug_of_the_caller(size: int) -> None:
    with pytest.raises(ValueError, match="made of 5 bytes"):
        new_reference(bytes(size))


@given(references)
def test_a_reference_finds_itself_in_any_dress(reference: str) -> None:
    bare = reference.replace("-", "")
    full_width = "".join(chr(ord(character) + 0xFEE0) for character in reference)
    for dressed in (
        reference,
        bare,
        bare.lower(),
        " ".join(bare),
        reference.replace("-", " – "),
        reference.replace("0", "O").replace("1", "l"),
        reference.replace("1", "I").replace("0", "o"),
        full_width,
    ):
        assert find_references(f"계약금 {dressed}, 감사합니다") == [reference]


@given(references, positions, st.sampled_from(ALPHABET))
def test_every_single_wrong_character_is_detected(
    reference: str, position: int, character: str
) -> None:
    wrong = reference[:position] + character + reference[position + 1 :]
    assert find_references(wrong) == ([reference] if wrong == reference else [])


@given(references, positions, positions)
def test_every_exchange_of_two_characters_is_detected(
    reference: str, first: int, second: int
) -> None:
    characters = list(reference)
    characters[first], characters[second] = characters[second], characters[first]
    exchanged = "".join(characters)
    assert find_references(exchanged) == ([reference] if exchanged == reference else [])


@given(st.lists(references, min_size=1, max_size=6, unique=True))
def test_every_reference_in_a_text_is_found_once_in_order(expected: list[str]) -> None:
    text = " · ".join([*expected, *expected])
    assert find_references(text)[: len(expected)] == expected
    assert sorted(find_references(text)) == sorted(set(find_references(text)))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no reference here",
        "SHIPMENT ORDER 12",
        "IPM-0000-0000-1",
        "IPM-0000-0000",
        "XYZ-0000-0000-0",
        "IPM-0000-000U-0",
        "IPM-0000한0000-0",
        "n" * 1_000 + ZERO,
    ],
)
def test_other_text_holds_no_reference(text: str) -> None:
    assert find_references(text) == []


def test_a_false_start_does_not_hide_the_reference_after_it() -> None:
    assert find_references(f"IPM {KNOWN}") == [KNOWN]


def test_a_hostile_text_costs_no_more_than_its_first_thousand_characters() -> None:
    started = perf_counter()
    find_references("IPM0" * 2_000_000)
    find_references("ﷺ" * 1_000_000)
    assert perf_counter() - started < 0.5


@given(st.text(max_size=300))
def test_any_text_is_searched_without_error(text: str) -> None:
    for reference in find_references(text):
        assert find_references(reference) == [reference]
