"""After the release: refunds in parts, repeated, after payouts; everything in proportion."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.kernel.money import split
from tests.deals.test_money_terms import (
    BUSINESS,
    INDIVIDUAL,
    TAXED,
    got,
    minor,
    owed,
    recorded,
)
from tests.factories.bank import bank_account
from tests.factories.deals import Market, ok
from tests.factories.figures import live_table
from tests.factories.parts import agreed, partly_released, payee
from tests.factories.stage import Stage, figures
from tests.factories.steady import steady
from tests.factories.world import World

PRICE = 9_999_991


async def taxed_and_shared(market: Market) -> str:
    """A settled deal with VAT, commission VAT, a broker, and an individual as co-owner."""
    owner = (await Market.open(market.world)).seller
    await ok(await market.seller.put("/v1/tax-profile", BUSINESS))
    await ok(await owner.put("/v1/tax-profile", INDIVIDUAL))
    await ok(await market.operator.post("/v1/fee-policies", TAXED))
    deal_id = await agreed(market, PRICE)
    named = [
        payee(market.seller, "seller", 1, 2),
        payee(owner, "co_owner", 1, 3),
        payee(market.stranger, "broker", 1, 6),
    ]
    await ok(await market.seller.post(f"/v1/deals/{deal_id}/name-payees", {"payees": named}))
    await recorded(market, deal_id)
    await ok(await market.buyer.post(f"/v1/deals/{deal_id}/release"))
    return deal_id


async def test_repeated_refunds_are_one_refund(world: World) -> None:
    market = await Market.open(world)
    deal_id = await taxed_and_shared(market)
    path = f"/v1/deals/{deal_id}/refund-released"
    taken = {name: await owed(world, name) for name in ("commission:", "tax:vat", "tax:with")}
    assert taken == {"commission:": 500_000, "tax:vat": 50_000, "tax:with": 293_332}

    third = await ok(await market.operator.post(path, {"amount_minor": PRICE // 3}))
    assert (third["state"], minor(third, "returned")) == ("settled", [PRICE // 3])
    vat = round(999_999 / 3)
    assert await got(market.buyer) == PRICE // 3 + vat
    for name, minor_taken in taken.items():
        assert abs(await owed(world, name) - minor_taken * 2 / 3) < 2
    assert await world.proofs() == []

    dice = Random(7)  # noqa: S311 - a walk to repeat
    left = PRICE - PRICE // 3
    while left:
        part = min(left, dice.randrange(1, 2_000_000))
        await ok(await market.operator.post(path, {"amount_minor": part}))
        left -= part

    assert await got(market.buyer) == PRICE + 999_999
    assert [await owed(world, name) for name in taken] == [0, 0, 0]
    assert await owed(world, "payable:") == PRICE + 999_999
    table = await live_table(world)
    assert (table["total"]["deals"], table["total"]["amount_minor"]) == (1, 0)
    assert await world.proofs() == []


async def test_a_refund_is_of_what_was_released(world: World) -> None:
    market = await Market.open(world)
    deal_id = await taxed_and_shared(market)
    path = f"/v1/deals/{deal_id}/refund-released"
    await ok(await market.operator.post(path, {"amount_minor": 1}))
    async with world.engine.connect() as connection:
        before = await figures(connection, deal_id)

        refused = await market.operator.post(path, {"amount_minor": PRICE})

        assert (refused.status_code, refused.json()["code"]) == (422, "refund_too_large")
        assert await figures(connection, deal_id) == before
    await ok(await market.operator.post(f"/v1/deals/{deal_id}/reverse"))
    assert await owed(world, "payable:") == await got(market.buyer) == PRICE + 999_999
    assert await world.proofs() == []


async def test_who_was_paid_out_owes_and_the_next_payable_is_set_off(world: World) -> None:
    market = await Market.open(world)
    deal_id = await market.deal("settled")
    await ok(await market.seller.put("/v1/payee-account", bank_account()))
    await ok(await market.operator.post("/v1/payout-batches", {"currency": "KRW"}))
    assert await got(market.seller) == 0

    part = {"amount_minor": 10_000_000}
    await ok(await market.operator.post(f"/v1/deals/{deal_id}/refund-released", part))

    assert (await got(market.seller), await got(market.buyer)) == (-9_500_000, 10_000_000)
    await market.deal("settled")
    batch = await ok(await market.operator.post("/v1/payout-batches", {"currency": "KRW"}))
    assert [payout["amount_minor"] for payout in batch["payouts"]] == [85_500_000]
    assert await world.proofs() == []


async def test_a_part_that_was_released_is_refunded_while_others_are_due(world: World) -> None:
    market = await Market.open(world)
    deal_id = await partly_released(market)

    part = {"amount_minor": 20_000_000}
    deal = await ok(await market.operator.post(f"/v1/deals/{deal_id}/refund-released", part))

    assert (deal["state"], minor(deal, "released", "returned")) == (
        "partly_released",
        [60_000_000, 20_000_000],
    )
    assert (await got(market.seller), await got(market.buyer)) == (38_000_000, 20_000_000)
    assert await world.proofs() == []
    await ok(await market.operator.post(f"/v1/deals/{deal_id}/reverse"))
    assert (await got(market.seller), await got(market.buyer)) == (0, 60_000_000)
    assert await world.proofs() == []


@pytest.mark.parametrize("who", ["buyer", "seller"])
async def test_only_an_operator_refunds_what_was_released(stage: Stage, who: str) -> None:
    market, deal_id = stage.market, stage.deals["settled"]

    path = f"/v1/deals/{deal_id}/refund-released"
    refused = await getattr(market, who).post(path, {"amount_minor": 1})

    assert (refused.status_code, refused.json()["code"]) == (403, "permission_missing")


@steady
@given(
    st.lists(st.integers(1, 10**12), min_size=1, max_size=8),
    st.lists(st.integers(1, 10**12), max_size=20),
)
def test_taking_back_in_steps_takes_what_was_given(given_out: list[int], steps: list[int]) -> None:
    """The rule of `take_back`: each step by what is left, so that nobody gives more than they got.

    After any number of steps, each has given its exact proportion to within one unit a step.
    """
    kept, whole = list(given_out), sum(given_out)
    for count, step in enumerate(steps, 1):
        parts = split(min(step, sum(kept)), kept) if sum(kept) else [0] * len(kept)
        kept = [had - part for had, part in zip(kept, parts, strict=True)]
        assert min(kept) >= 0
        for had, began in zip(kept, given_out, strict=True):
            assert abs(had * whole - began * sum(kept)) <= count * whole
    rest = split(sum(kept), kept) if sum(kept) else kept
    assert rest == kept
