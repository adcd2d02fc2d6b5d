"""Royalties over HTTP: reported in time, charged exactly, corrected, audited, paid and stopped."""

from typing import Any

from sqlalchemy import text

from tests.deals.test_money_terms import got
from tests.factories.deals import Market, ok
from tests.factories.licences import (
    LUMP_MINOR,
    active,
    correct,
    figures,
    file,
    minor,
    pass_days,
    pay_royalties,
    reports,
    royalty,
    statement,
)
from tests.factories.world import World

NET_LUMP = LUMP_MINOR * 95 // 100
YEAR = 366


async def charges(market: Market, licence: dict[str, Any]) -> list[tuple[str, int]]:
    found = (await statement(market.seller, licence))["charges"]
    return [(one["kind"], one["amount"]["amount_minor"]) for one in found]


async def test_a_year_with_a_minimum_is_reported_paid_and_settled(world: World) -> None:
    market = await Market.open(world)
    licence = await active(market, royalty=royalty(minimum_annual_minor=160_000_000))
    [running] = await reports(market, licence)
    assert (running["state"], running["your_moves"]) == ("running", [])
    await pass_days(market, YEAR)
    awaited = (await reports(market, licence))[0]
    assert (awaited["state"], awaited["your_moves"]) == ("awaited", ["file"])
    due = await ok(await market.buyer.get("/v1/royalty-reports"))
    assert [one["id"] for one in due] == [awaited["id"]]

    report = await file(market, licence, 1, 3_600_000_000)

    assert minor(report, "earned", "shortfall", "due") == [148_000_000, 12_000_000, 160_000_000]
    assert [line["due_minor"] for line in report["lines"]] == [160_000_000]
    told = await statement(market.buyer, licence)
    assert minor(told, "charged", "asked", "paid", "credit") == [160_000_000, 160_000_000, 0, 0]
    assert told["payments"][0]["payment"]["reference"]
    assert await pay_royalties(market, licence) == 160_000_000
    told = await statement(market.buyer, licence)
    assert minor(told, "charged", "asked", "paid", "credit") == [160_000_000, 0, 160_000_000, 0]
    assert minor(told["payments"][0], "commission") == [8_000_000]
    assert await got(market.seller) == NET_LUMP + 152_000_000
    await ok(await market.seller.post(f"/v1/royalty-reports/{report['id']}/accept"))
    assert await world.proofs() == []


async def test_a_late_report_and_payment_cost_simple_interest(world: World) -> None:
    market = await Market.open(world)
    licence = await active(market)
    await pass_days(market, YEAR + 40)
    late = (await reports(market, licence))[0]
    assert late["state"] == "late"
    await file(market, licence, 1, 730_000_000)
    await pay_royalties(market, licence)

    due_on, paid_on = await _dates(world)
    days = (paid_on - due_on).days
    assert days > 0
    interest = 36_500_000 * 600 * days // (10_000 * 365)
    assert await charges(market, licence) == [("royalty", 36_500_000), ("interest", interest)]
    assert await pay_royalties(market, licence) == interest
    assert await charges(market, licence) == [("royalty", 36_500_000), ("interest", interest)]

    await correct(market, licence, 1, 365_000_000)  # half of it was due, so half was late
    kept = 18_250_000 * 600 * days // (10_000 * 365)
    booked = (await charges(market, licence))[2:]
    assert booked == [("royalty", -18_250_000), ("interest", kept - interest)]
    credit_minor = minor(await statement(market.buyer, licence), "credit")
    assert credit_minor == [18_250_000 + interest - kept]
    await correct(market, licence, 1, 730_000_000)  # and it was paid late after all
    assert (await charges(market, licence))[4:] == [
        ("royalty", 18_250_000),
        ("interest", interest - kept),
    ]
    assert await pay_royalties(market, licence) == 0
    assert await world.proofs() == []


async def _dates(world: World) -> tuple[Any, Any]:
    query = text("SELECT due_on, paid_on FROM royalty_payment WHERE state = 'released' LIMIT 1")
    async with world.sessions() as session:
        row = (await session.execute(query)).one()
    return row.due_on, row.paid_on


