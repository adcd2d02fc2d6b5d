"""Granting, registering and ending encumbrances over the API."""

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from marketplace.kernel.clocks import run_due
from marketplace.wiring import CLOCKS
from tests.factories.deals import Market, list_right, ok, right_body
from tests.factories.people import Person
from tests.factories.refusals import told
from tests.factories.tables import contents


async def patent(market: Market, **changed: Any) -> str:
    """A patent of the seller's, in force."""
    right = await ok(await market.seller.post("/v1/rights", right_body(**changed)))
    return str(right["id"])


def licence(to: Person, kind: str = "exclusive", **scope: Any) -> dict[str, Any]:
    return {"kind": kind, "holder_organisation_id": str(to.organisation_id), "scope": scope}


def entry(number: str = "1", **changed: Any) -> dict[str, Any]:
    body = {
        "source": "KIPRIS",
        "entry_id": f"PN-{number}",
        "kind": "attachment",
        "holder_name": "서울중앙지방법원",
        "registration_number": f"2026-{number}",
        "received_on": "2026-01-06",
        "receipt_order": int(number),
    }
    return body | changed


def pledge_entry(lender: Person, number: str = "1", **changed: Any) -> dict[str, Any]:
    secured = {"amount_minor": 40_000_000, "currency": "KRW"}
    holder = {"holder_name": None, "holder_organisation_id": str(lender.organisation_id)}
    return entry(number, kind="pledge", secured=secured) | holder | changed


async def grant(market: Market, right_id: str, body: dict[str, Any]) -> Any:
    return await market.seller.post(f"/v1/rights/{right_id}/encumbrances", body)


async def record(market: Market, right_id: str, body: dict[str, Any]) -> Any:
    return await market.operator.post(f"/v1/rights/{right_id}/register-entries", body)


async def test_a_licence_has_effect_at_once_and_its_scope_is_kept_free(market: Market) -> None:
    right_id, buyer, other = await patent(market), market.buyer, market.stranger
    scope = {"territories": ["KR"], "fields": ["G06Q 10"], "claims": [3, 1], "uses": ["make"]}
    body = licence(buyer, **scope, ends_at="2099-01-01T00:00:00Z")
    granted = await ok(await grant(market, right_id, body))
    assert granted["state"] == "active"
    assert granted["rank"] is None
    assert granted["scope"]["claims"] == [1, 3]
    assert granted["scope"]["uses"] == ["make"]

    wanted = licence(other, "non_exclusive", territories=["KR-11"], fields=["G06Q 10/06"])
    refused = await grant(market, right_id, wanted)
    assert told(refused) == (409, "encumbered")
    problem = refused.json()
    assert problem["encumbrance"]["id"] == granted["id"]
    assert problem["encumbrance"]["kind"] == "exclusive"
    assert problem["encumbrance"]["scope"]["territories"] == ["KR"]
    assert str(buyer.organisation_id) not in refused.text

    elsewhere = licence(other, "exclusive", territories=["JP"])
    assert (await grant(market, right_id, elsewhere)).status_code == 201


async def test_a_pledge_waits_for_its_registration_and_keeps_others_away(market: Market) -> None:
    right_id, lender = await patent(market), market.stranger
    secured = {"secured": {"amount_minor": 40_000_000, "currency": "KRW"}}
    pledge = await ok(await grant(market, right_id, licence(lender, "pledge") | secured))
    assert pledge["state"] == "pending_registration"
    refused = await grant(market, right_id, licence(market.buyer, "non_exclusive"))
    assert told(refused) == (409, "consent_missing")
    assert refused.json()["encumbrance"]["registration_number"] is None
    assert "40000000" not in refused.text

    entered = {"registration_number": "2026-7", "received_on": "2026-01-06", "receipt_order": 2}
    path = f"/v1/encumbrances/{pledge['id']}"
    registered = await ok(await market.operator.post(f"{path}/register", entered))
    assert (registered["state"], registered["rank"]) == ("active", 1)
    assert told(await lender.post(f"{path}/release")) == (409, "register_entry_needed")
    deleted = await ok(await market.operator.post(f"{path}/delete", {"valid_from": "2026-02-01"}))
    assert deleted["state"] == "released"
    free = await grant(market, right_id, licence(market.buyer, "non_exclusive"))
    assert free.status_code == 201


