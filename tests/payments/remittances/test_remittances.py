"""Taxes kept back are paid to the state, told to the payee, and still go back with a refund."""

from typing import Any, Final

import pytest

from tests.factories.bank import refused
from tests.factories.deals import PRICE_MINOR, Market, ok
from tests.factories.world import World

TAX: Final = PRICE_MINOR * 8 // 100
SURTAX: Final = TAX // 10
TOTAL: Final = TAX + SURTAX
REMIT: Final = {
    "tax": "withholding",
    "jurisdiction": "KR",
    "period_from": "2026-01-01",
    "period_until": "2026-02-01",
    "reference": "0126-2611-1-12345678",
}
KRW: Final = {"jurisdiction": "KR", "currency": "KRW"}


@pytest.fixture
async def market(world: World) -> Market:
    """A deal of a seller who is taxed as an individual was released."""
    market = await Market.open(world)
    await ok(await market.seller.put("/v1/tax-profile", {"residence": "KR", "party": "individual"}))
    return market


async def debit(market: Market, amount: int, entry: str) -> str:
    await market.bank(f"{entry},2026-01-10,debit,{amount},KRW,tax office,")
    page = await ok(await market.operator.get("/v1/bank-entries"))
    (found,) = [one["id"] for one in page["items"] if one["external_id"] == entry]
    return f"/v1/bank-entries/{found}/remit-tax"


async def owed(market: Market) -> dict[str, int]:
    statement = await ok(await market.operator.get("/v1/tax-statement"))
    (line,) = [one for one in statement["lines"] if one["tax"] == "withholding"]
    accrued = line["accrued_minor"] - line["taken_back_minor"] - line["remitted_minor"]
    assert line["opening_minor"] + accrued == line["closing_minor"]
    return {
        name: line[f"{name}_minor"] for name in ("accrued", "taken_back", "remitted", "closing")
    }


async def test_a_tax_is_paid_as_the_bank_says(market: Market) -> None:
    await market.deal("settled")
    assert (await owed(market))["closing"] == TOTAL
    too_much = await debit(market, TOTAL + 1, "too-much")
    await refused(await market.operator.post(too_much, REMIT), 409, "more_than_owed")
    assert (await owed(market))["remitted"] == 0

    path = await debit(market, TAX, "national")
    paid = await ok(await market.operator.post(path, REMIT))
    local = await debit(market, SURTAX, "local")
    await ok(await market.operator.post(local, REMIT | {"reference": "local 7"}))

    assert (paid["amount_minor"], paid["paid_on"]) == (TAX, "2026-01-10")
    assert await owed(market) == {
        "accrued": TOTAL,
        "taken_back": 0,
        "remitted": TOTAL,
        "closing": 0,
    }
    listed = (await ok(await market.operator.get("/v1/tax-remittances")))["items"]
    assert [one["reference"] for one in listed] == ["local 7", REMIT["reference"]]
    await refused(await market.operator.post(path, REMIT), 409, "illegal_move")
    assert await market.world.proofs() == []


async def test_what_was_paid_to_the_state_goes_back_to_the_buyer_all_the_same(
    market: Market,
) -> None:
    deal_id = await market.deal("settled")
    await ok(await market.operator.post(await debit(market, TOTAL, "all"), REMIT))
    path = f"/v1/deals/{deal_id}/refund-released"
    await ok(await market.operator.post(path, {"amount_minor": PRICE_MINOR // 2}))
    certificate = await ok(await market.seller.get("/v1/withholding-certificate", **KRW))
    assert certificate["returned"]["amount_minor"] == TOTAL // 2
    await ok(await market.operator.post(f"/v1/deals/{deal_id}/reverse"))
    assert await owed(market) == {
        "accrued": TOTAL,
        "taken_back": TOTAL,
        "remitted": TOTAL,
        "closing": -TOTAL,
    }
    # The next deal's tax is owed against what the state owes back.
    await market.deal("settled")
    assert (await owed(market))["closing"] == 0
    again = await debit(market, 1, "one-more")
    await refused(await market.operator.post(again, REMIT), 409, "more_than_owed")
    assert await market.world.proofs() == []


async def test_a_payee_gets_a_certificate(market: Market) -> None:
    deal_id = await market.deal("settled")
    found: dict[str, Any] = await ok(await market.seller.get("/v1/withholding-certificate", **KRW))
    (line,) = found["lines"]
    assert line["subject"] == f"deal:{deal_id}"
    assert line["law"].startswith("Income Tax Act 21")
    told = {name: found[name]["amount_minor"] for name in ("gross", "tax", "surtax", "withheld")}
    assert told == {"gross": PRICE_MINOR, "tax": TAX, "surtax": SURTAX, "withheld": TOTAL}
    assert (found["payee"], found["residence"]) == ("Seller", "KR")
    assert found["agent"]["name"] == "Idea and Patent Marketplace"
    pdf = await market.seller.get("/v1/withholding-certificate", **KRW, format="pdf", language="ko")
    assert pdf.content.startswith(b"%PDF-")
    empty = await ok(await market.buyer.get("/v1/withholding-certificate", **KRW))
    assert (empty["lines"], empty["withheld"]["amount_minor"]) == ([], 0)
    foreign = {"organisation_id": str(market.seller.organisation_id)}
    answer = await market.buyer.get("/v1/withholding-certificate", **KRW, **foreign)
    await refused(answer, 404, "not_found")
    same = await ok(await market.operator.get("/v1/withholding-certificate", **KRW, **foreign))
    assert same["lines"] == found["lines"]


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"tax": "corporate_income"}, 422, "validation_failed"),
        ({"jurisdiction": "CN"}, 409, "more_than_owed"),
        ({"tax": "vat"}, 409, "more_than_owed"),
        ({"period_until": "2026-01-01"}, 422, "validation_failed"),
    ],
)
async def test_a_wrong_remittance_changes_nothing(
    market: Market, changed: dict[str, str], status: int, code: str
) -> None:
    await market.deal("settled")
    path = await debit(market, TAX, "national")
    before = await owed(market)
    await refused(await market.operator.post(path, REMIT | changed), status, code)
    assert await owed(market) == before
    await refused(await market.seller.post(path, REMIT), 403, "permission_missing")