async def test_a_correction_books_the_difference_only(world: World) -> None:
    market = await Market.open(world)
    licence = await active(market, royalty=royalty(period_months=6, due_days=180))
    await pass_days(market, YEAR)
    second = (await reports(market, licence))[1]
    path = f"/v1/royalty-reports/{second['id']}/file"
    early = await market.buyer.post(path, figures(licence, 1))
    assert (early.status_code, early.json()["code"]) == (409, "earlier_report_missing")
    await file(market, licence, 1, 900_000_000)
    await file(market, licence, 2, 200_000_000)
    assert await charges(market, licence) == [("royalty", 45_000_000), ("royalty", 9_000_000)]

    report = await correct(market, licence, 1, 1_000_000_000)

    assert [f["cause"] for f in report["filings"]] == ["first", "correction"]
    assert report["filings"][1]["corrects_id"] == report["filings"][0]["id"]
    assert (await charges(market, licence))[2:] == [("royalty", 5_000_000), ("royalty", -1_000_000)]
    told = await statement(market.buyer, licence)
    assert minor(told, "charged", "asked", "credit") == [58_000_000, 58_000_000, 0]
    again = await market.buyer.post(
        f"/v1/royalty-reports/{report['id']}/correct", figures(licence, 1_000_000_000)
    )
    assert (again.status_code, again.json()["code"]) == (409, "nothing_changed")

    assert await pay_royalties(market, licence) == 58_000_000
    await correct(market, licence, 1, 500_000_000)
    told = await statement(market.buyer, licence)
    late = sum(c["amount"]["amount_minor"] for c in told["charges"] if c["kind"] == "interest")
    assert minor(told, "charged", "asked", "paid", "credit") == [
        35_000_000 + late,
        0,
        58_000_000,
        23_000_000 - late,
    ]
    assert await world.proofs() == []


async def test_an_audit_above_the_threshold_makes_the_licensee_bear_it(world: World) -> None:
    market = await Market.open(world)
    licence = await active(market)
    await pass_days(market, YEAR)
    report = await file(market, licence, 1, 1_000_000_000)
    await pay_royalties(market, licence)
    disputed = f"/v1/royalty-reports/{report['id']}/dispute"
    assert (await ok(await market.seller.post(disputed, {"reason": "too low"})))["state"] == (
        "disputed"
    )
    path = f"/v1/licences/{licence['id']}/royalty-audits"
    finding = figures(licence, 1_100_000_000) | {"number": 1}
    claim = {"statement": "the shop's books", "findings": [finding], "cost_minor": 3_000_000}
    assert (await market.buyer.post(path, claim)).status_code == 403
    audit = await ok(await market.seller.post(path, claim))
    twice = await market.seller.post(path, claim)
    assert (twice.status_code, twice.json()["code"]) == (409, "audit_open")
    at = f"/v1/royalty-audits/{audit['id']}"
    answered = await ok(await market.buyer.post(f"{at}/answer", {"answer": "we looked again"}))
    assert (answered["state"], answered["your_moves"]) == ("answered", ["agree"])
    agreed = await ok(await market.buyer.post(f"{at}/agree"))

    assert (agreed["state"], agreed["licensee_bears_cost"]) == ("settled", True)
    assert minor(agreed, "under_reported", "correct") == [4_000_000, 54_000_000]
    assert await charges(market, licence) == [
        ("royalty", 50_000_000),
        ("royalty", 4_000_000),
        ("audit_cost", 3_000_000),
    ]
    assert (await reports(market, licence))[0]["state"] == "accepted"
    assert await pay_royalties(market, licence) == 7_000_000
    assert await world.proofs() == []


async def test_a_small_under_report_leaves_the_cost_with_the_licensor(world: World) -> None:
    market = await Market.open(world)
    licence = await active(market)
    await pass_days(market, YEAR)
    await file(market, licence, 1, 950_000_000)
    claim = {
        "statement": "five per cent",
        "findings": [figures(licence, 1_000_000_000) | {"number": 1}],
        "cost_minor": 3_000_000,
    }
    path = f"/v1/licences/{licence['id']}/royalty-audits"
    audit = await ok(await market.seller.post(path, claim))
    decided = await ok(
        await market.operator.post(f"/v1/royalty-audits/{audit['id']}/decide", {"findings": None})
    )
    assert (decided["licensee_bears_cost"], minor(decided, "under_reported")) == (
        False,
        [2_500_000],
    )
    assert await charges(market, licence) == [("royalty", 47_500_000), ("royalty", 2_500_000)]


