"""Every fee is invoiced once to who bore it, and credited as it is given back."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from marketplace.kernel.clock import ShiftedClock
from marketplace.payments.invoices.rules import Bearer, Fee, share_credit, share_fee
from marketplace.payments.ledger.verify import run_checks
from marketplace.wiring import PROOFS
from tests.factories.bank import refused
from tests.factories.deals import PRICE_MINOR, Market, ok
from tests.factories.parts import PLAN, pay_part, payee, signed, transferred
from tests.factories.world import World

FEE = PRICE_MINOR * 5 // 100


async def listed(who: Any, **asked: Any) -> list[dict[str, Any]]:
    """Oldest first."""
    found: list[dict[str, Any]] = (await ok(await who.get("/v1/invoices", **asked)))["items"]
    return found[::-1]


def sums(invoice: dict[str, Any]) -> tuple[int, int, int]:
    net, vat, gross = (invoice[name]["amount_minor"] for name in ("net", "vat", "gross"))
    assert net + vat == gross
    return net, vat, gross


@pytest.fixture
async def market(world: World) -> Market:
    market = await Market.open(world)
    policy = {"commission_basis_points": 500, "vat_country": "KR", "reason": "taxed"}
    await ok(await market.operator.post("/v1/fee-policies", policy))
    return market


async def test_a_release_is_invoiced_and_its_refunds_are_credited(market: Market) -> None:
    world, deal_id = market.world, await market.deal("settled")
    await world.work()
    (invoice,) = await listed(market.seller)
    year = invoice["issued_on"][:4]
    assert invoice["number"] == f"IPM-{year}-000001"
    assert (invoice["kind"], invoice["subject"]) == ("invoice", f"deal:{deal_id}")
    assert sums(invoice) == (FEE, FEE // 10, FEE + FEE // 10)
    assert invoice["vat_basis_points"] == 1_000
    assert invoice["buyer"]["name"] == "Seller"
    assert invoice["seller"]["series"] == "IPM"
    assert invoice["tax_rate_id"]

    path = f"/v1/deals/{deal_id}"
    refund = {"amount_minor": PRICE_MINOR // 4}
    await ok(await market.operator.post(f"{path}/refund-released", refund))
    await ok(await market.operator.post(f"{path}/reverse"))
    await world.work()

    _, quarter, rest = await listed(market.seller)
    assert [one["number"] for one in (quarter, rest)] == [
        f"IPM-C-{year}-000001",
        f"IPM-C-{year}-000002",
    ]
    assert {one["credits"] for one in (quarter, rest)} == {invoice["id"]}
    assert sums(quarter) == (FEE // 4, FEE // 40, FEE // 4 + FEE // 40)
    assert sums(rest) == (FEE * 3 // 4, FEE * 3 // 40, FEE * 3 // 4 + FEE * 3 // 40)
    assert await world.proofs() == []


async def test_co_owners_bear_it_together(market: Market) -> None:
    deal_id = await market.deal("agreed")
    shares = [payee(market.seller, "seller", 2, 3), payee(market.stranger, "co_owner", 1, 3)]
    named = f"/v1/deals/{deal_id}/name-payees"
    await ok(await market.seller.post(named, {"payees": shares}))
    await market._bring(deal_id, "settled")
    await market.world.work()
    (first,), (second,) = await listed(market.seller), await listed(market.stranger)
    gross = sums(first)[2] + sums(second)[2]
    assert gross == FEE + FEE // 10
    assert abs(sums(first)[2] - gross * 2 / 3) < 2
    assert sums(first)[0] + sums(second)[0] == FEE
    balance = await ok(await market.stranger.get("/v1/balances"))
    shared = balance["payable"][0]["amount_minor"] + sums(second)[2]
    assert abs(shared - PRICE_MINOR / 3) < 1
    assert await market.world.proofs() == []


async def test_each_part_has_an_invoice_of_its_own(market: Market) -> None:
    deal_id = await signed(market, PLAN)
    await pay_part(market, deal_id, 1)
    await transferred(market, deal_id)
    await ok(await market.buyer.post(f"/v1/deals/{deal_id}/release"))
    await ok(await market.buyer.post(f"/v1/deals/{deal_id}/parts/2/request"))
    await pay_part(market, deal_id, 2)
    await ok(await market.buyer.post(f"/v1/deals/{deal_id}/parts/2/release"))
    await market.world.work()
    nets = [sums(one)[0] for one in await listed(market.seller)]
    assert nets == [PLAN[0]["amount_minor"] // 20, PLAN[1]["amount_minor"] // 20]
    await ok(await market.operator.post(f"/v1/deals/{deal_id}/reverse"))
    await market.world.work()
    found = await listed(market.seller)
    credited = {one["credits"]: sums(one) for one in found if one["kind"] == "credit_note"}
    assert credited == {one["id"]: sums(one) for one in found if one["kind"] == "invoice"}
    assert await market.world.proofs() == []


async def test_an_invoice_is_a_document_and_is_its_organisations_own(market: Market) -> None:
    await market.deal("settled")
    await market.world.work()
    (invoice,) = await listed(market.seller)
    path = f"/v1/invoices/{invoice['id']}"
    assert await ok(await market.seller.get(path)) == invoice
    pdf = await market.seller.get(path, format="pdf", language="zh")
    assert pdf.headers["content-type"] == "application/pdf"
    assert invoice["number"] in pdf.headers["content-disposition"]
    assert pdf.content == (await market.seller.get(path, format="pdf", language="zh")).content
    assert await ok(await market.operator.get(path)) == invoice
    assert await listed(market.operator) == [invoice]
    assert await listed(market.operator, kind="credit_note") == []
    assert await listed(market.stranger) == []
    await refused(await market.stranger.get(path), 404, "not_found")
    foreign = {"organisation_id": str(market.seller.organisation_id)}
    await refused(await market.stranger.get("/v1/invoices", **foreign), 404, "not_found")
    assert await listed(market.operator, **foreign) == [invoice]


async def test_numbers_begin_again_with_the_sellers_year(
    market: Market, clock: ShiftedClock
) -> None:
    await market.deal("settled")
    await market.world.work()
    year = (clock.now() + timedelta(hours=9)).year
    korean_new_year = datetime(year, 12, 31, 15, 0, 1, tzinfo=UTC)
    clock.offset += korean_new_year - clock.now()
    await market.deal("settled")
    await market.world.work()
    first, second = await listed(market.seller)
    assert first["number"] == f"IPM-{year}-000001"
    assert second["number"] == f"IPM-{year + 1}-000001"
    assert second["issued_on"] == f"{year + 1}-01-01"
    assert await market.world.proofs() == []


async def test_another_seller_has_another_series(market: Market, clock: ShiftedClock) -> None:
    named = {"series": "IDM", "name": "이디엠", "country": "KR", "registration_number": "110111-1"}
    await ok(await market.operator.post("/v1/sellers-of-record", named))
    await market.deal("settled")
    await market.world.work()
    (invoice,) = await listed(market.seller)
    assert invoice["number"].startswith("IDM-")
    assert invoice["seller"]["time_zone"] == "Asia/Seoul"
    clock.offset += timedelta(seconds=1)
    moved = named | {"address": "부산"}
    await ok(await market.operator.post("/v1/sellers-of-record", moved))
    for body, status, code in (
        (named | {"registration_number": "999999-9"}, 409, "invoice_series_taken"),
        (named | {"valid_from": "2020-01-01T00:00:00Z"}, 422, "seller_of_record_in_past"),
        (named | {"time_zone": "Mars/Olympus"}, 422, "validation_failed"),
        (named | {"series": "a b"}, 422, "validation_failed"),
    ):
        await refused(await market.operator.post("/v1/sellers-of-record", body), status, code)
    sellers = await ok(await market.world.client.get("/v1/sellers-of-record"))
    assert [one["address"] for one in sellers[:2]] == ["부산", None]
    await refused(
        await market.seller.post("/v1/sellers-of-record", moved), 403, "permission_missing"
    )


async def test_the_proofs_find_what_is_not_invoiced_as_it_was(market: Market) -> None:
    await market.deal("settled")
    world = market.world
    assert await world.proofs() == []  # the news is waiting
    await world.work()
    assert await world.proofs() == []
    for change, found in (
        ("UPDATE invoice SET net_minor = net_minor + 1, gross_minor = gross_minor + 1", 2),
        ("UPDATE invoice SET number = 7", 1),
        ("DELETE FROM invoice", 3),
    ):
        async with world.sessions() as session:
            await session.execute(text("ALTER TABLE invoice DISABLE TRIGGER USER"))
            await session.execute(text(change))
            await session.flush()
            from_inside = [c.name for c in await run_checks(session, PROOFS) if c.problems]
            assert len(from_inside) == found, (change, from_inside)
            await session.rollback()


def test_a_fee_is_shared_by_what_was_deducted() -> None:
    for net, vat, deducted in (
        (100, 10, (70, 40)),
        (1, 0, (0, 1)),
        (3, 1, (1, 1, 2)),
        (0, 0, (0,)),
    ):
        bearers = [Bearer(uuid4(), minor) for minor in deducted]
        shared = share_fee(Fee(net, vat), bearers)
        assert [one.gross_minor for one in shared] == list(deducted)
        assert (sum(s.net_minor for s in shared), sum(s.vat_minor for s in shared)) == (net, vat)
        assert all(one.vat_minor >= 0 for one in shared)
    with pytest.raises(ValueError, match="deductions"):
        share_fee(Fee(1, 0), [Bearer(uuid4(), 2)])


def test_a_credit_leaves_nothing_when_all_is_given_back() -> None:
    left = [Fee(10, 1), Fee(7, 0), Fee(0, 3)]
    assert share_credit(Fee(17, 4), left) == left
    some = share_credit(Fee(5, 1), left)
    assert sum(one.net_minor for one in some) == 5
    assert all(a.net_minor <= b.net_minor for a, b in zip(some, left, strict=True))
    with pytest.raises(ValueError, match="no more"):
        share_credit(Fee(18, 0), left)
