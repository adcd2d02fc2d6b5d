"""What the rest of the market does when a right is burdened."""

from tests.assets.encumbrances.test_encumbrances import entry, record
from tests.factories.deals import Market, list_right, ok
from tests.factories.world import World


async def test_the_listing_of_a_right_that_is_attached_is_hidden(world: World) -> None:
    market = await Market.open(world)
    listing_id = await list_right(market.seller)
    mine = await ok(await market.seller.get("/v1/listings/mine"))
    right_id = mine["items"][0]["right_id"]
    await ok(await record(market, right_id, entry()))
    await world.work()
    mine = await ok(await market.seller.get("/v1/listings/mine"))
    assert [one["state"] for one in mine["items"]] == ["suspended"]
    assert (await world.client.get(f"/v1/listings/{listing_id}")).status_code == 404


async def test_a_deal_that_ends_leaves_an_attached_right_off_the_market(world: World) -> None:
    market = await Market.open(world)
    deal_id = await market.deal("agreed")
    right_id = (await ok(await market.buyer.get(f"/v1/deals/{deal_id}")))["right_id"]
    await ok(await record(market, right_id, entry()))
    await ok(await market.seller.post(f"/v1/deals/{deal_id}/cancel"))
    await world.work()
    mine = await ok(await market.seller.get("/v1/listings/mine"))
    assert [one["state"] for one in mine["items"]] == ["suspended"]