async def test_nothing_accrues_after_the_last_right_ceased(world: World) -> None:
    market = await Market.open(world)
    licence = await active(
        market, royalty=royalty(period_months=3, minimum_annual_minor=36_500_000)
    )
    await pass_days(market, 100)
    today = world.clock.now().date().isoformat()
    gone = {"kind": "lapsed", "occurred_on": today, "source": "gazette"}
    right = f"/v1/rights/{licence['right_ids'][0]}"
    await ok(await market.operator.post(f"{right}/legal-events", gone))
    await pass_days(market, 200)

    found = await reports(market, licence)
    assert [one["state"] for one in found[:3]] == ["late", "late", "cancelled"]
    await file(market, licence, 1, 10_000_000)
    late = await file(market, licence, 2, 1_000_000)
    assert late["accruals"] == [{"territory": "KR", "until": today}]
    restored = gone | {"kind": "restored", "occurred_on": world.clock.now().date().isoformat()}
    await ok(await market.operator.post(f"{right}/legal-events", restored))
    await pass_days(market, 100)
    assert (await reports(market, licence))[3]["state"] in {"awaited", "late"}
    invalid = gone | {
        "kind": "invalidated",
        "occurred_on": world.clock.now().date().isoformat(),
    }
    await ok(await market.operator.post(f"{right}/legal-events", invalid))
    await world.work()
    ended = await ok(await market.buyer.get(f"/v1/licences/{licence['id']}"))
    assert (ended["state"], ended["ended_on"]) == ("ceased", invalid["occurred_on"])
    assert (await reports(market, licence))[-1]["ends_on"] <= invalid["occurred_on"]
    assert await world.proofs() == []


async def test_figures_outside_the_licence_are_refused_and_change_nothing(world: World) -> None:
    market = await Market.open(world)
    licence = await active(market)
    await pass_days(market, YEAR)
    path = f"/v1/royalty-reports/{(await reports(market, licence))[0]['id']}/file"
    wrong = (
        figures(licence, 1, territory="US"),
        figures(licence, 1, right_id="019b7a10-5f5e-7c3d-8a47-1f0e9d3c2b1a"),
        figures(licence, 1, taxes_minor=1),
        figures(licence, 1, returns_minor=2),
        {"lines": figures(licence, 1)["lines"] * 2},
    )
    for body in wrong:
        answer = await market.buyer.post(path, body)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_figures"), body
    by_licensor = await market.seller.post(path, figures(licence, 1))
    assert (by_licensor.status_code, by_licensor.json()["code"]) == (403, "not_your_move")
    foreign = await market.stranger.post(path, figures(licence, 1))
    assert (foreign.status_code, foreign.json()["code"]) == (404, "not_found")
    assert await charges(market, licence) == []
    assert (await reports(market, licence))[0]["state"] == "awaited"


async def test_what_is_not_paid_lapses_is_asked_again_or_waived(world: World) -> None:
    market = await Market.open(world)
    licence = await active(market)
    await pass_days(market, YEAR)
    await file(market, licence, 1, 100_000_000)
    await pass_days(market, 56)
    [payment] = (await statement(market.buyer, licence))["payments"]
    assert (payment["state"], payment["payment"]) == ("unpaid", None)
    path = f"/v1/royalty-payments/{payment['id']}"
    again = await ok(await market.buyer.post(f"{path}/request"))
    assert again["payment"]["amount"]["amount_minor"] == 5_000_000
    by_payer = await market.buyer.post(f"{path}/waive")
    assert (by_payer.status_code, by_payer.json()["code"]) == (403, "not_your_move")
    waived = await ok(await market.seller.post(f"{path}/waive"))
    assert waived["state"] == "waived"
    told = await statement(market.seller, licence)
    assert minor(told, "charged", "waived", "asked", "paid") == [5_000_000, 5_000_000, 0, 0]
    assert await world.proofs() == []


async def test_a_licence_for_royalties_alone_needs_no_payment(world: World) -> None:
    market = await Market.open(world)
    licence = await active(market, 0)
    assert licence["state"] == "active"
    await pass_days(market, 200)
    ended = await ok(await market.buyer.post(f"/v1/licences/{licence['id']}/surrender"))
    assert ended["state"] == "terminated"
    [last] = await reports(market, licence)
    assert (last["state"], last["ends_on"]) == ("awaited", ended["ended_on"])
    await file(market, licence, 1, 100_000_000)
    assert await charges(market, licence) == [("royalty", 5_000_000)]
    assert await world.proofs() == []
