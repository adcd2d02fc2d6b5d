"""Several rights in one deal: priced exactly, and passed together or not at all."""

import asyncio
from typing import Any

from sqlalchemy import text

from tests.factories.deals import Market, idea_body, offer, ok, right_body, sign
from tests.factories.world import World

PRICE_MINOR = 100_000_000


async def rights(market: Market) -> list[dict[str, Any]]:
    """A patent, an idea with its text, and another patent."""
    found = [
        await ok(await market.seller.post("/v1/rights", body))
        for body in (right_body(), idea_body(), right_body())
    ]
    content = {"content": "the secret of the shelf"}
    await ok(await market.seller.put(f"/v1/rights/{found[1]['id']}/confidential-text", content))
    return found


async def listed(market: Market, *items: dict[str, Any]) -> str:
    body = {
        "right_id": items[0]["right_id"],
        "title": "A bundle",
        "teaser": "several rights",
        "language": "en",
        "asking_price_minor": PRICE_MINOR,
        "currency": "KRW",
        "items": list(items),
    }
    listing = await ok(await market.seller.post("/v1/listings", body))
    await ok(await market.seller.post(f"/v1/listings/{listing['id']}/publish"))
    return str(listing["id"])


def item(right: dict[str, Any], weight: int) -> dict[str, Any]:
    return {"right_id": right["id"], "weight": weight}


async def owners(market: Market, *found: dict[str, Any]) -> list[str]:
    return [
        (await ok(await market.operator.get(f"/v1/rights/{right['id']}")))["owner_organisation_id"]
        for right in found
    ]


async def accept(market: Market, listing_id: str, buyer: Any) -> Any:
    negotiation = await offer(buyer, listing_id)
    return await market.seller.post(f"/v1/negotiations/{negotiation}/accept", {"offer_number": 1})


async def test_a_bundle_is_sold_whole_with_an_exact_part_for_each_right(world: World) -> None:
    market = await Market.open(world)
    found = await rights(market)
    listing_id = await listed(market, *(item(right, 1) for right in found))
    page = await ok(await world.client.get(f"/v1/listings/{listing_id}"))
    assert [one["position"] for one in page["items"]] == [1, 2, 3]
    deal = await ok(await accept(market, listing_id, market.buyer))
    path = f"/v1/deals/{deal['id']}"
    parts = await ok(await market.buyer.get(f"{path}/items"))
    assert [part["amount"]["amount_minor"] for part in parts] == [
        33_333_334,
        33_333_333,
        33_333_333,
    ]
    content = (await ok(await market.buyer.get(f"{path}/agreement")))["content"]
    assert all(f"{number}. " in content for number in (1, 2, 3))
    await sign((market.seller, market.buyer), deal["id"])
    await market.pay(deal["id"])
    await ok(await market.seller.post(f"{path}/file-transfer"))
    secret = f"/v1/rights/{found[1]['id']}/confidential-text"
    assert (await ok(await market.buyer.get(secret)))["content"] == "the secret of the shelf"
    await ok(await market.operator.post(f"{path}/record", {"evidence": "register extract"}))
    assert await owners(market, *found) == [str(market.buyer.organisation_id)] * 3
    await ok(await market.buyer.post(f"{path}/release"))
    await ok(await market.operator.post(f"{path}/reverse"))
    assert await owners(market, *found) == [str(market.seller.organisation_id)] * 3
    assert await world.proofs() == []


async def test_of_two_bundles_with_a_right_in_common_one_is_sold(world: World) -> None:
    market = await Market.open(world)
    found = await rights(market)
    first = await listed(market, item(found[0], 1), item(found[2], 2))
    second = await listed(market, item(found[1], 1), item(found[2], 1))
    bids = [await offer(market.buyer, first), await offer(market.stranger, second)]
    answers = await asyncio.gather(
        *(market.seller.post(f"/v1/negotiations/{bid}/accept", {"offer_number": 1}) for bid in bids)
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    lost = next(answer for answer in answers if answer.status_code == 409)
    assert lost.json()["code"] == "right_reserved"
    query = text("SELECT count(*) FROM right_reservation WHERE reserved_until IS NULL")
    async with world.sessions() as session:
        assert (await session.execute(query)).scalar_one() == 2
        deals = text("SELECT count(*) FROM deal")
        assert (await session.execute(deals)).scalar_one() == 1


async def test_a_bundle_of_one_right_or_of_anothers_is_refused(world: World) -> None:
    market = await Market.open(world)
    found = await rights(market)
    foreign = await ok(await market.buyer.post("/v1/rights", right_body()))
    body = {
        "right_id": found[0]["id"],
        "title": "A bundle",
        "teaser": "x",
        "language": "en",
        "currency": "KRW",
    }
    for items, status in (
        ([item(found[0], 1)], 422),
        ([item(found[0], 1), item(found[0], 1)], 422),
        ([item(found[2], 1), item(found[0], 1)], 422),
        ([item(found[0], 1), item(foreign, 1)], 404),
    ):
        assert (await market.seller.post("/v1/listings", body | {"items": items})).status_code == (
            status
        )
