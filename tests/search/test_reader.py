from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.search.index import IndexDocument, IndexWriter
from marketplace.search.page import BadSearchError, CatalogueQuery
from marketplace.search.reader import BEST_RANKED, IndexReader
from marketplace.search.recency import Recency

START = datetime(2026, 1, 1, tzinfo=UTC)
PLAIN = IndexDocument(
    listing_id=UUID(int=0),
    title="",
    teaser="",
    extra="",
    kind="sale",
    office=None,
    region=None,
    classifications=(),
    currency=None,
    price_minor=None,
    published_at=START,
)


def listing(number: int, **fields: Any) -> IndexDocument:
    moment = START + timedelta(seconds=number)
    return replace(PLAIN, **{"listing_id": UUID(int=number), "published_at": moment, **fields})


def indexed(directory: Path, documents: list[IndexDocument]) -> IndexReader:
    with IndexWriter(directory) as writer:
        writer.apply(documents, [])
        writer.commit("1")
    return IndexReader(directory)


def walk(reader: IndexReader, query: CatalogueQuery) -> Iterator[int]:
    while True:
        page = reader.search(query)
        yield from (listing_id.int for listing_id in page.listing_ids)
        if page.next is None:
            return
        query = replace(query, after=page.next)


def newest_first(documents: list[IndexDocument]) -> list[int]:
    ordered = sorted(documents, key=lambda each: (each.published_at, each.listing_id), reverse=True)
    return [each.listing_id.int for each in ordered]


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> IndexReader:
    return indexed(
        tmp_path_factory.mktemp("words"),
        [
            listing(1, title="특허를 거래하는 방법"),
            listing(2, title="专利转让平台", extra="清华大学"),
            listing(3, title="特許出願の方法", teaser="電池"),
            listing(4, title="Trading of patents", teaser="A battery"),
            listing(5, title="Battery", teaser="Batteries in ＡＩ cars"),
            listing(6, title="AI 특허 trade", extra="ACME Co., Ltd."),
        ],
    )


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("특허 거래", [1]),
        ("특허", [6, 1]),
        ("专利", [2]),
        ("大学 转让", [2]),
        ("学", [2]),
        ("法", [3]),
        ("願 方法", [3]),
        ("특 거래", [1]),
        ("電 특", []),
        ("特許出願", [3]),
        ("方法", [3]),
        ("patents trade", [4]),
        ("ai", [6, 5]),
        ("ai 특허 acme", [6]),
        ("ai battery", [5]),
        ("특허 전기", []),
        ("...", []),
        ("\0", []),
        ("\ud800 专利", [2]),
        (" ", [6, 5, 4, 3, 2, 1]),
        (None, [6, 5, 4, 3, 2, 1]),
    ],
)
def test_all_words_must_match(words: IndexReader, text: str | None, numbers: list[int]) -> None:
    assert list(walk(words, CatalogueQuery(text=text))) == numbers


def test_title_weighs_more_than_teaser(words: IndexReader) -> None:
    assert list(walk(words, CatalogueQuery(text="battery", sort="best"))) == [5, 4]


def test_best_without_words_is_newest(words: IndexReader) -> None:
    assert list(walk(words, CatalogueQuery(sort="best", limit=4))) == [6, 5, 4, 3, 2, 1]


@pytest.fixture(scope="module")
def filtered(tmp_path_factory: pytest.TempPathFactory) -> IndexReader:
    return indexed(
        tmp_path_factory.mktemp("filters"),
        [
            listing(1, kind="sale", office="KR", classifications=("G", "G06", "G06Q", "G06Q 10")),
            listing(
                2, kind="licence", office="KR", region="KR-11", currency="KRW", price_minor=100
            ),
            listing(3, kind="sale", office="US", currency="KRW", price_minor=200),
            listing(4, kind="sale", currency="USD", price_minor=150, classifications=("G", "G06")),
            listing(5, kind="sale", currency="KRW"),
            listing(6, kind="sale", currency="KRW", price_minor=2**63 - 1),
        ],
    )


@pytest.mark.parametrize(
    ("conditions", "numbers"),
    [
        ({"kind": "licence"}, [2]),
        ({"kind": "SALE"}, []),
        ({"kind": "\ud800"}, []),
        ({"office": "KR"}, [2, 1]),
        ({"office": "KR", "region": "KR-11"}, [2]),
        ({"classification": "G06"}, [4, 1]),
        ({"classification": "G06Q 10"}, [1]),
        ({"classification": "G06Q 1"}, []),
        ({"currency": "KRW"}, [6, 5, 3, 2]),
        ({"currency": "KRW", "price_minor_min": 100, "price_minor_max": 200}, [3, 2]),
        ({"currency": "KRW", "price_minor_min": 101}, [6, 3]),
        ({"currency": "KRW", "price_minor_max": 199}, [2]),
        ({"currency": "KRW", "price_minor_min": 200, "price_minor_max": 100}, []),
        ({"currency": "EUR", "price_minor_min": 0}, []),
        ({"kind": "sale", "currency": "USD", "price_minor_max": 2**63 - 1}, [4]),
    ],
)
def test_filters(filtered: IndexReader, conditions: dict[str, Any], numbers: list[int]) -> None:
    assert list(walk(filtered, CatalogueQuery(**conditions))) == numbers


