"""What facts make of a right: contradiction, correction, invalidity, attachment, as known when."""

from datetime import timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from marketplace.kernel.db import Sessions
from tests.factories.deals import Market, list_right, ok
from tests.factories.people import Person, operator, person
from tests.factories.register import number, registered, standing, tell
from tests.factories.tables import contents
from tests.factories.world import World

RULE = {
    "jurisdiction": "KR",
    "right_kind": "patent",
    "topic": "fees",
    "terms": {"counted_from": "grant", "years_at_grant": 3, "grace_months": 12},
    "valid_from": "2030-01-01",
    "source": "a later Patent Act",
}


@pytest.fixture
async def owner(client: httpx2.AsyncClient, sessions: Sessions) -> Person:
    return await person(client, sessions)


@pytest.fixture
async def registrar(client: httpx2.AsyncClient, sessions: Sessions) -> Person:
    return await operator(client, sessions)


async def load(registrar: Person, origin: str, as_of: str, *events: dict[str, Any]) -> Any:
    right = {"number": number("KR", "patent", 7_000_001), "office": "KR", "document_class": "grant"}
    body = {"origin": origin, "as_of": as_of, "rights": [right | {"events": list(events)}]}
    return await ok(await registrar.post("/v1/register-imports", body))


async def test_registers_that_contradict_each_other_leave_it_undetermined(
    owner: Person, registrar: Person
) -> None:
    right_id = await registered(owner)
    granted = {"kind": "granted", "on": "2015-03-02"}
    lapsed = {"kind": "lapsed", "on": "2020-09-03"}
    await load(registrar, "KIPRIS", "2020-01-01", granted)
    await load(registrar, "INPADOC", "2020-10-01", granted, lapsed)

    found = await standing(owner, right_id)  # KIPRIS was not looked at since the lapse
    assert (found["status"], found["origins"]) == ("lapsed", ["INPADOC"])

    await load(registrar, "KIPRIS", "2020-11-01")
    found = await standing(owner, right_id)
    assert (found["status"], found["origins"]) == ("undetermined", ["INPADOC", "KIPRIS"])
    assert found["checked"] == {"INPADOC": "2020-10-01", "KIPRIS": "2020-11-01"}

    await load(registrar, "KIPRIS", "2020-11-02", lapsed)
    assert (await standing(owner, right_id))["status"] == "lapsed"


async def test_filing_dates_that_contradict_leave_it_undetermined(
    owner: Person, registrar: Person
) -> None:
    right_id = await registered(owner)
    for origin, filed in (("KIPRIS", "2013-01-02"), ("INPADOC", "2013-01-03")):
        events = [{"kind": "filed", "on": filed}, {"kind": "granted", "on": "2015-03-02"}]
        await load(registrar, origin, "2026-01-01", *events)

    assert (await standing(owner, right_id))["status"] == "undetermined"


async def test_an_undetermined_right_is_not_put_on_the_market(
    owner: Person, registrar: Person
) -> None:
    right_id = await registered(owner)
    await tell(registrar, right_id, "granted", "2020-09-03", origin="KIPRIS")
    await tell(registrar, right_id, "lapsed", "2020-09-03", origin="INPADOC")
    body = {
        "right_id": right_id,
        "title": "t",
        "teaser": "t",
        "language": "en",
        "currency": "KRW",
    }
    listing = await ok(await owner.post("/v1/listings", body))

    refused = await owner.post(f"/v1/listings/{listing['id']}/publish")

    assert (refused.status_code, refused.json()["code"]) == (409, "right_not_tradable")


async def test_some_claims_fall_and_the_rest_stands(owner: Person, registrar: Person) -> None:
    right_id = await registered(owner)
    await tell(registrar, right_id, "granted", "2015-03-02")
    await tell(registrar, right_id, "challenged", "2018-01-01")
    assert (await standing(owner, right_id))["challenged_since"] == "2018-01-01"
    await tell(registrar, right_id, "invalidated", "2019-01-01", claims=[3, 1])
    await tell(registrar, right_id, "challenge_ended", "2019-01-01")

    found = await standing(owner, right_id)

    assert (found["status"], found["invalid_claims"]) == ("in_force", [1, 3])
    assert found["challenged_since"] is None


@pytest.mark.parametrize(
    ("effective_on", "before"), [(None, "invalidated"), ("2019-01-01", "in_force")]
)
async def test_what_is_invalid_never_was_but_for_later_causes(
    owner: Person, registrar: Person, effective_on: str | None, before: str
) -> None:
    right_id = await registered(owner)
    await tell(registrar, right_id, "granted", "2015-03-02")
    await tell(registrar, right_id, "invalidated", "2020-01-01", effective_on=effective_on)

    assert (await standing(owner, right_id))["status"] == "invalidated"
    assert (await standing(owner, right_id, on="2016-01-01"))["status"] == before
    later = await tell(registrar, right_id, "lapsed", "2021-01-01")
    assert later["kind"] == "lapsed"
    assert (await standing(owner, right_id))["status"] == "invalidated"


async def test_a_correction_takes_a_fact_back_and_keeps_what_was_known(
    owner: Person, registrar: Person
) -> None:
    right_id = await registered(owner)
    await tell(registrar, right_id, "granted", "2015-03-02")
    wrong = await tell(registrar, right_id, "lapsed", "2020-01-01")
    known_then = (await standing(owner, right_id))["known_at"]
    path = f"/v1/rights/{right_id}/legal-events"
    reason = {"source": "correction in gazette 47"}

    assert (await owner.post(f"{path}/{wrong['id']}/retract", reason)).status_code == 403
    assert (await registrar.post(f"{path}/{wrong['id']}/retract", reason)).status_code == 204
    assert (await registrar.post(f"{path}/{wrong['id']}/retract", reason)).status_code == 404

    assert (await standing(owner, right_id))["status"] == "in_force"
    assert (await standing(owner, right_id, known_at=known_then))["status"] == "lapsed"
    kinds = [event["kind"] for event in await ok(await owner.get(path))]
    then = [event["kind"] for event in await ok(await owner.get(path, known_at=known_then))]
    assert (sorted(kinds), sorted(then)) == (
        ["granted", "granted"],
        ["granted", "granted", "lapsed"],
    )


