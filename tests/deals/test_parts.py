"""A price in parts: asked for in time, held, released after the right has passed, never before."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from marketplace.kernel.clocks import run_due
from marketplace.wiring import CLOCKS
from tests.deals.test_money_terms import got, minor
from tests.factories.deals import PRICE_MINOR, Market, credit, ok, sign
from tests.factories.figures import live_table
from tests.factories.parts import (
    PLAN,
    agreed,
    move_part,
    partly_released,
    parts,
    pay_part,
    signed,
    states,
    transferred,
)
from tests.factories.stage import Stage, figures, title_chain
from tests.factories.undone import undone
from tests.factories.world import World

NET = 95_000_000


async def pass_days(world: World, days: float) -> None:
    world.clock.offset += timedelta(days=days)
    await world.work()


async def counted(world: World) -> tuple[int, int]:
    total = (await live_table(world))["total"]
    return total["deals"], total["amount_minor"]


async def test_three_parts_from_plan_to_settlement(world: World) -> None:
    market = await Market.open(world)
    deal_id = await signed(market, PLAN)
    path = f"/v1/deals/{deal_id}"
    assert await states(market, deal_id) == ["requested", "scheduled", "awaiting_milestone"]
    assert (await ok(await market.buyer.get(path)))["payment"] is None
    first = (await parts(market, deal_id))[0]
    assert first["payment"]["amount"]["amount_minor"] == 60_000_000

    await pay_part(market, deal_id, 1)
    assert await market.state(deal_id) == "funded"
    await transferred(market, deal_id)
    assert await got(market.seller) == 0
    released = await ok(await market.buyer.post(f"{path}/release"))
    assert released["state"] == "partly_released"
    assert await got(market.seller) == 57_000_000
    assert await counted(world) == (0, 60_000_000)
    assert await world.proofs() == []

    await pass_days(world, 91)
    assert await states(market, deal_id) == ["released", "requested", "awaiting_milestone"]
    await pay_part(market, deal_id, 2)
    assert await states(market, deal_id) == ["released", "cleared", "awaiting_milestone"]
    await pass_days(world, 2.9)
    assert await got(market.seller) == 57_000_000
    await pass_days(world, 0.2)
    assert await got(market.seller) == 85_500_000

    await move_part(market, "buyer", deal_id, 3, "confirm-milestone")
    await pay_part(market, deal_id, 3)
    last = await move_part(market, "buyer", deal_id, 3, "release")

    assert (last["state"], last["your_moves"]) == ("released", [])
    deal = await ok(await market.buyer.get(path))
    assert (deal["state"], minor(deal, "released", "commission", "held")) == (
        "settled",
        [PRICE_MINOR, PRICE_MINOR - NET, 0],
    )
    assert await got(market.seller) == NET
    assert await counted(world) == (1, PRICE_MINOR)
    ledger = await ok(await market.seller.get(f"{path}/ledger"))
    assert [p["kind"] for p in ledger if p["source"].startswith("world")] == ["fund"] * 3
    history = [fact["type"] for fact in await ok(await market.seller.get(f"{path}/history"))]
    assert history.count("deal_part.release") == 3
    assert history[-1] == "deal.settle"
    assert await world.proofs() == []


async def test_the_transfer_waits_for_every_part_that_is_due_before_it(world: World) -> None:
    market = await Market.open(world)
    plan = [
        {"amount_minor": 40_000_000, "after_days": 0},
        {"amount_minor": 60_000_000, "milestone": "due diligence is passed"},
    ]
    deal_id = await signed(market, plan)
    await pay_part(market, deal_id, 1)
    assert await market.state(deal_id) == "signed"
    refused = await market.seller.post(f"/v1/deals/{deal_id}/file-transfer")
    assert (refused.status_code, refused.json()["code"]) == (409, "illegal_move")
    assert refused.json()["detail"].endswith("are not: 2 (awaiting_milestone)")

    await move_part(market, "operator", deal_id, 2, "confirm-milestone")
    await pay_part(market, deal_id, 2)

    assert await market.state(deal_id) == "funded"
    await transferred(market, deal_id)
    deal = await ok(await market.buyer.post(f"/v1/deals/{deal_id}/release"))
    assert (deal["state"], await got(market.seller)) == ("settled", NET)
    assert await counted(world) == (1, PRICE_MINOR)
    assert await world.proofs() == []


@pytest.mark.parametrize(
    "plan",
    [
        [{"amount_minor": PRICE_MINOR - 1, "after_days": 0}],
        [{"amount_minor": PRICE_MINOR, "after_days": 0, "before_transfer": False}],
        [{"amount_minor": PRICE_MINOR, "after_days": 0}, {"amount_minor": 1, "milestone": "more"}],
        [{"amount_minor": PRICE_MINOR, "after_days": 0, "milestone": "both"}],
        [{"amount_minor": PRICE_MINOR}],
        [{"amount_minor": 0, "after_days": 0}],
        [{"amount_minor": PRICE_MINOR, "after_days": 3_651}],
    ],
)
async def test_a_plan_that_is_none(stage: Stage, plan: list[dict[str, Any]]) -> None:
    market, deal_id = stage.market, stage.deals["agreed"]
    async with undone(stage.world) as connection:
        before = await figures(connection, deal_id)

        refused = await market.seller.post(f"/v1/deals/{deal_id}/plan-parts", {"parts": plan})

        code = refused.json()["code"]
        assert (refused.status_code, code in {"invalid_parts", "validation_failed"}) == (422, True)
        assert await figures(connection, deal_id) == before


async def test_a_plan_is_in_the_text_and_can_be_dropped(world: World) -> None:
    market = await Market.open(world)
    deal_id = await agreed(market)
    path = f"/v1/deals/{deal_id}"
    await sign((market.seller,), deal_id)
    planned = await ok(await market.buyer.post(f"{path}/plan-parts", {"parts": PLAN}))
    assert planned["signatures"] == []
    assert "2. 30000000 KRW" in planned["content"]
    assert "two engineers are trained" in planned["content"]
    assert len(await parts(market, deal_id)) == 3

    await ok(await market.seller.post(f"{path}/plan-parts", {"parts": []}))

    assert await parts(market, deal_id) == []
    await sign((market.seller, market.buyer), deal_id)
    assert (await market.payment(deal_id))["amount"]["amount_minor"] == PRICE_MINOR


async def test_a_part_that_is_not_paid_lapses_and_is_asked_for_again(world: World) -> None:
    market = await Market.open(world)
    deal_id = await partly_released(market)
    await move_part(market, "buyer", deal_id, 2, "request")
    second = (await parts(market, deal_id))[1]
    await market.bank(credit(5_000_000, second["payment"]["reference"]))
    (entry,) = (await ok(await market.operator.get("/v1/bank-entries")))["items"]
    applied = {"reference": second["payment"]["reference"]}
    await ok(await market.operator.post(f"/v1/bank-entries/{entry['id']}/apply", applied))

    await pass_days(world, 31)

    assert (await states(market, deal_id))[1] == "unpaid"
    assert await got(market.buyer) == 5_000_000
    assert await world.proofs() == []
    await move_part(market, "seller", deal_id, 2, "request")
    await pay_part(market, deal_id, 2)
    await move_part(market, "buyer", deal_id, 2, "release")
    await move_part(market, "seller", deal_id, 3, "forgo")
    deal = await ok(await market.buyer.get(f"/v1/deals/{deal_id}"))
    assert (deal["state"], minor(deal, "released", "refunded")) == ("settled", [90_000_000, 0])
    assert await counted(world) == (1, 90_000_000)
    assert await world.proofs() == []


@pytest.mark.parametrize("by", ["buyer", "clock"])
async def test_an_unfunded_deal_ends_and_its_paid_parts_go_back(world: World, by: str) -> None:
    market = await Market.open(world)
    plan = [{"amount_minor": PRICE_MINOR // 2, "after_days": days} for days in (0, 20)]
    deal_id = await signed(market, plan)
    await pay_part(market, deal_id, 1)

    if by == "buyer":
        await ok(await market.buyer.post(f"/v1/deals/{deal_id}/cancel"))
    else:
        await pass_days(world, 49.9)
        assert await market.state(deal_id) == "signed"
        await pass_days(world, 0.2)

    assert await market.state(deal_id) == "cancelled"
    assert await states(market, deal_id) == ["refunded", "cancelled"]
    assert await got(market.buyer) == PRICE_MINOR // 2
    assert await counted(world) == (0, 0)
    assert await world.proofs() == []


async def test_a_funded_deal_is_refunded_with_parts_unpaid(world: World) -> None:
    market = await Market.open(world)
    deal_id = await signed(market, PLAN)
    await pay_part(market, deal_id, 1)

    await ok(await market.seller.post(f"/v1/deals/{deal_id}/refund"))

    assert await market.state(deal_id) == "refunded"
    assert await states(market, deal_id) == ["refunded", "cancelled", "cancelled"]
    assert await got(market.buyer) == 60_000_000
    assert await world.proofs() == []


ENDINGS = [
    ("resolve-release", None, "partly_released", 85_500_000, 0, ["released"] * 2, (0, 90)),
    ("resolve-refund", None, "reversed", 0, 90_000_000, ["released", "refunded"], (0, 0)),
    (
        "resolve-split",
        {"to_seller_minor": 10_000_000},
        "settled",
        66_500_000,
        20_000_000,
        ["released"] * 2,
        (1, 70),
    ),
]


@pytest.mark.parametrize(("move", "body", "state", "seller", "buyer", "told", "count"), ENDINGS)
async def test_a_dispute_over_a_later_part(
    world: World,
    move: str,
    body: Any,
    state: str,
    seller: int,
    buyer: int,
    told: list[str],
    count: tuple[int, int],
) -> None:
    """The second part is held when the buyer disputes: the clock must not release it."""
    market = await Market.open(world)
    deal_id = await partly_released(market)
    await move_part(market, "buyer", deal_id, 2, "request")
    await pay_part(market, deal_id, 2)
    path = f"/v1/deals/{deal_id}"
    await ok(await market.buyer.post(f"{path}/dispute", {"reason": "no training"}))
    await pass_days(world, 10)
    assert (await states(market, deal_id))[1] == "held"
    for alone in ("release", "refund", "forgo"):
        refused = await market.operator.post(f"{path}/parts/2/{alone}")
        assert refused.json()["code"] in {"part_not_due", "illegal_move"}

    await ok(await market.operator.post(f"{path}/{move}", body))

    assert await market.state(deal_id) == state
    assert (await got(market.seller), await got(market.buyer)) == (seller, buyer)
    assert (await states(market, deal_id))[:2] == told
    assert await counted(world) == (count[0], count[1] * 1_000_000)
    assert await world.proofs() == []
    async with world.engine.connect() as connection:
        deal = await ok(await market.operator.get(path))
        owner = (await title_chain(connection, deal["right_id"]))[-1].organisation_id
    assert (owner == market.seller.organisation_id) is (state == "reversed")


async def test_a_deal_in_parts_is_undone(world: World) -> None:
    market = await Market.open(world)
    deal_id = await partly_released(market)

    await ok(await market.operator.post(f"/v1/deals/{deal_id}/reverse"))

    assert await market.state(deal_id) == "reversed"
    assert (await got(market.seller), await got(market.buyer)) == (0, 60_000_000)
    assert await counted(world) == (0, 0)
    assert await states(market, deal_id) == ["released", "cancelled", "cancelled"]
    assert await world.proofs() == []


async def test_a_single_part_is_given_back(world: World) -> None:
    market = await Market.open(world)
    deal_id = await partly_released(market)
    await move_part(market, "buyer", deal_id, 2, "request")
    await pay_part(market, deal_id, 2)

    await move_part(market, "seller", deal_id, 2, "refund")
    await move_part(market, "operator", deal_id, 3, "forgo")

    deal = await ok(await market.buyer.get(f"/v1/deals/{deal_id}"))
    assert (deal["state"], minor(deal, "released", "refunded")) == (
        "settled",
        [60_000_000, 30_000_000],
    )
    assert await got(market.buyer) == 30_000_000
    assert await world.proofs() == []


@pytest.mark.parametrize(
    ("who", "number", "move", "status", "code"),
    [
        ("seller", 2, "confirm-milestone", 409, "illegal_move"),
        ("seller", 3, "confirm-milestone", 403, "not_your_move"),
        ("seller", 2, "request", 403, "not_your_move"),
        ("buyer", 2, "release", 409, "illegal_move"),
        ("buyer", 2, "forgo", 403, "not_your_move"),
        ("stranger", 2, "forgo", 404, "not_found"),
        ("seller", 4, "forgo", 404, "not_found"),
        ("seller", 0, "forgo", 422, "validation_failed"),
    ],
)
async def test_a_move_of_a_part_that_is_refused(
    stage: Stage, who: str, number: int, move: str, status: int, code: str
) -> None:
    market, deal_id = stage.market, stage.deals["partly_released"]
    async with undone(stage.world) as connection:
        before = await figures(connection, deal_id)

        path = f"/v1/deals/{deal_id}/parts/{number}/{move}"
        refused = await getattr(market, who).post(path)

        assert (refused.status_code, refused.json()["code"]) == (status, code)
        assert await figures(connection, deal_id) == before


async def test_the_clock_leaves_a_part_whose_deal_is_held(world: World) -> None:
    """It holds the part and must not wait for the deal: who holds the deal may want the part."""
    market = await Market.open(world)
    deal_id = await partly_released(market)
    world.clock.offset += timedelta(days=91)
    (clock,) = [one for one in CLOCKS if one.model.__name__ == "DealPart"]
    async with world.engine.connect() as other:
        query = text("SELECT 1 FROM deal WHERE id = CAST(:id AS uuid) FOR UPDATE")
        await other.execute(query, {"id": deal_id})
        with pytest.raises(Exception, match="could not obtain lock"):
            await run_due(world.sessions, clock)
        await other.rollback()

    await world.work()

    assert (await states(market, deal_id))[1] == "requested"