async def test_rank_is_the_order_of_receipt_whatever_is_recorded_first(market: Market) -> None:
    right_id = await patent(market)
    third = await ok(await record(market, right_id, pledge_entry(market.buyer, "3")))
    assert third["rank"] == 1
    first = pledge_entry(market.stranger, "9", received_on="2026-01-05")
    await ok(await record(market, right_id, first))
    second = await ok(await record(market, right_id, pledge_entry(market.stranger, "1")))
    listed = await ok(await market.seller.get(f"/v1/rights/{right_id}/encumbrances"))
    ranks = {one["registration_number"]: one["rank"] for one in listed["items"]}
    assert ranks == {"2026-9": 1, "2026-1": 2, "2026-3": 3}
    same = pledge_entry(market.stranger, "1", entry_id="PN-other")
    assert told(await record(market, right_id, same)) == (409, "rank_taken")
    elsewhere = pledge_entry(market.stranger, "1", entry_id="PN-x", receipt_order=77)
    assert told(await record(market, right_id, elsewhere)) == (409, "register_entry_known")
    path = f"/v1/encumbrances/{second['id']}/delete"
    await ok(await market.operator.post(path, {}))
    third = await ok(await market.seller.get(f"/v1/encumbrances/{third['id']}"))
    assert third["rank"] == 2


async def test_an_entry_of_the_register_is_recorded_once(market: Market) -> None:
    right_id = await patent(market)
    first = await record(market, right_id, entry())
    async with market.world.sessions.begin() as session:
        before = await contents(await session.connection())
    again = await record(market, right_id, entry())
    async with market.world.sessions.begin() as session:
        assert await contents(await session.connection()) == before
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    other = await record(market, right_id, entry(registration_number="2026-17"))
    assert told(other) == (409, "register_entry_changed")


async def test_an_attached_right_leaves_the_market_and_comes_back_by_the_operator(
    market: Market,
) -> None:
    listing_id = await list_right(market.seller)
    mine = await ok(await market.seller.get("/v1/listings/mine"))
    right_id = next(one["right_id"] for one in mine["items"] if one["id"] == listing_id)
    attached = await ok(await record(market, right_id, entry()))
    for body in (licence(market.buyer), licence(market.buyer, "option")):
        assert told(await grant(market, right_id, body)) == (409, "encumbered")
    price = {"price": {"amount_minor": 1_000, "currency": "KRW"}}
    offered = await ok(await market.buyer.post(f"/v1/listings/{listing_id}/offers", price))
    accepted = await market.seller.post(
        f"/v1/negotiations/{offered['id']}/accept", {"offer_number": 1}
    )
    assert told(accepted) == (409, "encumbered")
    await ok(await market.operator.post(f"/v1/listings/{listing_id}/suspend"))
    resumed = await market.operator.post(f"/v1/listings/{listing_id}/resume")
    assert told(resumed) == (409, "encumbered")
    await ok(await market.operator.post(f"/v1/encumbrances/{attached['id']}/delete", {}))
    await ok(await market.operator.post(f"/v1/listings/{listing_id}/resume"))


async def test_an_open_licence_bars_exclusive_ones_until_it_is_withdrawn(market: Market) -> None:
    right_id = await patent(market)
    open_licence = {"kind": "open_licence", "scope": {"territories": ["KR"]}}
    stated = await ok(await grant(market, right_id, open_licence))
    sole = licence(market.buyer, "sole", territories=["030"])
    assert told(await grant(market, right_id, sole)) == (409, "encumbered")
    beside = licence(market.buyer, "non_exclusive", territories=["KR"])
    assert (await grant(market, right_id, beside)).status_code == 201
    await ok(await market.seller.post(f"/v1/encumbrances/{stated['id']}/withdraw"))
    assert (await grant(market, right_id, sole)).status_code == 201
    assert told(await grant(market, right_id, open_licence)) == (409, "encumbered")


