"""Who else has to agree to a licence, until when one goes, and what is looked up of a bundle."""

from datetime import date
from typing import Any

import pytest

from tests.deals.test_bundles import accept, item, listed, owners, rights
from tests.deals.test_pledged_sales import CLAIM_MINOR, balance, consents, pledge, try_to_sign
from tests.factories.deals import Market, offer, ok, sign
from tests.factories.licences import (
    figures,
    licence_of,
    pass_days,
    pay_royalties,
    release,
    reports,
    royalty,
    terms,
)
from tests.factories.people import Person, person
from tests.factories.refusals import told
from tests.factories.register import registered, tell
from tests.factories.world import World

DRAFT = {"title": "A shelf", "teaser": "It dries.", "language": "en", "currency": "KRW"}
HALF = {"numerator": 1, "denominator": 2}


@pytest.fixture
async def market(world: World) -> Market:
    return await Market.open(world)


async def shared(market: Market, other: Person, office: str) -> str:
    people = (market.seller, other)
    halves = [{"organisation_id": str(one.organisation_id), "share": HALF} for one in people]
    return await registered(market.seller, office, owners=halves)


async def give(other: Person, asked: list[dict[str, Any]]) -> None:
    for one in asked:
        body = {"terms_sha256": one["terms_sha256"]}
        await ok(await other.post(f"/v1/consents/{one['id']}/give", body))


async def draft(market: Market, right_id: str, **changed: Any) -> str:
    body = DRAFT | {"right_id": right_id, "asking_price_minor": 1_000_000, **changed}
    return str((await ok(await market.seller.post("/v1/listings", body)))["id"])


async def agreed(market: Market, listing_id: str) -> str:
    await ok(await market.seller.post(f"/v1/listings/{listing_id}/publish"))
    path = f"/v1/negotiations/{await offer(market.buyer, listing_id, 1_000_000)}/accept"
    return str((await ok(await market.seller.post(path, {"offer_number": 1})))["id"])


async def test_in_korea_all_owners_consent_to_a_licence_and_to_its_offer(market: Market) -> None:
    other = await person(market.world.client, market.world.sessions, name="Other")
    right_id = await shared(market, other, "KR")
    listing_id = await draft(market, right_id, licence=terms(royalty=None))
    path = f"/v1/listings/{listing_id}"
    assert told(await market.seller.post(f"{path}/publish")) == (409, "consents_missing")
    (asked,) = await ok(await market.seller.post(f"{path}/ask-consents", {}))
    assert (asked["act"], '"term_months": 36' in asked["terms"]) == ("license", True)
    await give(other, [asked])
    deal = f"/v1/deals/{await agreed(market, listing_id)}"

    assert told(await try_to_sign(market.seller, deal[-36:])) == (409, "consents_missing")
    sheet = await ok(await market.buyer.get(f"{deal}/due-diligence"))
    missing = next(one for one in sheet["findings"] if one["topic"] == "consents")
    assert (missing["verdict"], "Other" in missing["summary"]) == ("blocking", True)
    await give(other, await ok(await market.seller.post(f"{deal}/ask-consents")))
    await sign((market.seller, market.buyer), deal[-36:])
    await market.pay(deal[-36:])
    assert (await licence_of(market, deal[-36:]))["state"] == "active"
    assert (await release(market, deal[-36:]))["state"] == "settled"


@pytest.mark.parametrize("office", ["CN", "US"])
async def test_elsewhere_one_owner_gives_an_ordinary_licence_and_no_other(
    market: Market, office: str
) -> None:
    other = await person(market.world.client, market.world.sessions, name="Other")
    right_id = await shared(market, other, office)
    alone = terms(territories=[office], royalty=None)
    deal_id = await agreed(market, await draft(market, right_id, licence=alone))
    await sign((market.seller, market.buyer), deal_id)
    await market.pay(deal_id)
    assert (await licence_of(market, deal_id))["state"] == "active"

    for kind, act in (("sole", "license_sole"), ("open", "list")):
        listing_id = await draft(market, right_id, licence=alone | {"kind": kind})
        shown = await market.seller.post(f"/v1/listings/{listing_id}/publish")
        assert told(shown) == (409, "consents_missing")
        path = f"/v1/listings/{listing_id}/ask-consents"
        assert [one["act"] for one in await ok(await market.seller.post(path, {}))] == [act]


