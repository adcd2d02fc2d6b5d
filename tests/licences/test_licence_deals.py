"""Licence deals: what is granted, when it takes effect, what it keeps away, and how it ends."""

from typing import Any

from sqlalchemy import text

from tests.deals.test_money_terms import got
from tests.factories.deals import Market, list_right, offer, ok, right_body, sign
from tests.factories.figures import live_table
from tests.factories.licences import (
    LUMP_MINOR,
    accepted,
    active,
    agreed,
    licence_of,
    pass_days,
    release,
    signed,
    terms,
)
from tests.factories.register import look_up
from tests.factories.world import World


async def entries(market: Market, right_id: str) -> list[tuple[str, str]]:
    query = text("SELECT kind, state FROM encumbrance WHERE right_id = :right_id ORDER BY id")
    async with market.world.sessions() as session:
        rows = await session.execute(query, {"right_id": right_id})
        return [(row.kind, row.state) for row in rows]


async def test_a_licence_is_granted_when_its_price_is_held(world: World) -> None:
    market = await Market.open(world)
    deal_id = await signed(market)
    drafted = await licence_of(market, deal_id)
    assert (drafted["state"], drafted["your_role"]) == ("drafted", "licensee")
    assert await entries(market, drafted["right_ids"][0]) == []

    await market.pay(deal_id)

    deal = await ok(await market.buyer.get(f"/v1/deals/{deal_id}"))
    assert (deal["type"], deal["state"], deal["title_passed"]) == (
        "non_exclusive",
        "recorded",
        True,
    )
    licence = await licence_of(market, deal_id)
    assert licence["state"] == "active"
    assert await entries(market, licence["right_ids"][0]) == [("non_exclusive", "active")]
    await pass_days(market, 3.1)
    assert await market.state(deal_id) == "recorded"  # nobody has looked the right up
    today = world.clock.now().date().isoformat()
    await look_up(market.operator, licence["right_ids"][0], today)
    await pass_days(market, 1)
    assert await market.state(deal_id) == "settled"
    assert await got(market.seller) == LUMP_MINOR * 95 // 100
    listing = await ok(await market.seller.get(f"/v1/listings/{deal['listing_id']}"))
    assert listing["state"] == "published"
    total = (await live_table(world))["total"]
    assert (total["deals"], total["amount_minor"]) == (1, LUMP_MINOR)
    assert await world.proofs() == []


async def test_the_agreement_tells_the_terms_in_three_languages(world: World) -> None:
    market = await Market.open(world)
    told = {"ko": "통상실시권", "zh": "普通许可", "en": "non-exclusive licence"}
    for language, words in told.items():
        listing_id = await list_right(market.seller, language=language, licence=terms())
        deal_id = await accepted(market, listing_id)
        text_ = (await ok(await market.buyer.get(f"/v1/deals/{deal_id}/agreement")))["content"]
        assert words in text_
        for part in ("KR", "36", "5.00 %", "1000000000 KRW", "3.00 %"):
            assert part in text_, (language, part)


async def test_two_exclusive_licences_are_paid_and_one_is_refunded(world: World) -> None:
    market = await Market.open(world)
    right = await ok(await market.seller.post("/v1/rights", right_body()))
    deals = []
    for kind in ("exclusive", "sole"):
        body = {
            "right_id": right["id"],
            "title": right["title"],
            "teaser": "-x-",
            "language": "en",
            "currency": "KRW",
            "licence": terms(kind=kind, royalty=None),
        }
        listing = await ok(await market.seller.post("/v1/listings", body))
        await ok(await market.seller.post(f"/v1/listings/{listing['id']}/publish"))
        deal_id = await accepted(market, listing["id"])
        await sign((market.seller, market.buyer), deal_id)
        deals.append(deal_id)
    for deal_id in deals:
        await market.pay(deal_id)

    assert [await market.state(deal_id) for deal_id in deals] == ["recorded", "refunded"]
    assert await entries(market, right["id"]) == [("exclusive", "active")]
    loser = await ok(await market.buyer.get(f"/v1/deals/{deals[1]}"))
    assert "encumbered" in loser["dispute_reason"]
    assert (await licence_of(market, deals[1]))["state"] == "void"
    assert await world.proofs() == []