async def test_who_sees_what(market: Market) -> None:
    right_id, path = await patent(market), "/v1/rights/{}/encumbrances"
    held = await ok(await grant(market, right_id, licence(market.buyer, territories=["KR"])))
    secret = licence(market.stranger, territories=["JP"])
    await ok(await grant(market, right_id, secret))
    await ok(await record(market, right_id, entry()))
    kinds = {}
    for who in (market.seller, market.operator, market.buyer):
        listed = await ok(await who.get(path.format(right_id)))
        kinds[who.user_id] = [one["kind"] for one in listed["items"]]
    assert kinds == {
        market.seller.user_id: ["attachment", "exclusive", "exclusive"],
        market.operator.user_id: ["attachment", "exclusive", "exclusive"],
        market.buyer.user_id: ["attachment", "exclusive"],
    }
    theirs = (await ok(await market.buyer.get("/v1/encumbrances")))["items"]
    assert [one["id"] for one in theirs if one["right_id"] == right_id] == [held["id"]]
    nobody = await market.world.client.get(path.format(right_id))
    assert told(nobody) == (401, "invalid_token")
    foreign = await ok(await market.buyer.post("/v1/rights", right_body()))
    assert told(await market.stranger.get(path.format(foreign["id"]))) == (404, "not_found")
    first = await market.seller.get(path.format(right_id), limit=2)
    rest = await market.seller.get(path.format(right_id), limit=2, cursor=first.json()["next"])
    assert len(rest.json()["items"]) == 1
    assert rest.json()["next"] is None


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ({"kind": "attachment"}, (422, "not_grantable")),
        ({"kind": "pledge"}, (422, "invalid_terms")),
        ({"kind": "exclusive", "holder_organisation_id": None}, (422, "invalid_terms")),
        ({"kind": "open_licence"}, (422, "invalid_terms")),
        ({"secured": {"amount_minor": 1, "currency": "KRW"}}, (422, "invalid_terms")),
        ({"scope": {"territories": ["XX"]}}, (422, "validation_failed")),
        ({"scope": {"fields": ["Q99"]}}, (422, "invalid_classification")),
    ],
)
async def test_terms_that_make_no_sense_are_refused(
    market: Market, body: dict[str, Any], refusal: tuple[int, str]
) -> None:
    right_id = await patent(market)
    assert told(await grant(market, right_id, licence(market.buyer) | body)) == refusal
    listed = await ok(await market.seller.get(f"/v1/rights/{right_id}/encumbrances"))
    assert listed["items"] == []


async def test_a_change_of_the_register_keeps_the_rank(market: Market) -> None:
    right_id = await patent(market)
    pledge = await ok(await record(market, right_id, pledge_entry(market.buyer)))
    less = {"valid_from": "2026-02-01", "secured": {"amount_minor": 10, "currency": "KRW"}}
    changed = await ok(await market.operator.post(f"/v1/encumbrances/{pledge['id']}/change", less))
    assert changed["secured"]["amount_minor"] == 10
    assert changed["rank"] == 1
    assert changed["received_on"] == "2026-01-06"


async def test_what_ran_out_is_free_at_once_and_expires_by_the_clock(market: Market) -> None:
    right_id, world = await patent(market), market.world
    ends_at = (world.clock.now().replace(microsecond=0)).isoformat()
    begins = "2026-01-01T00:00:00Z"
    body = licence(market.buyer, starts_at=begins, ends_at=ends_at)
    granted = await ok(await grant(market, right_id, body))
    assert (await grant(market, right_id, licence(market.stranger))).status_code == 201
    for clock in CLOCKS:
        await run_due(world.sessions, clock)
    path = f"/v1/encumbrances/{granted['id']}"
    assert (await ok(await market.seller.get(path)))["state"] == "expired"


