"""Transfers, consents and facts of one right in flight at once: the database lets one through."""

import asyncio
from typing import Any

from sqlalchemy import text

from tests.assets.test_consents import SHA256, TERMS, shared_right
from tests.factories.deals import ok, right_body
from tests.factories.people import Person, operator, person
from tests.factories.world import World


async def _people(world: World) -> dict[str, Person]:
    names = ("ann", "ben", "cho")
    client, sessions = world.client, world.sessions
    found = {name: await person(client, sessions, name=name) for name in names}
    return found | {"operator": await operator(client, sessions)}


async def test_of_many_transfers_of_one_share_one_commits(world: World) -> None:
    people = await _people(world)
    right = await ok(await people["ann"].post("/v1/rights", right_body()))
    takers = [people[name] for name in ("ben", "cho")] * 4

    def body(place: int, taker: Person) -> dict[str, Any]:
        return {
            "kind": "assignment",
            "from_organisation_id": str(people["ann"].organisation_id),
            "to_organisation_id": str(taker.organisation_id),
            "share": {"numerator": 2, "denominator": 3},
            "effective_on": "2025-10-20",
            "recordal_number": f"1-1-2025-{place}",
            "source": "extract",
        }

    path = f"/v1/rights/{right['id']}/conveyances"
    answers = await asyncio.gather(
        *(people["operator"].post(path, body(n, taker)) for n, taker in enumerate(takers))
    )

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    codes = {answer.json()["code"] for answer in answers if answer.status_code == 409}
    assert codes <= {"share_not_owned", "receipt_order_needed"}
    found = await ok(await people["operator"].get(f"/v1/rights/{right['id']}"))
    assert sorted(one["share"]["numerator"] for one in found["owners"]) == [1, 2]


async def test_a_consent_is_used_or_revoked_never_both(world: World) -> None:
    people = await _people(world)
    ann, ben = people["ann"], people["ben"]
    right_id = await shared_right(people)
    draft = {"title": "A", "teaser": "B", "language": "en", "currency": "KRW"}
    listing = await ok(await ann.post("/v1/listings", draft | {"right_id": right_id}))
    path = f"/v1/listings/{listing['id']}"
    asked = (await ok(await ann.post(f"{path}/ask-consents", {})))[0]
    given = {"terms_sha256": asked["terms_sha256"]}
    await ok(await ben.post(f"/v1/consents/{asked['id']}/give", given))

    publish, revoke = await asyncio.gather(
        ann.post(f"{path}/publish"), ben.post(f"/v1/consents/{asked['id']}/revoke")
    )

    assert sorted((publish.status_code, revoke.status_code)) == [200, 409]
    state = (await ok(await ben.get(f"/v1/consents/{asked['id']}")))["state"]
    assert state == ("used" if publish.status_code == 200 else "revoked")


async def test_asked_by_many_at_once_an_owner_is_asked_once(world: World) -> None:
    people = await _people(world)
    right_id = await shared_right(people)
    body = {"act": "pledge", "terms": TERMS}
    path = f"/v1/rights/{right_id}/consents"

    answers = await asyncio.gather(*(people["ann"].post(path, body) for _ in range(6)))

    assert {answer.status_code for answer in answers} <= {201, 409}
    items = (await ok(await people["ben"].get("/v1/consents")))["items"]
    assert [(one["act"], one["terms_sha256"]) for one in items] == [("pledge", SHA256)]


async def test_facts_of_one_right_are_learned_one_after_the_other(world: World) -> None:
    people = await _people(world)
    right = await ok(await people["ann"].post("/v1/rights", right_body()))
    facts = {"origin": "KIPRIS", "source": "extract"}
    bodies = [
        {"kind": "fee_paid", "occurred_on": "2020-01-05", "fee_year": year} | facts
        for year in range(1, 9)
    ] + [{"kind": "granted", "occurred_on": "2015-03-02", "event_key": "g"} | facts] * 4
    path = f"/v1/rights/{right['id']}/legal-events"

    answers = await asyncio.gather(*(people["operator"].post(path, body) for body in bodies))

    assert sorted(answer.status_code for answer in answers) == [200] * 3 + [201] * 9
    async with world.sessions() as session:
        rows = await session.execute(text("SELECT count(DISTINCT created_at) FROM legal_event"))
        assert rows.scalar_one() == 10
