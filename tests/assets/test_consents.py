"""Consents of co-owners: asked by rule, for exact terms, answered once."""

import hashlib
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from marketplace.kernel.clock import ShiftedClock
from marketplace.kernel.db import Sessions
from tests.factories.deals import ok, right_body
from tests.factories.people import Person, operator, person
from tests.factories.register import number
from tests.factories.tables import contents

TERMS = "Exclusive licence for Korea, 5 % of net sales."
SHA256 = hashlib.sha256(TERMS.encode()).hexdigest()
HALF = {"numerator": 1, "denominator": 2}


@pytest.fixture
async def people(client: httpx2.AsyncClient, sessions: Sessions) -> dict[str, Person]:
    names = ("ann", "ben", "stranger")
    found = {name: await person(client, sessions, name=name) for name in names}
    return found | {"operator": await operator(client, sessions)}


async def shared_right(people: dict[str, Person], office: str = "KR", kind: str = "patent") -> str:
    owners = [
        {"organisation_id": str(people[name].organisation_id), "share": HALF}
        for name in ("ann", "ben")
    ]
    identifier = {
        "number": number(office, kind, 7_000_001),
        "office": office,
        "document_class": "grant",
    }
    body = right_body(kind=kind, identifier=identifier, owners=owners)
    return str((await ok(await people["ann"].post("/v1/rights", body)))["id"])


async def ask(people: dict[str, Person], right_id: str, act: str, **more: Any) -> httpx2.Response:
    body = {"act": act, "terms": TERMS} | more
    return await people["ann"].post(f"/v1/rights/{right_id}/consents", body)


ACTS = (
    "list",
    "sell",
    "sell_share",
    "license",
    "license_sole",
    "license_exclusive",
    "pledge",
    "pledge_share",
    "surrender",
)
ALONE = {"KR": set(), "CN": {"license"}, "US": {"license", "sell_share", "pledge_share"}}


@pytest.mark.parametrize("office", ALONE)
async def test_what_an_owner_may_do_alone_is_said_by_the_rule(
    people: dict[str, Person], office: str
) -> None:
    """Korea 99, China 14, United States 262."""
    right_id = await shared_right(people, office)
    for act in ACTS:
        answer = await ask(people, right_id, act)
        if act in ALONE[office]:
            assert (answer.status_code, answer.json()["code"]) == (409, "consent_not_needed")
            continue
        asked = (await ok(answer))[0]
        assert (asked["act"], asked["state"], asked["terms_sha256"]) == (act, "asked", SHA256)
        assert asked["organisation_id"] == str(people["ben"].organisation_id)
        rules = await ok(await people["ann"].get("/v1/legal-rules", jurisdiction=office))
        rule = next(rule for rule in rules if rule["id"] == asked["rule_id"])
        assert (rule["topic"], rule["right_kind"]) == ("consents", "patent")


async def test_it_is_asked_once_seen_by_both_and_given_to_what_was_read(
    people: dict[str, Person], connection: AsyncConnection
) -> None:
    right_id = await shared_right(people)
    asked = (await ok(await ask(people, right_id, "license_exclusive")))[0]
    assert (await ok(await ask(people, right_id, "license_exclusive")))[0] == asked
    path = f"/v1/consents/{asked['id']}"
    for reader, status in (("ann", 200), ("ben", 200), ("operator", 200), ("stranger", 404)):
        assert (await people[reader].get(path)).status_code == status
    assert (await ok(await people["ben"].get("/v1/consents", state="asked")))["items"] == [asked]
    assert (await ok(await people["stranger"].get("/v1/consents")))["items"] == []
    before = await contents(connection)

    other = await people["ben"].post(f"{path}/give", {"terms_sha256": "0" * 64})
    assert (other.status_code, other.json()["code"]) == (409, "other_terms")
    own = await people["ann"].post(f"{path}/give", {"terms_sha256": SHA256})
    assert (own.status_code, own.json()["code"]) == (403, "not_your_move")
    foreign = await people["stranger"].post(f"{path}/give", {"terms_sha256": SHA256})
    assert (foreign.status_code, foreign.json()["code"]) == (404, "not_found")
    early = await people["ben"].post(f"{path}/revoke")
    assert (early.status_code, early.json()["code"]) == (409, "illegal_move")
    assert await contents(connection) == before

    given = await ok(await people["ben"].post(f"{path}/give", {"terms_sha256": SHA256}))
    assert (given["state"], given["single_use"]) == ("given", True)
    assert (await ok(await people["ben"].post(f"{path}/revoke")))["state"] == "revoked"
    fresh = (await ok(await ask(people, right_id, "license_exclusive")))[0]
    path = f"/v1/consents/{fresh['id']}"
    assert (await ok(await people["ben"].post(f"{path}/refuse")))["state"] == "refused"
    third = (await ok(await ask(people, right_id, "license_exclusive")))[0]
    withdrawn = await ok(await people["ann"].post(f"/v1/consents/{third['id']}/withdraw"))
    assert withdrawn["state"] == "withdrawn"