async def test_a_lapse_moves_nothing_and_a_restoration_finds_the_rank_as_it_was(
    market: Market,
) -> None:
    right_id = await patent(market)
    for number in ("1", "2"):
        await ok(await record(market, right_id, pledge_entry(market.buyer, number)))
    before = await ok(await market.seller.get(f"/v1/rights/{right_id}/encumbrances"))
    for kind, day in (("lapsed", "2026-02-01"), ("restored", "2026-03-01")):
        fact = {"kind": kind, "occurred_on": day, "source": "gazette"}
        await ok(await market.operator.post(f"/v1/rights/{right_id}/legal-events", fact))
        refused = await record(market, right_id, pledge_entry(market.buyer, "3"))
        if kind == "lapsed":
            assert told(refused) == (409, "right_not_tradable")
    assert refused.json()["rank"] == 3
    after = await ok(await market.seller.get(f"/v1/rights/{right_id}/encumbrances"))
    assert after["items"][1:] == before["items"]


async def test_a_surrender_takes_the_consent_of_whoever_has_a_pledge(market: Market) -> None:
    """Written straight into the table: no service stands before it."""
    right_id = await patent(market)
    pledge = await ok(await record(market, right_id, pledge_entry(market.buyer)))
    statement = text(
        "INSERT INTO legal_event (id, created_at, right_id, kind, occurred_on, source, origin,"
        " event_key, recorded_by) SELECT gen_random_uuid(), now(), id, 'surrendered', '2026-01-01',"
        " 'x', 'operator', 'x', registered_by"
        " FROM ip_right WHERE id = :id"
    )
    with pytest.raises(IntegrityError, match="surrender is refused"):
        async with market.world.sessions.begin() as session:
            await session.execute(statement, {"id": right_id})
    consent = {"act": "surrender", "expires_at": "2099-01-01T00:00:00Z"}
    await ok(await market.buyer.post(f"/v1/encumbrances/{pledge['id']}/consents", consent))
    async with market.world.sessions.begin() as session:
        await session.execute(statement, {"id": right_id})


async def test_what_stood_first_is_registered_and_narrowed_but_not_widened_over_others(
    market: Market,
) -> None:
    """Rank follows receipt: an attachment that came later stops no entry of what came before."""
    right_id, operator = await patent(market), market.operator
    ends = {"ends_at": "2098-01-01T00:00:00Z"}
    first = await ok(
        await grant(market, right_id, licence(market.buyer, "registered_exclusive", **ends))
    )
    after = {"starts_at": ends["ends_at"]}
    await ok(await grant(market, right_id, licence(market.stranger, "sole", **after)))
    await ok(await record(market, right_id, entry("5")))
    path = f"/v1/encumbrances/{first['id']}"
    entered = {"registration_number": "2026-7", "received_on": "2026-01-05"}
    assert (await ok(await operator.post(f"{path}/register", entered)))["rank"] == 1
    shorter = {"valid_from": "2026-02-01", "ends_at": "2097-01-01T00:00:00Z"}
    assert (await operator.post(f"{path}/change", shorter)).status_code == 200
    longer = {"valid_from": "2026-02-01", "ends_at": "2099-01-01T00:00:00Z"}
    refused = await operator.post(f"{path}/change", longer)
    assert told(refused) == (409, "encumbered")
    assert refused.json()["encumbrance"]["id"] != first["id"]
    never = {"valid_from": "2026-02-01", "ends_at": "2001-01-01T00:00:00Z"}
    assert told(await operator.post(f"{path}/change", never)) == (422, "invalid_terms")
    now = await ok(await market.seller.get(path))
    assert now["scope"]["ends_at"].startswith("2097-01-01")


async def test_a_consent_to_a_licence_is_used_once(market: Market) -> None:
    right_id = await patent(market)
    pledge = await ok(await record(market, right_id, pledge_entry(market.stranger)))
    body = licence(market.buyer, "non_exclusive")
    consent = {"act": "non_exclusive", "expires_at": "2099-01-01T00:00:00Z"}
    path = f"/v1/encumbrances/{pledge['id']}/consents"
    await ok(await market.stranger.post(path, consent))
    assert told(await market.stranger.post(path, consent)) == (409, "consent_exists")
    assert (await grant(market, right_id, body)).status_code == 201
    assert told(await grant(market, right_id, body)) == (409, "consent_missing")
    assert told(await grant(market, right_id, body | {"kind": "sole"})) == (409, "consent_missing")
    (used,) = (await ok(await market.seller.get(path)))["items"]
    assert used["used_at"] is not None
    assert told(await market.buyer.get(path)) == (404, "not_found")
