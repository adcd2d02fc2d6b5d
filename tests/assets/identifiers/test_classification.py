from http import HTTPStatus

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from marketplace.assets.identifiers import (
    Classification,
    InvalidClassificationError,
    parse_ipc,
)

LIKE_A_SYMBOL = st.from_regex(
    r"[A-HYa-hy][0-9]{2}[A-Z]( ?-?[0-9]{1,4}/[0-9]{2,6}( \(20[0-9]{2}\.01\) ?[IN]?)?)?",
    fullmatch=True,
)


@pytest.mark.parametrize(
    ("text", "symbol"),
    [
        ("G06Q-010/06", "G06Q 10/06"),
        ("G06Q10/06", "G06Q 10/06"),
        ("G06Q 10/06", "G06Q 10/06"),
        ("g06q  10/06", "G06Q 10/06"),
        ("Ｇ０６Ｑ　１０／０６", "G06Q 10/06"),
        ("G06Q0010060000", "G06Q 10/06"),
        ("G06F017/60", "G06F 17/60"),
        ("H01J001/62", "H01J 1/62"),
        ("G06Q 2220/00", "G06Q 2220/00"),
        ("Y02E60/10", "Y02E 60/10"),
        ("G06Q10/063114", "G06Q 10/063114"),
        ("C07D401/12", "C07D 401/12"),
        ("G06Q 10", "G06Q 10"),
        ("G06Q", "G06Q"),
        ("G06", "G06"),
        ("G", "G"),
    ],
)
def test_every_spelling_has_one_symbol(text: str, symbol: str) -> None:
    assert parse_ipc(text).symbol == symbol


@pytest.mark.parametrize(
    ("text", "symbol", "version", "inventive"),
    [
        ("H04W  84/20        20090101AFI20190523BHEP        ", "H04W 84/20", "2009.01", True),
        ("H04W  88/04        20090101ALN20190523BHEP", "H04W 88/04", "2009.01", False),
        ("C07K  14/47        20060101A I20060101RMEP        ", "C07K 14/47", "2006.01", True),
        ("H04W  84/    20            A N                    ", "H04W 84/20", None, False),
        ("H01M  10/052    (2010.01)I", "H01M 10/052", "2010.01", True),
        ("G06Q 10/06 (2012.01)", "G06Q 10/06", "2012.01", None),
    ],
)
def test_official_text_keeps_its_edition_and_value(
    text: str, symbol: str, version: str | None, inventive: bool | None
) -> None:
    found = parse_ipc(text)
    assert (found.symbol, found.version, found.inventive) == (symbol, version, inventive)
    assert found == parse_ipc(symbol)


def test_prefixes_serve_hierarchical_filters() -> None:
    assert parse_ipc("G06Q 10/06").prefixes() == ("G", "G06", "G06Q", "G06Q 10", "G06Q 10/06")
    assert parse_ipc("G06").prefixes() == ("G", "G06")


def test_subgroups_sort_as_decimal_fractions_and_main_groups_as_numbers() -> None:
    in_order = [
        "G",
        "G06",
        "G06Q",
        "G06Q 3/42",
        "G06Q 3/426",
        "G06Q 3/43",
        "G06Q 10",
        "G06Q 10/06",
        "G06Q 21/02",
        "G06Q 21/027",
        "G06Q 21/04",
        "G06Q 100/00",
        "G06Q 2220/00",
        "H",
    ]
    by_key = sorted(map(parse_ipc, reversed(in_order)), key=lambda found: found.sort_key)
    assert [found.symbol for found in by_key] == in_order


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Z",
        "I06Q",
        "G6",
        "G00",
        "G06Q 0/00",
        "G06Q 10/6",
        "G06Q 10/",
        "G06Q 10000/00",
        "G06Q 10/0612345",
        "G06Q 10/06 X",
        "G06Q10/06\x00",
        "G06Q,G06F",
        "G06 (2012.01)",
        "G" * 99,
    ],
)
def test_broken_symbols_are_refused_with_advice(text: str) -> None:
    with pytest.raises(InvalidClassificationError, match="write a section, class") as refusal:
        parse_ipc(text)
    assert refusal.value.code == "invalid_classification"
    assert refusal.value.status == HTTPStatus.UNPROCESSABLE_ENTITY


@example("G0٦Q")
@given(st.text(max_size=70) | LIKE_A_SYMBOL)
def test_any_text_is_a_symbol_or_refused_and_symbols_read_back(text: str) -> None:
    try:
        found = parse_ipc(text)
    except InvalidClassificationError:
        return
    assert isinstance(found, Classification)
    assert parse_ipc(found.symbol) == found
    assert [parse_ipc(prefix).symbol for prefix in found.prefixes()] == list(found.prefixes())
