"""Pools: one licence of several owners' rights, paid to each by their exact share."""

from typing import Any

from tests.deals.test_money_terms import got
from tests.factories.deals import Market, offer, ok, right_body, sign
from tests.factories.licences import (
    file,
    licence_of,
    pass_days,
    pay_royalties,
    release,
    royalty,
    terms,
)
from tests.factories.people import Person, person
from tests.factories.world import World

PRICE_MINOR = 10_000_001


def member(who: Person, right: dict[str, Any], numerator: int, denominator: int) -> dict[str, Any]:
    share = {"numerator": numerator, "denominator": denominator}
    return {
        "organisation_id": str(who.organisation_id),
        "share": share,
        "right_ids": [right["id"]],
    }


async def test_a_pool_licenses_and_pays_its_members_exactly(world: World) -> None:
    market = await Market.open(world)
    other = await person(world.client, world.sessions, name="Second owner")
    rights = [
        await ok(await who.post("/v1/rights", right_body())) for who in (market.seller, other)
    ]
    members = [member(market.seller, rights[0], 1, 3), member(other, rights[1], 2, 3)]
    founded = {"name": "Dryers", "fee_basis_points": 300, "members": members}
    uneven = founded | {"members": [members[0], member(other, rights[1], 1, 3)]}
    for body, code in ((uneven, "invalid_pool"),):
        refused = await market.stranger.post("/v1/pools", body)
        assert (refused.status_code, refused.json()["code"]) == (422, code)
    stolen = founded | {"members": [member(market.seller, rights[1], 1, 3), members[1]]}
    assert (await market.stranger.post("/v1/pools", stolen)).json()["code"] in {
        "not_owner",
        "invalid_pool",
    }
    pool = await ok(await market.stranger.post("/v1/pools", founded))
    path = f"/v1/pools/{pool['id']}"
    wanted = {
        "title": "All dryers",
        "teaser": "one licence",
        "language": "en",
        "currency": "KRW",
        "terms": terms(royalty=royalty()),
    }
    early = await market.stranger.post(f"{path}/offer-licence", wanted)
    assert (early.status_code, early.json()["code"]) == (409, "pool_not_open")
    await ok(await market.seller.post(f"{path}/agree"))
    opened = await ok(await other.post(f"{path}/agree"))
    assert (opened["state"], opened["your_moves"]) == ("open", ["leave"])
    assert (await market.buyer.get(path)).status_code == 404

    listing = await ok(await market.stranger.post(f"{path}/offer-licence", wanted))
    await ok(await market.stranger.post(f"/v1/listings/{listing['id']}/publish"))
    negotiation = await offer(market.buyer, listing["id"], PRICE_MINOR)
    deal = await ok(
        await market.stranger.post(f"/v1/negotiations/{negotiation}/accept", {"offer_number": 1})
    )
    renamed = await market.stranger.post(f"/v1/deals/{deal['id']}/name-payees", {"payees": []})
    assert (renamed.status_code, renamed.json()["code"]) == (409, "pooled_shares")
    await sign((market.stranger, market.buyer), deal["id"])
    await market.pay(deal["id"])
    await release(market, deal["id"])
    paid = [await got(who) for who in (market.seller, other, market.stranger)]
    assert sum(paid) == PRICE_MINOR - 500_000
    net = PRICE_MINOR - 500_000
    for minor, share in zip(paid, (97 * 1 / 300, 97 * 2 / 300, 0.03), strict=True):
        assert abs(minor - net * share) < 1

    licence = await licence_of(market, deal["id"])
    assert sorted(licence["right_ids"]) == sorted(right["id"] for right in rights)
    await pass_days(market, 366)
    await file(market, licence, 1, 200_000_000)
    assert await pay_royalties(market, licence) == 10_000_000
    both = [await got(who) for who in (market.seller, other, market.stranger)]
    assert sum(both) == sum(paid) + 9_500_000
    assert await world.proofs() == []

    left = await ok(await market.seller.post(f"{path}/leave"))
    assert left["state"] == "closed"
    assert (await licence_of(market, deal["id"]))["state"] == "active"
