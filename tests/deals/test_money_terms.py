"""Taxes and shares of a price: signed with the text, and distributed to the minor unit."""

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from tests.factories.deals import PRICE_MINOR, Market, ok, sign
from tests.factories.figures import live_table
from tests.factories.parts import agreed, payee, transferred
from tests.factories.people import Person
from tests.factories.stage import Stage, figures
from tests.factories.undone import undone
from tests.factories.world import World

BUSINESS = {"residence": "KR", "party": "business", "vat_number": "123-45-67890"}
INDIVIDUAL = {"residence": "KR", "party": "individual"}
TAXED = {"commission_basis_points": 500, "vat_country": "KR", "reason": "VAT on the commission"}


async def recorded(market: Market, deal_id: str) -> None:
    await sign((market.seller, market.buyer), deal_id)
    await market.pay(deal_id)
    await transferred(market, deal_id)


async def got(who: Person) -> int:
    found = (await ok(await who.get("/v1/balances")))["payable"]
    return sum(row["amount_minor"] for row in found)


async def owed(world: World, prefix: str) -> int:
    query = text(
        "SELECT coalesce(sum(balance_minor), 0) FROM ledger_account WHERE address LIKE :like"
    )
    async with world.sessions() as session:
        return int((await session.execute(query, {"like": f"{prefix}%"})).scalar_one())


def minor(deal: dict[str, Any], *names: str) -> list[int]:
    return [deal[name]["amount_minor"] for name in names]


async def test_vat_on_the_price_and_on_the_commission(world: World) -> None:
    """Deposit 110 million, commission 5 million and 500,000, payout 104.5 million."""
    market = await Market.open(world)
    await ok(await market.seller.put("/v1/tax-profile", BUSINESS))
    await ok(await market.operator.post("/v1/fee-policies", TAXED))
    deal_id = await agreed(market)
    content = (await ok(await market.buyer.get(f"/v1/deals/{deal_id}/agreement")))["content"]
    assert "110000000 KRW" in content
    await sign((market.seller, market.buyer), deal_id)
    payment = await market.payment(deal_id)
    assert payment["amount"]["amount_minor"] == 110_000_000
    await market.pay(deal_id)
    await transferred(market, deal_id)

    deal = await ok(await market.buyer.post(f"/v1/deals/{deal_id}/release"))

    assert deal["state"] == "settled"
    told = minor(deal, "price", "vat", "commission", "commission_vat", "released", "withheld")
    assert told == [PRICE_MINOR, 10_000_000, 5_000_000, 500_000, PRICE_MINOR, 0]
    assert await got(market.seller) == 104_500_000
    assert await owed(world, "commission:") == 5_000_000
    assert await owed(world, "tax:vat:KR") == 500_000
    table = await live_table(world)
    assert (table["total"]["deals"], table["total"]["amount_minor"]) == (1, PRICE_MINOR)
    assert await world.proofs() == []

    await ok(await market.operator.post(f"/v1/deals/{deal_id}/reverse"))

    assert (await got(market.seller), await got(market.buyer)) == (0, 110_000_000)
    assert await owed(world, "tax:") + await owed(world, "commission:") == 0
    assert await world.proofs() == []


@pytest.mark.parametrize("end", ["refund", "split"])
async def test_vat_goes_back_with_the_price(world: World, end: str) -> None:
    market = await Market.open(world)
    await ok(await market.seller.put("/v1/tax-profile", BUSINESS))
    deal_id = await agreed(market)
    await recorded(market, deal_id)
    path = f"/v1/deals/{deal_id}"

    if end == "refund":
        await ok(await market.operator.post(f"{path}/refund"))
        assert (await got(market.seller), await got(market.buyer)) == (0, 110_000_000)
    else:
        await ok(await market.buyer.post(f"{path}/dispute", {"reason": "half of it"}))
        half = {"to_seller_minor": 33_333_333}
        await ok(await market.operator.post(f"{path}/resolve-split", half))
        assert await got(market.seller) == 33_333_333 + 3_333_333 - 1_666_667
        assert await got(market.buyer) == 110_000_000 - 33_333_333 - 3_333_333
    assert await world.proofs() == []


