"""Two decisions about the same money at once: exactly one of them happens."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest

from marketplace.kernel.clocks import run_due
from marketplace.wiring import CLOCKS
from tests.concurrency.test_deal_races import told
from tests.factories.deals import Market, credit, ok, statement
from tests.factories.parts import move_part, partly_released, parts, pay_part, signed, states
from tests.factories.world import World

ROUNDS = 3


async def cleared(market: Market) -> str:
    """A deal whose second part was paid after the right had passed."""
    deal_id = await partly_released(market)
    await move_part(market, "buyer", deal_id, 2, "request")
    await pay_part(market, deal_id, 2)
    return deal_id


async def test_a_part_is_released_or_refunded(world: World) -> None:
    market = await Market.open(world)
    deal_id = await cleared(market)
    path = f"/v1/deals/{deal_id}/parts/2"
    moves = ((market.buyer, "release"), (market.seller, "refund"), (market.operator, "release"))

    answers = await asyncio.gather(*(who.post(f"{path}/{move}") for who, move in moves * 4))

    assert Counter(told(answer) for answer in answers) == {
        (200, None): 1,
        (409, "illegal_move"): 11,
    }
    (won,) = [answer.json() for answer in answers if answer.status_code == 200]
    gone = won["released"]["amount_minor"] + won["refunded"]["amount_minor"]
    assert gone == won["amount"]["amount_minor"] == 30_000_000
    assert await world.proofs() == []


async def test_the_clock_and_people_move_a_part_once(world: World) -> None:
    """Whoever is late is refused, or tries again; nobody waits in a circle."""
    market = await Market.open(world)
    (clock,) = [one for one in CLOCKS if one.model.__name__ == "DealPart"]
    for _ in range(ROUNDS):
        deal_id = await cleared(market)
        world.clock.offset += timedelta(days=4)
        path = f"/v1/deals/{deal_id}"

        answers = await asyncio.gather(
            run_due(world.sessions, clock),
            market.seller.post(f"{path}/parts/2/refund"),
            market.buyer.post(f"{path}/dispute", {"reason": "not trained"}),
            market.operator.post(f"{path}/reverse"),
            return_exceptions=True,
        )

        codes = {told(a) for a in answers if hasattr(a, "status_code")}
        assert codes <= {(200, None), (409, "illegal_move"), (409, "part_not_due")}
        await world.work()
        assert (await states(market, deal_id))[1] in {"held", "released", "refunded"}
        assert await world.proofs() == []


async def test_refunds_of_a_release_never_exceed_it(world: World) -> None:
    market = await Market.open(world)
    deal_id = await market.deal("settled")
    path, part = f"/v1/deals/{deal_id}/refund-released", {"amount_minor": 30_000_000}

    answers = await asyncio.gather(*(market.operator.post(path, part) for _ in range(8)))

    assert Counter(told(answer) for answer in answers) == {
        (200, None): 3,
        (422, "refund_too_large"): 5,
    }
    assert await world.proofs() == []


@pytest.mark.parametrize("end", ["refund", "cancel"])
async def test_a_part_that_arrives_while_the_deal_ends_is_not_lost(world: World, end: str) -> None:
    """A funded deal is refunded, or a signed one cancelled, as its second part comes in."""
    market = await Market.open(world)
    for _ in range(ROUNDS):
        plan = [
            {"amount_minor": 50_000_000, "after_days": 0},
            {"amount_minor": 50_000_000, "after_days": 0, "before_transfer": end == "cancel"},
        ]
        deal_id = await signed(market, plan)
        await pay_part(market, deal_id, 1)
        payment = (await parts(market, deal_id))[1]["payment"]
        line = credit(50_000_000, payment["reference"])
        await ok(await market.operator.upload("/v1/bank-statements", statement(line)))

        ended, _ = await asyncio.gather(
            market.seller.post(f"/v1/deals/{deal_id}/{end}"), world._work_once()
        )
        await world.work()

        refusals = {(409, "payment_request_not_open"), (409, "illegal_move")}
        assert told(ended) in {(200, None)} | refusals
        assert await world.proofs() == []
