import json
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from marketplace.kernel.clock import ShiftedClock
from marketplace.kernel.db import Sessions
from tests.factories.deals import Market, idea_body, list_right, ok, right_body
from tests.factories.people import Person, operator, person
from tests.factories.world import World


@pytest.fixture
async def owner(client: httpx2.AsyncClient, sessions: Sessions) -> Person:
    return await person(client, sessions)


@pytest.fixture
async def registrar(client: httpx2.AsyncClient, sessions: Sessions) -> Person:
    return await operator(client, sessions)


async def count(connection: AsyncConnection) -> tuple[Any, ...]:
    query = text(
        """
        SELECT (SELECT count(*) FROM ip_right), (SELECT count(*) FROM right_identifier),
            (SELECT count(*) FROM ownership), (SELECT count(*) FROM legal_event),
            (SELECT count(*) FROM event), (SELECT string_agg(legal_status, ' ') FROM ip_right)
        """
    )
    return tuple((await connection.execute(query)).one())


@pytest.mark.parametrize(
    ("kind", "number", "document_class", "normalized", "status"),
    [
        ("patent", "KR 10-1536536", "grant", "1015365360000", "in_force"),
        ("patent", "KR 10-2021-0012345", "application", "1020210012345", "pending"),
        ("utility_model", "KR 20-0412345", "grant", "2004123450000", "in_force"),
        ("design", "KR 30-0912345", "registration", "3009123450000", "in_force"),
    ],
)
async def test_a_number_names_a_right(
    owner: Person, kind: str, number: str, document_class: str, normalized: str, status: str
) -> None:
    written = {"number": number.lower(), "office": "KR", "document_class": document_class}

    made = await ok(await owner.post("/v1/rights", right_body(kind=kind, identifier=written)))

    found = {"office": "KR", "document_class": document_class, "normalized": normalized}
    assert made["identifiers"] == [found | {"kind_code": None, "display": number}]
    assert (made["kind"], made["office"], made["legal_status"]) == (kind, "KR", status)
    assert made["owner_organisation_id"] == str(owner.organisation_id)
    assert await ok(await owner.get(f"/v1/rights/{made['id']}")) == made
    events = await ok(await owner.get(f"/v1/rights/{made['id']}/legal-events"))
    first = {"in_force": "granted", "pending": "filed"}[status]
    assert [(e["kind"], e["source"]) for e in events] == [(first, "declared by the owner")]


async def test_an_idea_has_no_number_and_is_submitted(owner: Person) -> None:
    made = await ok(await owner.post("/v1/rights", idea_body()))

    assert (made["legal_status"], made["office"], made["identifiers"]) == ("unregistered", None, [])


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"identifier": None}, "identifier_needed"),
        ({"kind": "idea"}, "identifier_needed"),
        ({"kind": "utility_model"}, "kind_mismatch"),
        ({"kind": "design"}, "kind_mismatch"),
        ({"identifier": {"number": "KR 40-1234567"}}, "kind_mismatch"),
        ({"identifier": {"number": "banana"}}, "invalid_identifier"),
        ({"identifier": {"number": "KR 10-1536536", "office": "US"}}, "invalid_identifier"),
        ({"identifier": {"number": "KR 10-153\x006536"}}, "invalid_identifier"),
        ({"identifier": {"number": "7" * 65}}, "validation_failed"),
        ({"identifier": {"number": "KR 10-1536536", "kind": "grant"}}, "validation_failed"),
        ({"kind": "trademark"}, "validation_failed"),
        ({"title": ""}, "validation_failed"),
        ({"title": "x" * 201}, "validation_failed"),
        ({"title": "a\x00b"}, "validation_failed"),
        ({"abstract": "x" * 5_001}, "validation_failed"),
        ({"language": "KO"}, "validation_failed"),
        ({"language": "zz"}, "validation_failed"),
        ({"classifications": ["not a symbol"]}, "invalid_classification"),
        ({"classifications": ["G06Q 50/18"] * 31}, "validation_failed"),
        ({"legal_status": "in_force"}, "validation_failed"),
    ],
    ids=str,
)
async def test_a_right_that_cannot_be(
    owner: Person, connection: AsyncConnection, changed: dict[str, Any], code: str
) -> None:
    before = await count(connection)

    answer = await owner.post("/v1/rights", right_body(**changed))

    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert await count(connection) == before