async def test_an_export_bears_no_vat(stage: Stage) -> None:
    market = stage.market
    async with undone(stage.world):
        await ok(await market.seller.put("/v1/tax-profile", BUSINESS | {"residence": "JP"}))

        deal = await ok(await market.buyer.get(f"/v1/deals/{await agreed(market)}"))

    assert minor(deal, "vat") == [0]


async def test_tax_is_kept_back_from_an_individual_and_certified(world: World) -> None:
    market = await Market.open(world)
    await ok(await market.seller.put("/v1/tax-profile", INDIVIDUAL))
    deal_id = await agreed(market, 2_000_000)
    await recorded(market, deal_id)

    deal = await ok(await market.buyer.post(f"/v1/deals/{deal_id}/release"))

    assert minor(deal, "withheld", "commission") == [176_000, 100_000]
    assert await got(market.seller) == 1_824_000 - 100_000
    assert await owed(world, "tax:withholding:KR") == 176_000
    (kept,) = (await ok(await market.seller.get("/v1/withholdings")))["items"]
    amounts = (kept["gross_minor"], kept["tax_minor"], kept["surtax_minor"])
    assert amounts == (2_000_000, 160_000, 16_000)
    assert kept["subject"] == f"deal:{deal_id}"
    assert await world.proofs() == []


async def test_tax_is_of_the_day_of_payment(world: World) -> None:
    market = await Market.open(world)
    await ok(await market.seller.put("/v1/tax-profile", INDIVIDUAL))
    deal_id = await agreed(market, 2_000_000)
    await recorded(market, deal_id)
    key = {"jurisdiction": "KR", "kind": "withholding", "party": "individual"}
    rate = {"income": "ip_transfer", "residence": "KR", "rate_basis_points": 1_000, "source": "law"}
    made = await ok(await market.operator.post("/v1/tax-rates", key | rate))

    deal = await ok(await market.buyer.post(f"/v1/deals/{deal_id}/release"))

    assert minor(deal, "withheld") == [200_000]
    (kept,) = (await ok(await market.seller.get("/v1/withholdings")))["items"]
    assert kept["tax_rate_id"] == made["id"]


async def test_no_vat_on_the_commission_of_a_seller_abroad(world: World) -> None:
    market = await Market.open(world)
    query = text("UPDATE organisation SET country = 'US' WHERE id = :id")
    async with world.sessions.begin() as session:
        await session.execute(query, {"id": market.seller.organisation_id})
    await ok(await market.operator.post("/v1/fee-policies", TAXED))
    deal_id = await agreed(market)
    await recorded(market, deal_id)

    deal = await ok(await market.buyer.post(f"/v1/deals/{deal_id}/release"))

    assert minor(deal, "commission", "commission_vat") == [5_000_000, 0]
    assert (await got(market.seller), await owed(world, "tax:vat:KR")) == (95_000_000, 0)


async def test_co_owners_and_a_broker_share_to_the_last_won(world: World) -> None:
    market = await Market.open(world)
    broker, owner = market.stranger, (await Market.open(world)).seller
    await ok(await owner.put("/v1/tax-profile", INDIVIDUAL))
    deal_id = await agreed(market, 10_000_001)
    before = await ok(await market.seller.get(f"/v1/deals/{deal_id}/agreement"))
    named = [
        payee(market.seller, "seller", 7, 12),
        payee(owner, "co_owner", 1, 3),
        payee(broker, "broker", 1, 12),
    ]
    path = f"/v1/deals/{deal_id}/name-payees"
    after = await ok(await market.seller.post(path, {"payees": named}))
    assert before["sha256"] != after["sha256"]
    assert f"4/12 of the price to Seller (co_owner, {owner.organisation_id})" in _english(after)
    await recorded(market, deal_id)

    deal = await ok(await market.buyer.post(f"/v1/deals/{deal_id}/release"))

    # 9,500,001 after the commission of 500,000: 5,541,667.25, 3,166,667 and 791,666.75
    tax = 3_333_334 * 4 // 10 * 2 // 10 + 26_666
    assert minor(deal, "released", "commission", "withheld") == [10_000_001, 500_000, tax]
    assert [await got(who) for who in (market.seller, owner, broker)] == [
        5_541_667,
        3_166_667 - tax,
        791_667,
    ]
    table = await live_table(world)
    assert (table["total"]["deals"], table["total"]["amount_minor"]) == (1, 10_000_001)
    assert await world.proofs() == []


