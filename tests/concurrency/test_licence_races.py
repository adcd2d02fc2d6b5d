"""Licences under fire: of two that exclude each other one is granted, and money is asked once."""

import asyncio

from tests.factories.deals import Market, credit, ok, right_body, sign
from tests.factories.licences import (
    accepted,
    active,
    figures,
    licence_of,
    minor,
    pass_days,
    reports,
    statement,
    terms,
)
from tests.factories.world import World


async def test_of_two_exclusive_licences_paid_at_once_one_is_granted(world: World) -> None:
    market = await Market.open(world)
    right = await ok(await market.seller.post("/v1/rights", right_body()))
    payments, deals = [], []
    for kind in ("exclusive", "sole"):
        body = {
            "right_id": right["id"],
            "title": "x",
            "teaser": "x",
            "language": "en",
            "currency": "KRW",
            "licence": terms(kind=kind, royalty=None),
        }
        listing = await ok(await market.seller.post("/v1/listings", body))
        await ok(await market.seller.post(f"/v1/listings/{listing['id']}/publish"))
        deals.append(await accepted(market, listing["id"]))
        await sign((market.seller, market.buyer), deals[-1])
        payments.append(await market.payment(deals[-1]))
    await market.bank(*(credit(p["amount"]["amount_minor"], p["reference"]) for p in payments))
    await asyncio.gather(world.work(), world.work())

    assert sorted([await market.state(deal_id) for deal_id in deals]) == ["recorded", "refunded"]
    states = sorted([(await licence_of(market, deal_id))["state"] for deal_id in deals])
    assert states == ["active", "void"]
    assert await world.proofs() == []


async def test_figures_filed_many_times_at_once_are_charged_once(world: World) -> None:
    market = await Market.open(world)
    licence = await active(market)
    await pass_days(market, 366)
    path = f"/v1/royalty-reports/{(await reports(market, licence))[0]['id']}/file"
    answers = await asyncio.gather(
        *(market.buyer.post(path, figures(licence, 100_000_000 + n)) for n in range(8))
    )
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7
    told = await statement(market.buyer, licence)
    assert minor(told, "charged", "asked") == [5_000_000, 5_000_000]
    assert len(told["payments"]) == 1
    assert await world.proofs() == []
