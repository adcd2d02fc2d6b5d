"""What search engines read: which pages there are, and which are none of their business."""

from typing import Any, Final
from uuid import UUID

from fastapi import Request, Response
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import Headers

from marketplace.kernel.driver_pools import Reads
from marketplace.kernel.fast_lane import Ready
from marketplace.pages.public.rendering import AUCTIONS, CATALOGUE, HOME, as_response

ROBOTS: Final = "/robots.txt"
INDEX: Final = "/sitemap.xml"
PART: Final = "/sitemaps/{first}"
LISTINGS_A_PART: Final = 20_000
"""Far below the 50,000 addresses that a sitemap may have, so that it may grow until re-read."""
FRESH_SECONDS: Final = 3600.0
SPACE: Final = "http://www.sitemaps.org/schemas/sitemap/0.9"
HEADERS: Final = (
    (b"content-type", b"application/xml"),
    (b"cache-control", b"public, max-age=3600"),
)

_FIRSTS: Final = """
    SELECT listing_id FROM (
        SELECT listing_id, row_number() OVER (ORDER BY listing_id) AS place FROM listing_card
    ) numbered
    WHERE place % $1 = 1 ORDER BY listing_id
"""
_PART: Final = """
    SELECT listing_id, published_at FROM listing_card
    WHERE listing_id >= $1 AND listed ORDER BY listing_id LIMIT $2
"""


async def robots(request: Request, session: AsyncSession) -> Response:
    """Everything public may be read; accounts and forms are not worth it."""
    issuer: str = request.app.state.settings.issuer
    lines = (
        "User-agent: *",
        "Disallow: /account",
        "Disallow: /oauth/",
        "Disallow: /login/",
        "Allow: /",
        f"Sitemap: {issuer}{INDEX}",
        "",
    )
    cached = {"cache-control": "public, max-age=3600"}
    return Response("\n".join(lines), headers=cached, media_type="text/plain")


async def index(request: Request, session: AsyncSession) -> Response:
    """The parts of the sitemap, each some thousands of listings; made once an hour."""
    state = request.app.state

    async def make() -> bytes:
        return await _index(state.reads, state.settings.issuer)

    return as_response(await _kept(state, INDEX, make, request.headers))


async def part(request: Request, session: AsyncSession) -> Response:
    """Listings from one on, in the order of their ids."""
    try:
        first = UUID(str(request.path_params["first"]).removesuffix(".xml"))
    except ValueError:
        return Response("There is no such sitemap.", 404, media_type="text/plain")
    reads: Reads = request.app.state.reads
    issuer: str = request.app.state.settings.issuer
    rows = await reads.rows(_PART, first, LISTINGS_A_PART)
    found = "".join(
        f"<url><loc>{issuer}{CATALOGUE}/{row[0]}</loc><lastmod>{row[1]:%Y-%m-%d}</lastmod></url>"
        for row in rows
    )
    headers = {name.decode(): value.decode() for name, value in HEADERS}
    return Response(_document("urlset", found), headers=headers)


async def _kept(state: Any, key: str, make: Any, headers: Headers) -> Ready:
    ready: Ready = await state.pages.get(key, make, headers, HEADERS, fresh_seconds=FRESH_SECONDS)
    return ready


async def _index(reads: Reads, issuer: str) -> bytes:
    rows = await reads.rows(_FIRSTS, LISTINGS_A_PART)
    parts = [f"{issuer}/sitemaps/{row[0]}.xml" for row in rows]
    pages = [f"{issuer}{HOME}", f"{issuer}{CATALOGUE}", f"{issuer}{AUCTIONS}"]
    found = "".join(f"<sitemap><loc>{one}</loc></sitemap>" for one in parts)
    if parts:
        return _document("sitemapindex", found)
    return _document("urlset", "".join(f"<url><loc>{one}</loc></url>" for one in pages))


def _document(kind: str, content: str) -> bytes:
    head = '<?xml version="1.0" encoding="UTF-8"?>'
    return f'{head}\n<{kind} xmlns="{SPACE}">{content}</{kind}>\n'.encode()
