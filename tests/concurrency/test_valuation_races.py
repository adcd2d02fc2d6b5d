"""Several runs of the draw, and several answers to it, at once."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

from sqlalchemy import text

from marketplace.valuation.assignments.engine import assign_due
from tests.concurrency.test_deal_races import told
from tests.factories.deals import Market, credit, ok
from tests.factories.people import Person
from tests.factories.valuations import PROFILE, institution
from tests.factories.world import World

_LOADS = text("SELECT institution_id, count(*) FROM valuation_assignment GROUP BY institution_id")
_SEEK = text("UPDATE valuation_order SET seek_at = created_at")


async def place(market: Market) -> dict[str, Any]:
    """An order of the seller's for a right of its own."""
    right = await ok(
        await market.seller.post(
            "/v1/rights", {"kind": "idea", "title": "An idea", "language": "en"}
        )
    )
    today = market.world.clock.now().date()
    body = {
        "right_ids": [right["id"]],
        "purpose": "transaction",
        "client_role": "owner",
        "base_date": str(today),
        "deadline": str(today + timedelta(days=60)),
        "fee": {"amount_minor": 1_000, "currency": "KRW"},
    }
    return dict(await ok(await market.seller.post("/v1/valuation/orders", body)))


async def keep(who: Person, capacity: int) -> None:
    body = PROFILE | {"capacity": capacity}
    await ok(await who.put("/v1/valuation/institution-profile", body))


async def test_runs_at_once_give_nobody_too_much_and_nothing_twice(world: World) -> None:
    market = await Market.open(world)
    valuers = [await institution(world.client, world.sessions, capacity=0) for _ in range(2)]
    orders = [await place(market) for _ in range(3)]
    lines = [credit(1_000, order["payers"][0]["payment"]["reference"]) for order in orders]
    await market.bank(*lines)
    for who in valuers:
        await keep(who, 1)
    async with world.sessions.begin() as session:
        await session.execute(_SEEK)

    await asyncio.gather(*(assign_due(world.sessions) for _ in range(4)))

    async with world.sessions() as session:
        loads = {row[0]: row[1] for row in (await session.execute(_LOADS)).all()}
    assert loads == {who.organisation_id: 1 for who in valuers}
    (case,) = (await ok(await valuers[0].get("/v1/valuation/assignments")))["items"]
    path = f"/v1/valuation/assignments/{case['id']}"
    answers = await asyncio.gather(
        *(valuers[0].post(f"{path}/accept") for _ in range(3)),
        *(valuers[0].post(f"{path}/decline", {"reason": "too much work"}) for _ in range(3)),
    )
    assert Counter(told(answer) for answer in answers) == {
        (200, None): 1,
        (409, "illegal_move"): 5,
    }
    assert await world.proofs() == []