@pytest.mark.parametrize("field", ["title", "abstract", "number", "classification"])
async def test_half_a_character_is_a_refusal(owner: Person, field: str) -> None:
    parts = {"title": "t", "abstract": "a", "number": "KR 10-1536536", "classification": "G06Q"}
    parts[field] = "\ud800" + parts[field]
    body = right_body(
        title=parts["title"],
        abstract=parts["abstract"],
        identifier={"number": parts["number"]},
        classifications=[parts["classification"]],
    )
    headers = owner.headers | {"content-type": "application/json"}

    answer = await owner.client.post("/v1/rights", content=json.dumps(body), headers=headers)

    assert answer.status_code == 422


@pytest.mark.parametrize(
    "spelling",
    ["KR 10-1536536", "kr10-1536536", "１０-１５３６５３６", "10 1536536 B1", "10-1536536-0000"],
)
async def test_a_right_exists_once_however_its_number_is_written(
    owner: Person,
    client: httpx2.AsyncClient,
    sessions: Sessions,
    connection: AsyncConnection,
    spelling: str,
) -> None:
    await ok(await owner.post("/v1/rights", right_body(identifier={"number": "KR 10-1536536"})))
    before = await count(connection)
    body = right_body(identifier={"number": spelling, "office": "KR"})

    for other in (owner, await person(client, sessions)):
        answer = await other.post("/v1/rights", body)
        assert (answer.status_code, answer.json()["code"]) == (409, "right_already_registered")
        assert await count(connection) == before


async def test_a_right_is_read_by_its_owner_and_the_operator(
    owner: Person, registrar: Person, client: httpx2.AsyncClient, sessions: Sessions
) -> None:
    stranger = await person(client, sessions)
    right = await ok(await owner.post("/v1/rights", right_body()))
    for path in ("", "/legal-events"):
        for reader, status in ((owner, 200), (registrar, 200), (stranger, 404)):
            answer = await reader.get(f"/v1/rights/{right['id']}{path}")
            assert answer.status_code == status
    assert (await ok(await stranger.get("/v1/rights")))["items"] == []
    more = [await ok(await owner.post("/v1/rights", right_body())) for _ in range(2)]
    first = await ok(await owner.get("/v1/rights", limit=2))
    rest = await ok(await owner.get("/v1/rights", limit=2, cursor=first["next"]))
    assert [row["id"] for row in first["items"] + rest["items"]] == [
        more[1]["id"],
        more[0]["id"],
        right["id"],
    ]
    assert rest["next"] is None


PENDING = {"number": "KR 10-2021-0012345", "document_class": "application"}
GRANTED = {"number": "KR 10-1536536"}


@pytest.mark.parametrize(
    ("identifier", "told", "statuses"),
    [
        # what the register says of the past outranks what the owner declared today
        (GRANTED, [("lapsed", 400)], ["lapsed"]),
        (PENDING, [("granted", 400)], ["in_force"]),
        (GRANTED, [("filed", 900)], ["in_force"]),
        (GRANTED, [("filed", 900), ("lapsed", 400)], ["in_force", "lapsed"]),
        # told out of order: the newest fact counts, not the one told last
        (PENDING, [("lapsed", 100), ("granted", 400)], ["lapsed", "lapsed"]),
        (GRANTED, [("restored", 10), ("lapsed", 100)], ["in_force", "in_force"]),
        (GRANTED, [("lapsed", 100), ("filed", 50)], ["lapsed", "lapsed"]),
        # two on one day: the one told last
        (GRANTED, [("lapsed", 30), ("restored", 30)], ["lapsed", "in_force"]),
        (GRANTED, [("expired", 0)], ["expired"]),
    ],
    ids=str,
)
async def test_the_status_follows_the_newest_fact(
    owner: Person,
    registrar: Person,
    clock: ShiftedClock,
    identifier: dict[str, Any],
    told: list[tuple[str, int]],
    statuses: list[str],
) -> None:
    right = await ok(await owner.post("/v1/rights", right_body(identifier=identifier)))
    path = f"/v1/rights/{right['id']}"
    for (kind, days_ago), status in zip(told, statuses, strict=True):
        day = (clock.now() - timedelta(days=days_ago)).date().isoformat()
        body = {"kind": kind, "occurred_on": day, "source": "register extract"}
        await ok(await registrar.post(f"{path}/legal-events", body))
        assert (await ok(await owner.get(path)))["legal_status"] == status

    events = await ok(await owner.get(f"{path}/legal-events"))
    days = [event["occurred_on"] for event in events]
    assert days == sorted(days)
    assert len(events) == len(told) + 1


