import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.search.text import QUERY_WORDS, query_tokens, tokens


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("특허 거래", ["특허", "거래"]),
        ("특허를 거래하는", ["특허", "허를", "거래", "래하", "하는"]),
        ("专利转让", ["专利", "利转", "转让"]),
        ("特許出願の方法", ["特許", "許出", "出願", "願の", "の方", "方法"]),
        ("リチウムイオン", ["リチ", "チウ", "ウム", "ムイ", "イオ", "オン"]),
        ("泵", ["泵"]),
        ("Patents and trading", ["patent", "and", "trade"]),
        ("AI-특허, 5세대 H01M10/613", ["ai", "특허", "5", "세대", "h01m10", "613"]),
        ("ＡＢＣ１２ ｶﾞｽ ①", ["abc12", "ガス", "1"]),
        ("Straße STRASSE ﬁne", ["strass", "strass", "fine"]),
        ("\u1110\u1173\u11a8\u1112\u1165", ["특허"]),
        ("a\0b\ud800c\udfffd", ["a", "b", "c", "d"]),
        (" ・。、!?\t", []),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    assert query_tokens(text) == list(dict.fromkeys(words))


def test_a_listing_is_found_by_each_character_of_its_words_too() -> None:
    assert tokens("칼날 ab 泵 AB") == ["칼날", "칼", "날", "ab", "泵", "ab"]


def test_long_words_are_cut_alike_in_listing_and_query() -> None:
    assert tokens("x" * 1000) == query_tokens("x" * 150) == ["x" * 64]


def test_query_is_bounded_and_without_repetition() -> None:
    assert query_tokens("red blue RED") == ["red", "blue"]
    assert query_tokens(" " * 200 + "late") == []
    assert len(query_tokens("".join(map(chr, range(0x4E00, 0x4E00 + 200))))) == QUERY_WORDS


@given(st.text(st.characters(codec=None, exclude_categories=())))
def test_any_text_gives_words_that_the_index_keeps_whole(text: str) -> None:
    words = tokens(text)
    assert " ".join(words).split() == words
    assert " ".join(words).encode().decode() == " ".join(words)
    assert set(query_tokens(text[:20])) <= set(tokens(text[:20]))
