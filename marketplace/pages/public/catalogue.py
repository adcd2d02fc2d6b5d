"""What is on offer, for everybody to read: the stored cards, which hold the public teaser only."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson
from fastapi import Request, Response
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.models import OrganisationKind
from marketplace.assets.models import RightKind
from marketplace.deals.auctions.lifecycle import LIVE
from marketplace.deals.auctions.queries import auctions
from marketplace.kernel.driver_pools import Reads
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.pagination import InvalidCursorError
from marketplace.listings.queries import public_detail, seller_kind
from marketplace.pages.public.rendering import (
    AUCTIONS,
    CATALOGUE,
    address,
    language_of,
    page_response,
    query_of,
    raw_query,
    render,
    structured,
)
from marketplace.pages.public.wording import (
    language_name,
    major,
    moment_name,
    place_name,
    price,
)
from marketplace.search.catalogue import found_page, newest_page, read_cursor
from marketplace.search.page import CatalogueQuery
from marketplace.search.reader import IndexReader
from marketplace.search.schemas import CatalogueParameters, Sort

PAGE: Final = 24
ASKED: Final = ("q", "kind", "cursor")
SCHEMA: Final = "https://schema.org/"


async def catalogue(request: Request, session: AsyncSession) -> Response:
    """A page of listings, newest first, or those that match."""
    asked = query_of(raw_query(request))
    language = language_of(asked, request.headers)
    wanted = _wanted(asked)
    try:
        found = await _find(request, wanted)
    except InvalidCursorError:
        wanted = wanted.model_copy(update={"cursor": None})
        found = await _find(request, wanted)
    issuer: str = request.app.state.settings.issuer
    cards = [_shown(card, language) for card in found["items"]]
    kept = {name: str(value) for name, value in wanted if name in ASKED and value}
    following = address(CATALOGUE, **{**kept, "cursor": found["next"], "lang": language})
    page = render(
        "catalogue.html",
        language,
        issuer,
        CATALOGUE,
        kept,
        here="catalogue",
        words=wanted.q or "",
        kind=wanted.kind,
        kinds=[kind.value for kind in RightKind],
        searched=bool(kept),
        cards=cards,
        first=address(CATALOGUE, **{**kept, "cursor": None, "lang": language}),
        is_first=wanted.cursor is None,
        next=following if found["next"] else None,
        structured=_list_data(issuer, cards),
    )
    return page_response(page)


def _wanted(asked: Mapping[str, str]) -> CatalogueParameters:
    """What was asked for; what cannot be asked for is as if it were not."""
    given = {name: asked[name] for name in ASKED if asked.get(name)}
    while given:
        try:
            return CatalogueParameters.model_validate(given)
        except ValidationError as error:
            wrong = {str(one["loc"][0]) for one in error.errors() if one["loc"]} or set(given)
            given = {name: value for name, value in given.items() if name not in wrong}
    return CatalogueParameters()


async def _find(request: Request, wanted: CatalogueParameters) -> dict[str, Any]:
    reads: Reads = request.app.state.reads
    index: IndexReader = request.app.state.index
    if wanted.is_plain:
        page = await newest_page(reads, read_cursor(wanted.cursor, Sort.NEWEST), PAGE)
    else:
        sort = Sort.BEST if wanted.has_words else Sort.NEWEST
        query = CatalogueQuery(
            text=wanted.q,
            kind=wanted.kind,
            sort=sort.value,
            after=read_cursor(wanted.cursor, sort),
            limit=PAGE,
        )
        page = await found_page(reads, index, query)
    found: dict[str, Any] = orjson.loads(page)
    return found


def _shown(card: Mapping[str, Any], language: str) -> dict[str, Any]:
    return {
        **card,
        "href": address(f"{CATALOGUE}/{card['id']}", lang=language),
        "price": price(card["asking_price"], language),
        "place": place_name(card["region"], language),
    }


async def listing(request: Request, session: AsyncSession) -> Response:
    """The public page of one listing."""
    asked = query_of(raw_query(request))
    language = language_of(asked, request.headers)
    issuer: str = request.app.state.settings.issuer
    try:
        listing_id = UUID(str(request.path_params["listing_id"]))
        one = orjson.loads(await public_detail(request.app.state.reads, listing_id))
        kind = await seller_kind(request.app.state.reads, listing_id)
    except (ValueError, NotFoundError):
        about = {"missing": "listing.missing", "back": CATALOGUE, "back_text": "listing.back"}
        page = render("missing.html", language, issuer, CATALOGUE, {}, here="catalogue", **about)
        return page_response(page, 404)
    # A private person is not named: search engines keep what pages say.
    seller = None if kind == OrganisationKind.PERSON else one["seller"]
    page = render(
        "listing.html",
        language,
        issuer,
        f"{CATALOGUE}/{request.path_params['listing_id']}",
        {},
        here="catalogue",
        one=one,
        seller=seller,
        auction=await _auction(session, listing_id, language),
        **_facts(one, request.app.state.settings.reporting_time_zone, language),
        structured=_listing_data(issuer, one, seller),
    )
    return page_response(page)


async def _auction(session: AsyncSession, listing_id: UUID, language: str) -> str | None:
    """Where a listing's auction is shown, while there is one."""
    found, _ = await auctions(session, listing_id=listing_id, state=None, cursor=None, limit=1)
    live = [one for one in found if one.state in LIVE]
    return address(f"{AUCTIONS}/{live[0].id}", lang=language) if live else None


def _facts(one: Mapping[str, Any], zone: str, language: str) -> dict[str, Any]:
    """A listing's facts in the reader's language."""
    published = datetime.fromisoformat(one["published_at"])
    return {
        "price": price(one["asking_price"], language),
        "place": place_name(one["region"], language),
        "office": place_name(one["office"], language) if one["office"] else None,
        "published": moment_name(published, zone, language),
        "tracks": _tracks(one["video"], language),
    }


def _tracks(video: Mapping[str, Any] | None, language: str) -> list[dict[str, Any]]:
    """The subtitles of a video under their languages' own names; the reader's are shown at once."""
    return [
        {"language": tag, "name": language_name(tag), "is_default": tag == language}
        for tag in (video["subtitles"] if video else ())
    ]


def _list_data(issuer: str, cards: list[dict[str, Any]]) -> Any:
    return structured(
        {
            "@type": "ItemList",
            "itemListElement": [
                {
                    "@type": "ListItem",
                    "position": place,
                    "name": card["title"],
                    "url": f"{issuer}{CATALOGUE}/{card['id']}",
                }
                for place, card in enumerate(cards, start=1)
            ],
        }
    )


def _listing_data(issuer: str, one: Mapping[str, Any], seller: str | None) -> Any:
    offered = "LimitedAvailability" if one["state"] == "reserved" else "InStock"
    offer: dict[str, Any] = {
        "@type": "Offer",
        "url": f"{issuer}{CATALOGUE}/{one['id']}",
        "availability": SCHEMA + offered,
        "priceCurrency": one["currency"],
    }
    if seller:
        offer["seller"] = {"@type": "Organization", "name": seller}
    if one["asking_price"]:
        offer["price"] = str(major(**one["asking_price"]))
    return structured(
        {
            "@type": "Product",
            "name": one["title"],
            "description": one["teaser"],
            "category": one["kind"],
            "identifier": [number["display"] for number in one["identifiers"]],
            "offers": offer,
        }
    )
