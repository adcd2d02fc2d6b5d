"""Many releases at once: each fee has one invoice, and the numbers have no gap."""

import asyncio

from marketplace.deals.invoicing import CONSUMER
from marketplace.kernel.events import deliver
from marketplace.wiring import CONSUMERS
from tests.factories.deals import Market, ok
from tests.factories.world import World

DEALS = 20


async def test_twenty_releases_at_once_are_numbered_without_a_gap(world: World) -> None:
    market = await Market.open(world)
    deal_ids = [await market.deal("recorded") for _ in range(DEALS)]
    (invoices,) = [one for one in CONSUMERS if one.name == CONSUMER]

    async def consume() -> None:
        for _ in range(DEALS):
            await deliver(world.sessions, invoices, limit=3)
            await asyncio.sleep(0)

    released, *_ = await asyncio.gather(
        asyncio.gather(*(market.buyer.post(f"/v1/deals/{id_}/release") for id_ in deal_ids)),
        *(consume() for _ in range(4)),
    )
    assert [answer.status_code for answer in released] == [200] * DEALS
    await world.work()

    found = (await ok(await market.seller.get("/v1/invoices", limit=100)))["items"]
    assert {one["subject"] for one in found} == {f"deal:{id_}" for id_ in deal_ids}
    numbers = [int(one["number"].rpartition("-")[2]) for one in found]
    assert sorted(numbers) == list(range(1, DEALS + 1))
    assert await world.proofs() == []