@pytest.mark.parametrize(
    ("who", "idea", "changed", "status", "code"),
    [
        ("registrar", False, {"days": 2}, 422, "illegal_legal_event"),
        ("registrar", False, {"days": 36_500}, 422, "illegal_legal_event"),
        ("registrar", False, {"kind": "submitted"}, 422, "illegal_legal_event"),
        ("registrar", True, {"kind": "lapsed"}, 422, "illegal_legal_event"),
        ("registrar", True, {"kind": "granted"}, 422, "illegal_legal_event"),
        ("registrar", False, {"kind": "pledged"}, 422, "validation_failed"),
        ("registrar", False, {"occurred_on": "yesterday"}, 422, "validation_failed"),
        ("registrar", False, {"source": ""}, 422, "validation_failed"),
        ("owner", False, {}, 403, "permission_missing"),
    ],
)
async def test_what_is_no_fact_is_not_recorded(
    owner: Person,
    registrar: Person,
    connection: AsyncConnection,
    clock: ShiftedClock,
    who: str,
    idea: bool,
    changed: dict[str, Any],
    status: int,
    code: str,
) -> None:
    right = await ok(await owner.post("/v1/rights", idea_body() if idea else right_body()))
    changed = dict(changed)
    day = clock.now().date() + timedelta(days=changed.pop("days", 0))
    body = {"kind": "lapsed", "occurred_on": day.isoformat(), "source": "register"} | changed
    before = await count(connection)

    teller = {"owner": owner, "registrar": registrar}[who]
    answer = await teller.post(f"/v1/rights/{right['id']}/legal-events", body)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert await count(connection) == before


async def test_a_right_that_nobody_has_has_no_events(registrar: Person) -> None:
    body = {"kind": "lapsed", "occurred_on": "2020-01-01", "source": "register"}
    unknown = await registrar.post(
        "/v1/rights/00000000-0000-7000-8000-000000000000/legal-events", body
    )
    assert (unknown.status_code, unknown.json()["code"]) == (404, "not_found")


async def test_a_right_out_of_force_leaves_the_market_and_comes_back_by_hand(
    world: World,
) -> None:
    market = await Market.open(world)
    listing_id = await list_right(market.seller)
    public = f"/v1/listings/{listing_id}"
    right_id = (await ok(await market.seller.get("/v1/rights")))["items"][0]["id"]
    await world.work()
    assert (await ok(await world.client.get("/v1/listings")))["items"] != []

    async def record(kind: str) -> None:
        day = world.clock.now().date().isoformat()
        body = {"kind": kind, "occurred_on": day, "source": "register"}
        await ok(await market.operator.post(f"/v1/rights/{right_id}/legal-events", body))
        await world.work()

    await record("lapsed")
    assert (await world.client.get(public)).status_code == 404
    assert (await ok(await world.client.get("/v1/listings")))["items"] == []
    refused = await market.operator.post(f"{public}/resume")
    assert (refused.status_code, refused.json()["code"]) == (409, "right_not_tradable")
    await record("restored")
    assert (await world.client.get(public)).status_code == 404
    await ok(await market.operator.post(f"{public}/resume"))
    assert (await ok(await world.client.get(public)))["legal_status"] == "in_force"


async def test_the_public_page_says_the_present_status(world: World) -> None:
    market = await Market.open(world)
    listing_id = await list_right(market.seller, right_body(identifier=PENDING))
    public = f"/v1/listings/{listing_id}"
    assert (await ok(await world.client.get(public)))["legal_status"] == "pending"
    right_id = (await ok(await market.seller.get("/v1/rights")))["items"][0]["id"]
    body = {"kind": "granted", "occurred_on": "2024-05-01", "source": "gazette"}

    await ok(await market.operator.post(f"/v1/rights/{right_id}/legal-events", body))
    await world.work()

    assert (await ok(await world.client.get(public)))["legal_status"] == "in_force"
