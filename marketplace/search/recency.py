"""How far back in time a search must look to find enough.

The commonest word stands in half of all listings, yet a page shows twenty. So a search for common
words looks through the newest listings first, as many as should hold enough matches, and further
back only if they did not.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod

import tantivy

from marketplace.search.index import SAMPLE_EVERY, SCHEMA

# Measured on a million listings: one listing of a window costs as much as two matches of the rarest
# condition in a search through all time, and finding where the window begins as much as 10,000.
_WINDOW_COST = 2
_WINDOW_START_COST = 10_000
_WIDER = 8
# The sample is taken again when the number of listings has changed by one in so many.
_DRIFT = 50


@dataclass(frozen=True, slots=True)
class Recency:
    """Publication times of one listing in 256, newest first; microseconds since 1970."""

    sample: Sequence[int]
    listings: int

    @classmethod
    def of(cls, searcher: tantivy.Searcher) -> "Recency":
        """Read the sample of an index: a few milliseconds for a million listings."""
        marked = max(searcher.doc_freq("mark", "sample"), 1)
        query = tantivy.Query.term_query(SCHEMA, "mark", "sample", "basic")
        hits = searcher.search(query, marked, count=False, order_by_field="published").hits
        return cls([int(published) for published, _ in hits], searcher.num_docs)

    def still_fits(self, listings: int) -> bool:
        """Tell whether the sample may stand for an index that now has so many `listings`."""
        return abs(listings - self.listings) * _DRIFT <= self.listings

    def windows(self, matches: Sequence[int], wanted: int, newest: int | None) -> Iterator[int]:
        """Yield ever earlier publication times to look back to; the last, 0, is all time.

        Args:
            matches: for each condition of the query, how many listings meet it.
            wanted: how many listings that meet all of them are to be found.
            newest: where to look back from; None from now.
        """
        total = max(self.listings, 1)
        share = prod(min(each / total, 1.0) for each in matches)
        depth = wanted / max(share, 1 / total)
        plain_cost = min(matches, default=total)
        while depth * _WINDOW_COST + _WINDOW_START_COST < plain_cost:
            yield self._looking_back(newest, int(depth))
            depth *= _WIDER
        yield 0

    def _looking_back(self, newest: int | None, listings: int) -> int:
        first = 0 if newest is None else bisect_left(self.sample, -newest, key=int.__neg__)
        last = first + listings // SAMPLE_EVERY + 1
        return self.sample[last] if last < len(self.sample) else 0