async def test_a_registered_exclusive_licence_waits_for_the_register(world: World) -> None:
    market = await Market.open(world)
    deal_id = await signed(market, kind="registered_exclusive", royalty=None)
    await market.pay(deal_id)
    licence = await licence_of(market, deal_id)
    assert (await market.state(deal_id), licence["state"]) == ("funded", "drafted")
    right_id = licence["right_ids"][0]
    assert await entries(market, right_id) == [("registered_exclusive", "pending_registration")]

    await ok(await market.seller.post(f"/v1/deals/{deal_id}/file-transfer"))
    await ok(await market.seller.post(f"/v1/deals/{deal_id}/waive-recordal"))
    waived = await market.buyer.post(f"/v1/deals/{deal_id}/confirm-waiver")
    assert (waived.status_code, waived.json()["code"]) == (409, "registration_needed")
    recorded = {"evidence": "KR register 2026-1", "received_on": "2026-01-05"}
    await ok(await market.operator.post(f"/v1/deals/{deal_id}/record", recorded))

    assert await entries(market, right_id) == [("registered_exclusive", "active")]
    assert (await licence_of(market, deal_id))["state"] == "active"


async def test_an_open_licence_is_taken_by_notice_and_stands_alone(world: World) -> None:
    market = await Market.open(world)
    listing_id = await list_right(market.seller, licence=terms(kind="open", royalty=None))
    page = await ok(await market.buyer.get(f"/v1/listings/{listing_id}"))
    right_id = (await ok(await market.seller.get("/v1/listings/mine")))["items"][0]["right_id"]
    refused = await market.buyer.post(
        f"/v1/listings/{listing_id}/offers", {"price": {"amount_minor": 1, "currency": "KRW"}}
    )
    assert (refused.status_code, refused.json()["code"]) == (409, "open_licence")
    body = {
        "right_id": right_id,
        "title": "x",
        "teaser": "x",
        "language": "en",
        "currency": "KRW",
        "licence": terms(kind="exclusive", royalty=None),
    }
    beside = await ok(await market.seller.post("/v1/listings", body))
    await ok(await market.seller.post(f"/v1/listings/{beside['id']}/publish"))
    first = await offer(market.buyer, beside["id"])
    accept = await market.seller.post(f"/v1/negotiations/{first}/accept", {"offer_number": 1})
    assert (accept.status_code, accept.json()["code"]) == (409, "encumbered")

    path = f"/v1/listings/{listing_id}/take"
    wrong = await market.buyer.post(path, {"terms_sha256": "0" * 64})
    assert (wrong.status_code, wrong.json()["code"]) == (409, "terms_changed")
    taken = await ok(await market.buyer.post(path, {"terms_sha256": page["licence_sha256"]}))
    assert (taken["type"], taken["state"], taken["price"]["amount_minor"]) == (
        "open",
        "signed",
        100_000_000,
    )
    await market.pay(taken["id"])
    assert await market.state(taken["id"]) == "recorded"
    await ok(await market.seller.post(f"/v1/listings/{listing_id}/withdraw"))
    await world.work()
    assert await entries(market, right_id) == [
        ("open_licence", "released"),
        ("non_exclusive", "active"),
    ]