@pytest.mark.parametrize(
    "fields",
    [
        {"limit": 0},
        {"limit": 101},
        {"price_minor_min": 1},
        {"currency": "KRW", "price_minor_max": 2**63},
        {"currency": "KRW", "price_minor_min": -1},
        {"after": (0.5, UUID(int=1))},
        {"after": (-1, UUID(int=1))},
        {"after": (2**63, UUID(int=1))},
    ],
)
def test_impossible_searches_are_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(BadSearchError):
        CatalogueQuery(**fields)


# Ids that share their upper or lower half, and few moments: every tie the order has to break.
_NUMBERS = st.builds(
    lambda high, low: high << 64 | low,
    st.sampled_from([0, 1, 2**63, 2**64 - 1]),
    st.sampled_from([0, 1, 255, 2**63, 2**64 - 1]),
)
_LISTINGS = st.lists(
    st.builds(
        lambda number, second, title: replace(
            listing(second, title=title), listing_id=UUID(int=number)
        ),
        _NUMBERS,
        st.integers(0, 2),
        st.sampled_from(["pump", "pump valve", "valve pump pump"]),
    ),
    max_size=20,
    unique_by=lambda each: each.listing_id,
)


@settings(max_examples=30, deadline=None)
@given(documents=_LISTINGS, limit=st.integers(1, 7))
def test_pages_show_every_listing_exactly_once(documents: list[IndexDocument], limit: int) -> None:
    with TemporaryDirectory() as directory:
        reader = indexed(Path(directory), documents)
        for text in (None, "pump"):
            seen = list(walk(reader, CatalogueQuery(text=text, limit=limit)))
            assert seen == newest_first(documents)
        best = list(walk(reader, CatalogueQuery(text="pump", sort="best", limit=limit)))
        assert sorted(best) == sorted(newest_first(documents))
        assert best == list(walk(reader, CatalogueQuery(text="pump", sort="best", limit=100)))


@pytest.fixture(scope="module")
def many() -> list[IndexDocument]:
    """Listings enough for windows: a word in all of them, one in the older part, one in few."""
    return [
        listing(number, title=f"pump {'old' if number < 25_000 else ''} {number % 5_000}")
        for number in range(30_000)
    ]


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory, many: list[IndexDocument]) -> IndexReader:
    return indexed(tmp_path_factory.mktemp("large"), many)


@pytest.mark.parametrize(
    ("text", "listings"),
    [("pump", range(30_000)), ("old pump", range(25_000)), ("pump 77", range(77, 30_000, 5_000))],
)
def test_windows_leave_nothing_out_of_newest(
    large: IndexReader, text: str, listings: range
) -> None:
    seen = list(walk(large, CatalogueQuery(text=text, limit=100)))
    assert seen == sorted(listings, reverse=True)


def test_best_ends_after_its_bound_and_prefers_the_newest_of_common_words(
    large: IndexReader,
) -> None:
    seen = list(walk(large, CatalogueQuery(text="pump", sort="best", limit=99)))
    assert len(set(seen)) == len(seen) == BEST_RANKED
    assert min(seen) > 30_000 - 4 * BEST_RANKED
    rare = list(walk(large, CatalogueQuery(text="pump 77", sort="best")))
    assert sorted(rare) == list(range(77, 30_000, 5_000))


def test_windows_widen_up_to_all_time() -> None:
    recency = Recency(sample=range(1_000_000, 0, -256), listings=1_000_000)
    assert list(recency.windows([1_000_000], 40, None)) == [
        999_744,
        999_488,
        997_184,
        979_264,
        835_904,
        0,
    ]
    assert next(recency.windows([1_000_000], 40, 500_000)) == 499_520
    assert list(recency.windows([9_000, 1_000_000], 40, None)) == [0]
    assert list(Recency([], 0).windows([], 40, None)) == [0]


def test_reader_follows_commits_of_the_writer(tmp_path: Path) -> None:
    with IndexWriter(tmp_path) as writer:
        reader = IndexReader(tmp_path)
        for number in count(1):
            writer.apply([listing(number, title="pump")], [])
            writer.commit(str(number))
            assert len(list(walk(reader, CatalogueQuery(text="pump")))) == number - 1
            reader.refresh()
            assert len(list(walk(reader, CatalogueQuery(text="pump")))) == number
            if number == 12:  # past the eight small segments that the engine merges
                break