def _english(agreement: dict[str, Any]) -> str:
    """The Korean line of a payee, read as the English one."""
    content: str = agreement["content"]
    return content.replace("대금의 4/12: Seller (", "4/12 of the price to Seller (")


@pytest.mark.parametrize(
    ("shares", "code"),
    [
        ([(1, 2), (1, 3)], "invalid_shares"),
        ([(1, 2), (2, 3)], "invalid_shares"),
        ([(1, 1), (1, 1_000_000)], "invalid_shares"),
        ([(1, 2), (1, 2), (1, 2)], "invalid_shares"),
        ([(0, 1), (1, 1)], "validation_failed"),
    ],
)
async def test_shares_that_are_not_the_whole(
    stage: Stage, shares: list[tuple[int, int]], code: str
) -> None:
    market, deal_id = stage.market, stage.deals["agreed"]
    people = (market.seller, market.stranger, market.stranger)
    named = [payee(who, "other", *share) for who, share in zip(people, shares, strict=False)]
    async with undone(stage.world) as connection:
        before = await figures(connection, deal_id)

        path = f"/v1/deals/{deal_id}/name-payees"
        refused = await market.seller.post(path, {"payees": named})

        assert (refused.status_code, refused.json()["code"]) == (422, code)
        assert await figures(connection, deal_id) == before


@pytest.mark.parametrize("wrong", ["buyer", "operator", "twice"])
async def test_a_payee_is_somebody_else_than_who_pays(stage: Stage, wrong: str) -> None:
    market, deal_id = stage.market, stage.deals["agreed"]
    second = market.seller if wrong == "twice" else getattr(market, wrong)
    named = [payee(market.seller, "seller", 1, 2), payee(second, "other", 1, 2)]

    async with undone(stage.world) as connection:
        before = await figures(connection, deal_id)

        path = f"/v1/deals/{deal_id}/name-payees"
        refused = await market.seller.post(path, {"payees": named})

        assert (refused.status_code, refused.json()["code"]) == (422, "invalid_payee")
        assert await figures(connection, deal_id) == before


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("deal_payee", "UPDATE deal_payee SET numerator = numerator - 1 WHERE position = 1"),
        ("deal_payee", "DELETE FROM deal_payee WHERE position = 2"),
        ("deal_part", "UPDATE deal_part SET amount_minor = amount_minor + 1 WHERE number = 1"),
        ("deal_part", "DELETE FROM deal_part WHERE number = 2"),
    ],
)
async def test_the_database_refuses_what_is_not_the_whole(
    world: World, table: str, change: str
) -> None:
    market = await Market.open(world)
    deal_id = await agreed(market)
    named = [payee(market.seller, "seller", 2, 3), payee(market.stranger, "broker", 1, 3)]
    await ok(await market.seller.post(f"/v1/deals/{deal_id}/name-payees", {"payees": named}))
    plan = [{"amount_minor": PRICE_MINOR // 2, "after_days": days} for days in (0, 9)]
    await ok(await market.buyer.post(f"/v1/deals/{deal_id}/plan-parts", {"parts": plan}))

    async with world.engine.connect() as connection:
        await connection.execute(text(change))
        with pytest.raises(IntegrityError, match=f"what {table} has"):
            await connection.commit()