async def test_a_cross_licence_grants_both_ways(world: World) -> None:
    market = await Market.open(world)
    back = await ok(await market.buyer.post("/v1/rights", right_body()))
    deal_id = await agreed(market, royalty=None)
    request = {
        "terms": terms(royalty=None),
        "grants_back": {"right_ids": [back["id"]], "terms": terms(royalty=None, term_months=12)},
    }
    agreement = await ok(
        await market.seller.post(f"/v1/deals/{deal_id}/set-licence-terms", request)
    )
    assert back["id"] in agreement["content"]
    await sign((market.seller, market.buyer), deal_id)
    await market.pay(deal_id)

    found = await ok(await market.buyer.get(f"/v1/deals/{deal_id}/licences"))
    assert [(one["state"], one["your_role"]) for one in found] == [
        ("active", "licensee"),
        ("active", "licensor"),
    ]
    assert (await ok(await market.buyer.get(f"/v1/deals/{deal_id}")))["type"] == "cross"
    assert await entries(market, back["id"]) == [("non_exclusive", "active")]
    await release(market, deal_id)
    await ok(await market.operator.post(f"/v1/deals/{deal_id}/reverse"))
    assert await entries(market, back["id"]) == [("non_exclusive", "released")]
    assert await world.proofs() == []


async def test_a_sub_licence_stays_within_its_head_and_ends_with_it(world: World) -> None:
    market = await Market.open(world)
    head = await active(market, kind="exclusive", royalty=None, sublicensable=True, term_months=12)
    path = f"/v1/licences/{head['id']}/offer-sublicence"
    wanted: dict[str, Any] = {
        "title": "Sub",
        "teaser": "x",
        "language": "en",
        "asking_price_minor": 1_000_000,
        "currency": "KRW",
    }
    wide = {"terms": terms(royalty=None, acts=["export"])}
    refused = await market.buyer.post(path, wanted | wide)
    assert (refused.status_code, refused.json()["code"]) == (409, "outside_head_licence")
    listing = await ok(await market.buyer.post(path, wanted | {"terms": terms(royalty=None)}))
    await ok(await market.buyer.post(f"/v1/listings/{listing['id']}/publish"))
    negotiation = await offer(market.stranger, listing["id"])
    deal = await ok(
        await market.buyer.post(f"/v1/negotiations/{negotiation}/accept", {"offer_number": 1})
    )
    await sign((market.buyer, market.stranger), deal["id"])
    sub_market = Market(world, market.buyer, market.stranger, market.operator, market.seller)
    await sub_market.pay(deal["id"])
    sub = await licence_of(sub_market, deal["id"])
    assert (sub["state"], sub["ends_on"]) == ("active", head["ends_on"])
    ended = await ok(await market.buyer.post(f"/v1/licences/{head['id']}/surrender"))
    assert ended["state"] == "terminated"
    assert (await licence_of(sub_market, deal["id"]))["state"] == "ceased"
    assert await entries(market, head["right_ids"][0]) == [("exclusive", "released")]


async def test_a_licence_ends_by_the_clock_and_by_an_uncured_breach(world: World) -> None:
    market = await Market.open(world)
    short = await active(market, royalty=None, term_months=1)
    breached = await active(market, royalty=None)
    path = f"/v1/licences/{breached['id']}"
    stranger = await market.stranger.post(f"{path}/give-notice", {"reason": "x"})
    assert (stranger.status_code, stranger.json()["code"]) == (404, "not_found")
    noticed = await ok(await market.seller.post(f"{path}/give-notice", {"reason": "not paid"}))
    assert noticed["state"] == "in_notice"
    await pass_days(market, 32)
    assert (await licence_of(market, short["deal_id"]))["state"] == "expired"
    [(kind, state)] = await entries(market, short["right_ids"][0])
    assert (kind, state in {"expired", "released"}) == ("non_exclusive", True)
    await pass_days(market, 30)
    ended = await licence_of(market, breached["deal_id"])
    assert (ended["state"], ended["notice_reason"]) == ("terminated", "not paid")


async def test_a_licence_reaches_no_further_than_the_right(world: World) -> None:
    market = await Market.open(world)
    right = await ok(await market.seller.post("/v1/rights", right_body()))
    body = {
        "right_id": right["id"],
        "title": "x",
        "teaser": "x",
        "language": "en",
        "currency": "KRW",
        "licence": terms(territories=["KR", "US"]),
    }
    refused = await market.seller.post("/v1/listings", body)
    assert (refused.status_code, refused.json()["code"]) == (422, "territory_not_covered")
    assert (await ok(await market.seller.get("/v1/listings/mine")))["items"] == []
