from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from marketplace.assets.identifiers import InvalidClassificationError, parse_ipc
from marketplace.kernel.pagination import InvalidCursorError
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import HotReads
from marketplace.kernel.schemas import Page
from marketplace.listings.schemas import ListingCardRead
from marketplace.search.catalogue import found_page, newest_page, read_cursor
from marketplace.search.page import BadSearchError, CatalogueQuery
from marketplace.search.reader import IndexReader
from marketplace.search.schemas import CatalogueParameters, Sort

router = APIRouter(prefix="/v1/listings", tags=["catalogue"])


@router.get(
    "",
    response_model=Page[ListingCardRead],
    responses=problems(InvalidCursorError, BadSearchError, InvalidClassificationError),
)
async def catalogue(
    http: Request, reads: HotReads, wanted: Annotated[CatalogueParameters, Query()]
) -> Response:
    """Search published listings. No token needed. No total is counted: follow `next`."""
    if wanted.is_plain:
        after = read_cursor(wanted.cursor, Sort.NEWEST)
        page = await newest_page(reads, after, wanted.limit)
    else:
        index: IndexReader = http.app.state.index
        page = await found_page(reads, index, _query(wanted))
    return Response(page, media_type="application/json")


def _query(wanted: CatalogueParameters) -> CatalogueQuery:
    # Without words there is nothing to rank by, and the best are the newest.
    sort = wanted.order if wanted.has_words else Sort.NEWEST
    return CatalogueQuery(
        text=wanted.q,
        kind=wanted.kind,
        office=wanted.office,
        region=wanted.region,
        classification=parse_ipc(wanted.ipc).symbol if wanted.ipc else None,
        currency=wanted.currency,
        price_minor_min=wanted.price_min,
        price_minor_max=wanted.price_max,
        sort=sort.value,
        after=read_cursor(wanted.cursor, sort),
        limit=wanted.limit,
    )