async def test_in_china_all_owners_share_what_one_of_them_earns_by_a_licence(
    market: Market,
) -> None:
    sessions, client = market.world.sessions, market.world.client
    others = [await person(client, sessions, name=name) for name in ("Other", "Third")]
    owners = [
        {"organisation_id": str(one.organisation_id), "share": {"numerator": 1, "denominator": 3}}
        for one in (market.seller, *others)
    ]
    right_id = await registered(market.seller, "CN", owners=owners)
    yearly = terms(territories=["CN"], royalty=royalty(advance_creditable=False))
    listing_id = await draft(market, right_id, licence=yearly)
    await ok(await market.seller.post(f"/v1/listings/{listing_id}/publish"))
    path = f"/v1/negotiations/{await offer(market.buyer, listing_id, 1_000_001)}/accept"
    deal_id = str((await ok(await market.seller.post(path, {"offer_number": 1})))["id"])
    alone = {"organisation_id": str(market.seller.organisation_id), "role": "seller"}
    shares = [alone | {"share": {"numerator": 1, "denominator": 1}}]
    for body in ({"payees": []}, {"payees": shares}):
        refused = await market.seller.post(f"/v1/deals/{deal_id}/name-payees", body)
        assert told(refused) == (409, "fees_shared")
    await sign((market.seller, market.buyer), deal_id)
    await market.pay(deal_id)
    licence = await licence_of(market, deal_id)
    await release(market, deal_id)
    people = (market.seller, *others)
    assert [await balance(one) for one in people] == [316_667] * 3  # of 950,001

    await pass_days(market, 366)
    report = (await reports(market, licence))[0]
    line = figures(licence, 60_000_000, territory="CN")
    await ok(await market.buyer.post(f"/v1/royalty-reports/{report['id']}/file", line))
    assert await pay_royalties(market, licence) == 3_000_000
    assert [await balance(one) for one in people] == [316_667 + 950_000] * 3
    assert await market.world.proofs() == []


async def test_no_licence_outlives_the_last_of_its_rights(market: Market) -> None:
    short, long = [
        await registered(market.seller, "KR", serial=one) for one in (8_000_001, 8_000_002)
    ]
    await tell(market.operator, short, "filed", "2007-03-15")  # until 2027-03-15
    await tell(market.operator, short, "granted", "2009-03-15")
    await tell(market.operator, long, "filed", "2020-03-15")
    await tell(market.operator, long, "granted", "2022-03-15")
    months = _months(market, date(2027, 3, 15))
    wanted = terms(kind="exclusive", royalty=None, term_months=months + 1)
    listing_id = await draft(market, short, licence=wanted)
    await ok(await market.seller.post(f"/v1/listings/{listing_id}/publish"))
    path = f"/v1/negotiations/{await offer(market.buyer, listing_id, 1_000_000)}/accept"
    assert told(await market.seller.post(path, {"offer_number": 1})) == (409, "outlives_right")
    declared = {
        "kind": "sole",
        "holder_organisation_id": str(market.buyer.organisation_id),
        "scope": {"ends_at": "2027-03-17T00:00:00Z"},
    }
    answer = await market.seller.post(f"/v1/rights/{short}/encumbrances", declared)
    assert told(answer) == (409, "outlives_right")

    items = [item({"id": one}, 1) for one in (short, long)]
    deal_id = await agreed(market, await draft(market, short, items=items, licence=wanted))
    await sign((market.seller, market.buyer), deal_id)
    await market.pay(deal_id)
    licence = await licence_of(market, deal_id)
    entered = {}
    for right_id in (short, long):
        (entry,) = (await ok(await market.seller.get(f"/v1/rights/{right_id}/encumbrances")))[
            "items"
        ]
        entered[right_id] = entry["scope"]["ends_at"][:10]
    assert entered == {short: "2027-03-16", long: licence["ends_on"]}
    assert licence["ends_on"] > "2027-03-16"
    sheet = await ok(await market.buyer.get(f"/v1/deals/{deal_id}/due-diligence"))
    assert {one["right_id"] for one in sheet["findings"]} == {short, long}


def _months(market: Market, until: date) -> int:
    today = market.world.clock.now().date()
    return (until.year - today.year) * 12 + until.month - today.month


async def test_of_a_bundle_each_pledgee_consents_to_its_own_right(market: Market) -> None:
    lender = await person(market.world.client, market.world.sessions, name="Bank")
    found = await rights(market)
    listing_id = await listed(market, item(found[0], 3), item(found[2], 1))
    second = await pledge(market, found[2]["id"], lender)
    deal = await ok(await accept(market, listing_id, market.buyer))
    assert told(await try_to_sign(market.seller, deal["id"])) == (409, "consent_missing")
    whole = {"amount_minor": 100_000_000, "currency": "KRW"}
    given = await consents(lender, second["id"], deal["id"], price_at_least=whole)
    assert told(await try_to_sign(market.seller, deal["id"])) == (409, "consent_missing")
    await ok(await lender.post(f"/v1/encumbrances/{second['id']}/consents/{given['id']}/revoke"))
    quarter = {"amount_minor": 25_000_000, "currency": "KRW"}
    await consents(lender, second["id"], deal["id"], price_at_least=quarter)

    await sign((market.seller, market.buyer), deal["id"])
    await market.pay(deal["id"])
    path = f"/v1/deals/{deal['id']}"
    await ok(await market.seller.post(f"{path}/file-transfer"))
    await ok(await market.operator.post(f"{path}/record", {"evidence": "register extract"}))
    assert await owners(market, found[0], found[2]) == [str(market.buyer.organisation_id)] * 2
    await ok(await market.buyer.post(f"{path}/release"))
    payable = (await ok(await lender.get("/v1/balances")))["payable"]
    assert [one["amount_minor"] for one in payable] == [CLAIM_MINOR]
    assert await market.world.proofs() == []
