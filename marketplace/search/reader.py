"""Searching the catalogue: words and filters in, one page of listing ids out.

`newest` walks every match exactly once, by time of publication, then by id. `best` ranks by BM25
and ends after the best 1,000; where very many listings match it ranks only the newest, about 2,000
of them. Scores drift a little as listings come and go, so its later pages may then repeat or miss
one. Searching releases the interpreter lock, so that threads search in parallel.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast
from uuid import UUID

import tantivy
from tantivy import FieldType, Occur, Query

from marketplace.search.index import LOW_BITS, SCHEMA, version_folder
from marketplace.search.page import EMPTY_PAGE, CatalogueQuery, Position, SearchPage
from marketplace.search.recency import Recency
from marketplace.search.text import query_tokens

BEST_RANKED = 1_000
ALIKE_WORDS = 40

_FILTERS = ("kind", "office", "region", "classification", "currency")
_NEWEST_ORDER = ("published", "id_high", "id_low")

_Clauses = list[tuple[Occur, Query]]


@dataclass(frozen=True, slots=True)
class _Snapshot:
    searcher: tantivy.Searcher
    recency: Recency


@dataclass(frozen=True, slots=True)
class _Condition:
    query: Query
    matches: int


class IndexReader:
    """Searches an index that another process writes; threads may share it."""

    def __init__(self, directory: Path) -> None:
        """Read the index in `directory`; a writer may make it there later."""
        self._folder = version_folder(directory)
        self._index: tantivy.Index | None = None
        self._snapshot: _Snapshot | None = None
        self.refresh()

    @property
    def is_ready(self) -> bool:
        """Whether there is an index at all; until then every search is empty."""
        return self._snapshot is not None

    def refresh(self) -> None:
        """Show what was committed since; takes about a millisecond, so call it often."""
        try:
            searcher = self._reloaded()
        except (ValueError, OSError):
            # Not made yet, or being made anew: what was last seen goes on being shown.
            return
        recency = self._snapshot.recency if self._snapshot else None
        if recency is None or not recency.still_fits(searcher.num_docs):
            recency = Recency.of(searcher)
        self._snapshot = _Snapshot(searcher, recency)

    def search(self, query: CatalogueQuery) -> SearchPage:
        """Return one page of listings as of the last refresh."""
        snapshot = self._snapshot
        if snapshot is None:
            return EMPTY_PAGE
        conditions = _conditions(snapshot.searcher, query)
        if any(condition.matches == 0 for condition in conditions):
            return EMPTY_PAGE
        page = _best_page if query.is_ranked else _newest_page
        return page(snapshot, conditions, query)

    def alike(self, words: Iterable[str], limit: int) -> list[UUID]:
        """What shares the rarest of some words, the best match first, by BM25.

        Looking up how rare a word is costs a microsecond; only the rarest are searched for.
        """
        if self._snapshot is None:
            return []
        searcher = self._snapshot.searcher
        terms = [_term(searcher, "words", word) for word in words]
        known = sorted((term for term in terms if term.matches), key=lambda term: term.matches)
        query = Query.boolean_query([(Occur.Should, term.query) for term in known[:ALIKE_WORDS]])
        hits = searcher.search(query, limit, count=False).hits if known else []
        ids = _ids(searcher, [address for _, address in hits])
        return [UUID(int=number) for number in ids]

    def _reloaded(self) -> tantivy.Searcher:
        if self._index is None:
            index = tantivy.Index.open(str(self._folder))
            # By default a thread would watch the folder.
            index.config_reader("manual")
            self._index = index
        self._index.reload()
        return self._index.searcher()


def _conditions(searcher: tantivy.Searcher, query: CatalogueQuery) -> list[_Condition]:
    filters = {name: getattr(query, name) for name in _FILTERS}
    conditions = [_term(searcher, *item) for item in filters.items() if item[1] is not None]
    if query.has_text:
        words = [_term(searcher, "words", word) for word in query_tokens(query.text or "")]
        conditions += words or [_Condition(Query.empty_query(), 0)]
    if query.has_price:
        prices = Query.range_query(
            SCHEMA, "price", FieldType.Integer, query.price_minor_min, query.price_minor_max
        )
        # How many listings lie in the band is not known beforehand; if few do, windows widen.
        conditions.append(_Condition(_unscored(prices), searcher.num_docs))
    return conditions


def _term(searcher: tantivy.Searcher, field: str, value: str) -> _Condition:
    # The engine refuses lone surrogates, and no listing has one.
    text = value.encode(errors="replace").decode()
    option = "freq" if field == "words" else "basic"
    query = Query.term_query(SCHEMA, field, text, option)
    return _Condition(query, searcher.doc_freq(field, text))


def _newest_page(
    snapshot: _Snapshot, conditions: list[_Condition], query: CatalogueQuery
) -> SearchPage:
    wanted = query.limit + 1
    newest = int(query.after[0]) if query.after else None
    found: list[tantivy.DocAddress] = []
    # Twice as many as wanted are expected, since matches cluster in time.
    for oldest in snapshot.recency.windows(_matches(conditions), wanted * 2, newest):
        clauses = _clauses(conditions, oldest, newest) + _seen_already(query.after)
        found = _newest(snapshot.searcher, clauses, _NEWEST_ORDER, wanted)
        if len(found) == wanted:
            break
    published = _integers(snapshot.searcher, "published", found)
    ordered = sorted(zip(published, _ids(snapshot.searcher, found), strict=True), reverse=True)
    return _page(ordered, query.limit)


def _newest(
    searcher: tantivy.Searcher, clauses: _Clauses, order: Sequence[str], wanted: int
) -> list[tantivy.DocAddress]:
    """Find the first `wanted` by several fields; the engine itself orders by one."""
    field, *finer = order
    query = Query.boolean_query(clauses)
    hits = searcher.search(query, wanted + 1, count=False, order_by_field=field).hits
    if len(hits) <= wanted:
        return [address for _, address in hits]
    first_out = hits[wanted][0]
    sure = [address for value, address in hits if value > first_out]
    if len(sure) == wanted:
        return sure
    tied = [*clauses, (Occur.Must, _equal(field, first_out))]
    return sure + _newest(searcher, tied, finer, wanted - len(sure))


def _best_page(
    snapshot: _Snapshot, conditions: list[_Condition], query: CatalogueQuery
) -> SearchPage:
    hits: list[tuple[float, tantivy.DocAddress]] = []
    # A window is good when it fills the ranking; twice as many are expected in it.
    for oldest in snapshot.recency.windows(_matches(conditions), BEST_RANKED * 2, None):
        clauses = Query.boolean_query(_clauses(conditions, oldest, None))
        hits = snapshot.searcher.search(clauses, BEST_RANKED, count=False).hits
        if len(hits) == BEST_RANKED:
            break
    hits = _around_page(hits, query)
    ids = _ids(snapshot.searcher, [address for _, address in hits])
    ranked = sorted(zip((score for score, _ in hits), ids, strict=True), reverse=True)
    if query.after:
        score, listing_id = query.after
        ranked = [position for position in ranked if position < (score, listing_id.int)]
    return _page(ranked, query.limit)


def _around_page(
    hits: list[tuple[float, tantivy.DocAddress]], query: CatalogueQuery
) -> list[tuple[float, tantivy.DocAddress]]:
    """Keep the hits that the page can hold, whole groups of equal score, to read few ids."""
    falling = [-score for score, _ in hits]
    first, shown = 0, 0
    if query.after:
        first = bisect_left(falling, -query.after[0])
        shown = bisect_right(falling, -query.after[0])
    last = min(max(first, shown) + query.limit, len(hits) - 1)
    return hits[first : bisect_right(falling, falling[last])] if hits else hits


def _page(ordered: Sequence[tuple[float, int]], limit: int) -> SearchPage:
    shown = tuple(UUID(int=number) for _, number in ordered[:limit])
    more = len(ordered) > limit
    return SearchPage(shown, (ordered[limit - 1][0], shown[-1]) if more else None)


def _ids(searcher: tantivy.Searcher, addresses: list[tantivy.DocAddress]) -> list[int]:
    high, low = (_integers(searcher, field, addresses) for field in ("id_high", "id_low"))
    return [top << 64 | rest for top, rest in zip(high, low, strict=True)]


def _integers(
    searcher: tantivy.Searcher, field: str, addresses: list[tantivy.DocAddress]
) -> list[int]:
    # Reading columns costs a tenth of reading stored documents.
    return cast("list[int]", searcher.fast_field_values(field, addresses))


def _matches(conditions: list[_Condition]) -> list[int]:
    return [condition.matches for condition in conditions]


def _clauses(conditions: list[_Condition], oldest: int, newest: int | None) -> _Clauses:
    clauses = [(Occur.Must, condition.query) for condition in conditions]
    if oldest or newest is not None or not clauses:
        clauses.append((Occur.Must, _unscored(_between("published", oldest, newest))))
    return clauses


def _seen_already(after: Position | None) -> _Clauses:
    """Take out the listings of the same microsecond that earlier pages have shown."""
    if after is None:
        return []
    published, listing_id = int(after[0]), after[1].int
    high, low = listing_id >> 64, listing_id & LOW_BITS
    same_moment = _equal("published", published)
    greater = Query.range_query(
        SCHEMA, "id_high", FieldType.Unsigned, high, None, include_lower=False
    )
    not_less = _all(_equal("id_high", high), _between("id_low", low, None))
    return [(Occur.MustNot, _all(same_moment, ids)) for ids in (greater, not_less)]


def _all(*queries: Query) -> Query:
    return Query.boolean_query([(Occur.Must, query) for query in queries])


def _equal(field: str, value: int) -> Query:
    if field == "published":
        return Query.term_query(SCHEMA, field, value, "basic")
    return _between(field, value, value)


def _between(field: str, low: int, high: int | None) -> Query:
    return Query.range_query(SCHEMA, field, FieldType.Unsigned, low, high)


def _unscored(query: Query) -> Query:
    return Query.const_score_query(query, 0.0)