async def test_only_an_owner_asks(people: dict[str, Person]) -> None:
    right_id = await shared_right(people)
    body = {"act": "sell", "terms": TERMS}
    answer = await people["stranger"].post(f"/v1/rights/{right_id}/consents", body)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


DRAFT = {
    "title": "A shelf",
    "teaser": "It dries.",
    "language": "en",
    "asking_price_minor": 90_000_000,
    "currency": "KRW",
}


async def give(people: dict[str, Person], asked: list[dict[str, Any]], **more: Any) -> None:
    for one in asked:
        body = {"terms_sha256": one["terms_sha256"], **more}
        await ok(await people["ben"].post(f"/v1/consents/{one['id']}/give", body))


async def test_a_shared_right_is_listed_with_the_consent_of_all(
    people: dict[str, Person], connection: AsyncConnection, clock: ShiftedClock
) -> None:
    ann = people["ann"]
    right_id = await shared_right(people)
    listing = await ok(await ann.post("/v1/listings", DRAFT | {"right_id": right_id}))
    path = f"/v1/listings/{listing['id']}"
    before = await contents(connection)
    refused = await ann.post(f"{path}/publish")
    assert (refused.status_code, refused.json()["code"]) == (409, "consents_missing")
    assert refused.json()["owners"] == [str(people["ben"].organisation_id)]
    assert await contents(connection) == before

    asked = await ok(await ann.post(f"{path}/ask-consents", {}))
    low = {"amount_minor": 95_000_000, "currency": "KRW"}
    await give(people, asked, limit=low)
    assert (await ann.post(f"{path}/publish")).json()["code"] == "consents_missing"  # too cheap
    await ok(await people["ben"].post(f"/v1/consents/{asked[0]['id']}/revoke"))
    asked = await ok(await ann.post(f"{path}/ask-consents", {}))
    await give(people, asked, expires_at=(clock.now() + timedelta(hours=1)).isoformat())
    clock.offset += timedelta(hours=2)
    assert (await ann.post(f"{path}/publish")).json()["code"] == "consents_missing"  # too late
    await ok(await people["ben"].post(f"/v1/consents/{asked[0]['id']}/revoke"))
    asked = await ok(await ann.post(f"{path}/ask-consents", {}))
    await give(people, asked)
    await ok(await ann.patch(path, {"teaser": "It dries umbrellas."}))
    assert (await ann.post(f"{path}/publish")).json()["code"] == "consents_missing"  # other words
    await ok(await ann.patch(path, {"teaser": DRAFT["teaser"]}))
    assert (await ok(await ann.post(f"{path}/publish")))["state"] == "published"

    used = await ok(await ann.get(f"/v1/consents/{asked[0]['id']}"))
    assert (used["state"], used["used_for"]) == ("used", f"listing:{listing['id']}")
    late = await people["ben"].post(f"/v1/consents/{asked[0]['id']}/revoke")
    assert (late.status_code, late.json()["code"]) == (409, "illegal_move")

    change = {"asking_price_minor": 80_000_000}
    assert (await ann.patch(path, change)).json()["code"] == "consents_missing"
    await give(people, await ok(await ann.post(f"{path}/ask-consents", change)))
    assert (await ok(await ann.patch(path, change)))["asking_price_minor"] == 80_000_000


async def test_a_lone_owner_asks_nobody(people: dict[str, Person]) -> None:
    right = await ok(await people["ann"].post("/v1/rights", right_body()))
    listing = await ok(await people["ann"].post("/v1/listings", DRAFT | {"right_id": right["id"]}))
    answer = await people["ann"].post(f"/v1/listings/{listing['id']}/ask-consents", {})
    assert (answer.status_code, answer.json()["code"]) == (409, "consent_not_needed")
    await ok(await people["ann"].post(f"/v1/listings/{listing['id']}/publish"))
