"""What is auctioned, for everybody to watch: nothing but what the API tells everybody."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import orjson
from fastapi import Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.deals.auctions import queries
from marketplace.deals.auctions.lifecycle import AuctionState
from marketplace.deals.auctions.models import AuctionKind
from marketplace.deals.auctions.schemas import AuctionRead, BidRead
from marketplace.kernel.driver_pools import Reads
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.pagination import InvalidCursorError
from marketplace.pages.public.rendering import (
    AUCTIONS,
    CATALOGUE,
    Query,
    address,
    choices,
    language_of,
    page_response,
    query_of,
    raw_query,
    render,
)
from marketplace.pages.public.texts import TEXTS
from marketplace.pages.public.wording import grouped, moment_name, money, place_name, price

PAGE: Final = 24
BIDS_SHOWN: Final = 20
STATES: Final = tuple(
    state.value
    for state in (
        AuctionState.OPEN,
        AuctionState.SCHEDULED,
        AuctionState.CLOSED,
        AuctionState.SOLD,
        AuctionState.UNSOLD,
    )
)
_CARDS: Final = "SELECT listing_id, detail FROM listing_card WHERE listing_id = ANY ($1)"


async def auctions(request: Request, session: AsyncSession) -> Response:
    """Auctions of one state, those that are open unless another is asked for; newest first."""
    asked = query_of(raw_query(request))
    state, settings = request.app.state, request.app.state.settings
    language, zone = language_of(asked, request.headers), settings.reporting_time_zone
    wanted = asked["state"] if asked.get("state") in STATES else AuctionState.OPEN.value
    found, following = await _page(session, wanted, asked)
    cards = await _cards(state.reads, found)
    kept = {"state": wanted, "lang": language}
    states = [(one, TEXTS[language][f"auction.state.{one}"]) for one in STATES]
    page = render(
        "auctions.html",
        language,
        settings.issuer,
        AUCTIONS,
        {"state": wanted} if asked.get("state") else {},
        here="auctions",
        zone=zone,
        states=choices(AUCTIONS, kept, "state", states, wanted),
        auctions=[_shown(one, cards, zone, language) for one in found],
        next=address(AUCTIONS, **kept, cursor=following) if following else None,
    )
    return page_response(page)


async def _page(
    session: AsyncSession, wanted: str, asked: Query
) -> tuple[list[AuctionRead], str | None]:
    """The page that a cursor leads to; one that leads nowhere is as if it were not there."""
    state, cursor = AuctionState(wanted), asked.get("cursor")
    try:
        found, following = await queries.auctions(
            session, listing_id=None, state=state, cursor=cursor, limit=PAGE
        )
    except InvalidCursorError:
        found, following = await queries.auctions(
            session, listing_id=None, state=state, cursor=None, limit=PAGE
        )
    return await queries.read_all(session, found), following


async def auction(request: Request, session: AsyncSession) -> Response:
    """One auction: what is sold, until when, and how it stands."""
    asked = query_of(raw_query(request))
    settings, wanted = request.app.state.settings, str(request.path_params["auction_id"])
    language, zone = language_of(asked, request.headers), settings.reporting_time_zone
    try:
        found = await queries.get_auction(session, UUID(wanted))
    except (ValueError, NotFoundError):
        about = {"missing": "auction.missing", "back": AUCTIONS, "back_text": "auction.back"}
        page = render(
            "missing.html", language, settings.issuer, AUCTIONS, {}, here="auctions", **about
        )
        return page_response(page, 404)
    one = (await queries.read_all(session, [found]))[0]
    cards = await _cards(request.app.state.reads, [one])
    bids: Sequence[BidRead] = ()
    if one.kind is AuctionKind.ASCENDING:
        bids, _ = await queries.bids_of(session, found, cursor=None, limit=BIDS_SHOWN)
    page = render(
        "auction.html",
        language,
        settings.issuer,
        f"{AUCTIONS}/{one.id}",
        {},
        here="auctions",
        zone=zone,
        one=_shown(one, cards, zone, language),
        bids=[_bid(bid, zone, language) for bid in bids],
        listing=address(f"{CATALOGUE}/{one.listing_id}", lang=language) if cards else None,
    )
    return page_response(page)


async def _cards(reads: Reads, found: Sequence[AuctionRead]) -> dict[str, Mapping[str, Any]]:
    """The public faces of what is auctioned; collateral has none, nor has what was withdrawn."""
    ids = [one.listing_id for one in found if one.listing_id]
    rows = await reads.rows(_CARDS, ids) if ids else []
    return {str(row["listing_id"]): orjson.loads(row["detail"]) for row in rows}


def _shown(
    one: AuctionRead, cards: Mapping[str, Mapping[str, Any]], zone: str, language: str
) -> dict[str, Any]:
    """What everybody may know: of a sealed auction neither the bids nor their number."""
    is_sealed = one.kind is AuctionKind.SEALED
    amounts = ("starting", "highest", "least", "deposit", "price")
    told = {name: getattr(one, f"{name}_minor") for name in amounts}
    card = cards.get(str(one.listing_id))
    return {
        **{name: money(m, one.currency, language) if m else None for name, m in told.items()},
        "href": address(f"{AUCTIONS}/{one.id}", lang=language),
        "state": one.state.value,
        "kind": one.kind.value,
        "is_sealed": is_sealed,
        "bids": None if is_sealed else grouped(one.bids),
        "opens": moment_name(one.opens_at, zone, language),
        "opens_at": one.opens_at.isoformat(),
        "closes": moment_name(one.closes_at, zone, language),
        "closes_at": one.closes_at.isoformat(),
        "card": card,
        "place": place_name(card["region"], language) if card else None,
    }


def _bid(bid: BidRead, zone: str, language: str) -> dict[str, str | None]:
    return {
        "number": grouped(bid.number),
        "bidder": grouped(bid.bidder),
        "amount": price(bid.amount.model_dump() if bid.amount else None, language),
        "made": moment_name(bid.made_at, zone, language),
    }