async def test_an_event_that_is_told_twice_is_one_event(
    owner: Person, registrar: Person, connection: AsyncConnection
) -> None:
    right_id = await registered(owner)
    attached = await tell(registrar, right_id, "attached", "2024-01-05")
    before = await contents(connection)
    body = {"kind": "attached", "occurred_on": "2024-01-05", "source": "told by somebody else"}
    again = await registrar.post(f"/v1/rights/{right_id}/legal-events", body)
    assert (again.status_code, again.json()) == (200, attached)
    assert await contents(connection) == before

    await tell(registrar, right_id, "attachment_lifted", "2024-02-05")
    assert (await standing(owner, right_id))["restrained_since"] is None
    second = await tell(registrar, right_id, "attached", "2024-01-05", event_key="a second court")
    assert second["id"] != attached["id"]
    assert (await standing(owner, right_id))["restrained_since"] == "2024-01-05"


async def test_what_was_granted_before_it_was_filed_is_undetermined(
    owner: Person, registrar: Person
) -> None:
    right_id = await registered(owner)
    filed = await tell(registrar, right_id, "filed", "2021-03-15")
    await tell(registrar, right_id, "granted", "2020-03-15")
    assert (await standing(owner, right_id))["status"] == "undetermined"
    path = f"/v1/rights/{right_id}/legal-events/{filed['id']}/retract"
    assert (await registrar.post(path, {"source": "correction"})).status_code == 204
    assert (await standing(owner, right_id))["status"] == "in_force"


async def test_a_fact_of_a_register_is_kept_once(
    owner: Person, registrar: Person, connection: AsyncConnection
) -> None:
    right_id = await registered(owner)
    told = {"origin": "KIPRIS", "event_key": "e1"}
    await tell(registrar, right_id, "granted", "2015-03-02", **told)
    before = await contents(connection)
    body = {"kind": "lapsed", "occurred_on": "2020-01-01", "source": "x"} | told

    again = await registrar.post(f"/v1/rights/{right_id}/legal-events", body)

    assert (again.status_code, again.json()["code"]) == (409, "fact_known")
    assert await contents(connection) == before


async def test_an_attached_right_leaves_the_market_until_it_is_lifted(world: World) -> None:
    market = await Market.open(world)
    listing_id = await list_right(market.seller)
    right_id = (await ok(await market.seller.get("/v1/rights")))["items"][0]["id"]

    await tell(market.operator, right_id, "attached", "2026-01-05")
    await world.work()

    assert (await world.client.get(f"/v1/listings/{listing_id}")).status_code == 404
    refused = await market.operator.post(f"/v1/listings/{listing_id}/resume")
    assert (refused.status_code, refused.json()["code"]) == (409, "right_restrained")
    found = await standing(market.seller, right_id)
    assert (found["status"], found["restrained_since"]) == ("in_force", "2026-01-05")
    await tell(market.operator, right_id, "attachment_lifted", "2026-01-06")
    await ok(await market.operator.post(f"/v1/listings/{listing_id}/resume"))
    assert (await world.client.get(f"/v1/listings/{listing_id}")).status_code == 200
    await tell(market.operator, right_id, "attached", "2026-01-05")
    assert (await standing(market.seller, right_id, on="2026-01-04"))["restrained_since"] is None


async def test_time_alone_ends_a_right_and_tells_it(world: World) -> None:
    market = await Market.open(world)
    listing_id = await list_right(market.seller)
    right_id = (await ok(await market.seller.get("/v1/rights")))["items"][0]["id"]
    soon = world.clock.now().date() + timedelta(days=40)
    filed = soon.replace(year=soon.year - 20, day=min(soon.day, 28))
    await tell(market.operator, right_id, "filed", filed.isoformat())
    await world.work()
    assert (await world.client.get(f"/v1/listings/{listing_id}")).status_code == 200

    world.clock.offset += timedelta(days=42)
    await world.work()

    assert (await ok(await market.seller.get(f"/v1/rights/{right_id}")))[
        "legal_status"
    ] == "expired"
    assert (await world.client.get(f"/v1/listings/{listing_id}")).status_code == 404


async def test_rules_are_rows_with_their_time(
    owner: Person, registrar: Person, client: httpx2.AsyncClient, connection: AsyncConnection
) -> None:
    made = await ok(await registrar.post("/v1/legal-rules", RULE))

    rows = await ok(await client.get("/v1/legal-rules", params={"jurisdiction": "KR"}))
    fees = [r for r in rows if (r["right_kind"], r["topic"]) == ("patent", "fees")]
    assert [(r["valid_from"], r["valid_until"]) for r in fees] == [
        ("2030-01-01", None),
        ("1990-09-01", "2030-01-01"),
    ]
    assert fees[0] == made
    assert all(row["source"] for row in rows)
    before = await contents(connection)
    overlapping = await registrar.post("/v1/legal-rules", RULE)
    assert (overlapping.status_code, overlapping.json()["code"]) == (409, "legal_rule_overlap")
    odd = await registrar.post("/v1/legal-rules", RULE | {"terms": {"years": 3}})
    assert (odd.status_code, odd.json()["code"]) == (422, "validation_failed")
    assert (await owner.post("/v1/legal-rules", RULE)).status_code == 403
    assert await contents(connection) == before
