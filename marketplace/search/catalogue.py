"""Reading the catalogue: the index finds and orders, PostgreSQL answers with stored cards.

A card exists only while its listing is public, so a withdrawn listing is never shown, however far
the index lags.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from marketplace.kernel.driver_pools import Reads
from marketplace.kernel.pagination import InvalidCursorError, decode, encode
from marketplace.search.page import CatalogueQuery, Position
from marketplace.search.reader import IndexReader
from marketplace.search.schemas import Sort

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FAR_FUTURE: Final = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)
_PLAIN_QUERY: Final = re.compile(r"(?:cursor=([A-Za-z0-9_-]{1,200}))?")
PAGE_DEFAULT: Final = 20
_FIRST_PAGE: Final = """
    SELECT card, published_at, listing_id FROM listing_card WHERE listed
    ORDER BY published_at DESC, listing_id DESC LIMIT $1
"""
_NEXT_PAGE: Final = """
    SELECT card, published_at, listing_id FROM listing_card
    WHERE listed AND (published_at, listing_id) < ($2, $3)
    ORDER BY published_at DESC, listing_id DESC LIMIT $1
"""
_BY_ID: Final = "SELECT listing_id, card FROM listing_card WHERE listed AND listing_id = ANY ($1)"


def read_cursor(cursor: str | None, sort: Sort) -> Position | None:
    """The position that a page ended at: microseconds or score, and listing.

    Raises:
        InvalidCursorError: not a cursor of this order.
    """
    if cursor is None:
        return None
    order, place, listing_id = decode(cursor, str, float if sort is Sort.BEST else int, UUID)
    if order != sort or not 0 <= place < _FAR_FUTURE:
        raise InvalidCursorError
    return place, listing_id


async def quick_page(reads: Reads, _: str, query: str) -> bytes | None:
    """The newest page, when the request asks for nothing else; None leaves it to the route."""
    asked = _PLAIN_QUERY.fullmatch(query)
    if asked is None:
        return None
    try:
        after = read_cursor(asked[1], Sort.NEWEST)
    except InvalidCursorError:
        return None
    return await newest_page(reads, after, PAGE_DEFAULT)


async def newest_page(reads: Reads, after: Position | None, limit: int) -> bytes:
    """The newest listings of all, straight from the cards."""
    if after is None:
        rows = await reads.rows(_FIRST_PAGE, limit + 1)
    else:
        moment = _EPOCH + timedelta(microseconds=int(after[0]))
        rows = await reads.rows(_NEXT_PAGE, limit + 1, moment, after[1])
    following = None
    if len(rows) > limit:
        last = rows[limit - 1]
        microseconds = (last[1] - _EPOCH) // timedelta(microseconds=1)
        # The driver has a UUID class of its own, which JSON does not know.
        following = encode(Sort.NEWEST, microseconds, str(last[2]))
    return _page([row[0] for row in rows[:limit]], following)


async def found_page(reads: Reads, index: IndexReader, query: CatalogueQuery) -> bytes:
    """Listings that match; a page may be shorter than asked where one was just withdrawn."""
    found = index.search(query)
    rows = await reads.rows(_BY_ID, found.listing_ids) if found.listing_ids else []
    cards = {row[0]: row[1] for row in rows}
    shown = [cards[listing_id] for listing_id in found.listing_ids if listing_id in cards]
    return _page(shown, encode(query.sort, *found.next) if found.next else None)


def _page(cards: list[str], following: str | None) -> bytes:
    """Join stored JSON without parsing it; a cursor is URL-safe and needs no escaping."""
    tail = f'"{following}"' if following else "null"
    return f'{{"items":[{",".join(cards)}],"next":{tail}}}'.encode()
