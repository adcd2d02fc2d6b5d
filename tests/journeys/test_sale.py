"""The main job, from a listing to a settled deal and the cumulative table."""

from tests.factories.deals import Market, ok
from tests.factories.figures import live_table
from tests.factories.world import World


async def test_a_patent_is_sold_and_counted(world: World) -> None:
    market = await Market.open(world)

    deal_id = await market.deal("settled")

    deal = await ok(await market.seller.get(f"/v1/deals/{deal_id}"))
    assert deal["released"] == {"amount_minor": 100_000_000, "currency": "KRW"}
    assert deal["commission"] == {"amount_minor": 5_000_000, "currency": "KRW"}
    assert deal["held"] == {"amount_minor": 0, "currency": "KRW"}
    balances = await ok(await market.seller.get("/v1/balances"))
    assert balances == {"payable": [{"amount_minor": 95_000_000, "currency": "KRW"}]}
    table = await live_table(world, unit="10000KRW")
    told = {name: table["total"][name] for name in ("deals", "amount", "amount_minor")}
    assert told == {"deals": 1, "amount": 10_000, "amount_minor": 100_000_000}
    assert await world.proofs() == []
