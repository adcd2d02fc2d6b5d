"""Auctions brought to any state through the API itself."""

from datetime import timedelta
from hashlib import sha256
from typing import Any, Final

from tests.factories.deals import Market, credit, list_right, ok
from tests.factories.people import Person

DEPOSIT_MINOR: Final = 8_000_000
STARTING_MINOR: Final = 80_000_000
NONCE: Final = "0123456789abcdef" * 2


def won(minor: int) -> dict[str, Any]:
    return {"price": {"amount_minor": minor, "currency": "KRW"}}


def terms(market: Market, **changed: Any) -> dict[str, Any]:
    """An ascending auction of a day; sealed where that is said."""
    kind = {"step_minor": 1_000_000, "soft_close_minutes": 10}
    if changed.get("kind") == "sealed":
        kind = {"reveal_hours": 24}
    common = {
        "kind": "ascending",
        "currency": "KRW",
        "starting_minor": STARTING_MINOR,
        "deposit_minor": DEPOSIT_MINOR,
        "closes_at": (market.world.clock.now() + timedelta(days=1)).isoformat(),
    }
    return common | kind | changed


async def auctioned(market: Market, **changed: Any) -> dict[str, Any]:
    """An auction of a new listing of the seller's."""
    listing_id = await list_right(market.seller)
    path = f"/v1/listings/{listing_id}/auctions"
    found: dict[str, Any] = await ok(await market.seller.post(path, terms(market, **changed)))
    return found


async def take_part(market: Market, auction: dict[str, Any], *people: Person) -> list[str]:
    """Register people, who pay their deposits; returns the ids that sealed bids are hashed with."""
    path = f"/v1/auctions/{auction['id']}/registration"
    made = [await ok(await who.post(path)) for who in people]
    lines = [
        credit(p["amount"]["amount_minor"], p["reference"])
        for p in (one["deposit_payment"] for one in made)
        if p
    ]
    await (market.bank(*lines) if lines else market.world.work())
    return [str(one["id"]) for one in made]


async def bid(who: Person, auction: dict[str, Any], minor: int) -> Any:
    return await who.post(f"/v1/auctions/{auction['id']}/bids", won(minor))


def seal(auction: dict[str, Any], bidder_id: str, minor: int, nonce: str = NONCE) -> dict[str, str]:
    hashed = f"{auction['id']}:{bidder_id}:{minor}:{nonce}".encode()
    return {"sha256": sha256(hashed).hexdigest()}


async def pass_time(market: Market, **time: float) -> None:
    market.world.clock.offset += timedelta(**time)
    await market.world.work()


async def read(market: Market, auction: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = await ok(await market.stranger.get(f"/v1/auctions/{auction['id']}"))
    return found


async def registration(who: Person, auction: dict[str, Any]) -> dict[str, Any]:
    path = f"/v1/auctions/{auction['id']}/registration"
    found: dict[str, Any] = await ok(await who.get(path))
    return found


async def payable(who: Person) -> int:
    found = (await ok(await who.get("/v1/balances")))["payable"]
    return sum(one["amount_minor"] for one in found)
