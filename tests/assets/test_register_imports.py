"""Facts of registers are kept once, corrected, and never thrown away."""

from typing import Any

import httpx2
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from marketplace.assets.register.codes import import_codes
from marketplace.assets.register.errors import MalformedFactsError
from marketplace.kernel.db import Sessions
from tests.factories.deals import ok
from tests.factories.people import Person, operator, person
from tests.factories.register import number, registered, standing
from tests.factories.tables import contents

NUMBER = {"number": number("KR", "patent", 7_000_001), "office": "KR", "document_class": "grant"}
EVENTS: list[dict[str, Any]] = [
    {"id": "e1", "code": "A-0-1-A10-A12-nap-PA0109", "on": "2013-01-02"},
    {"id": "e2", "code": "A-4-4-F10-F11-exm-PR0701", "on": "2015-03-02", "raw": {"page": 17}},
    {"id": "e3", "code": "N-4-6-H10-H13-oth-PC1903", "on": "2019-09-03"},
    {"id": "e4", "code": "A-9-9-Z90-Z99-oth-XX9999", "on": "2019-09-04"},
    {"kind": "challenged", "on": "2018-01-01"},
]
FACTS = {"origin": "KIPRIS", "as_of": "2026-01-05", "scheme": "ST27"}


@pytest.fixture
async def owner(client: httpx2.AsyncClient, sessions: Sessions) -> Person:
    return await person(client, sessions)


@pytest.fixture
async def registrar(client: httpx2.AsyncClient, sessions: Sessions) -> Person:
    return await operator(client, sessions)


async def test_the_same_facts_twice_change_nothing(
    owner: Person, registrar: Person, connection: AsyncConnection
) -> None:
    right_id = await registered(owner)
    body = FACTS | {"rights": [NUMBER | {"events": EVENTS}]}

    first = await ok(await registrar.post("/v1/register-imports", body))

    assert first == {
        "new": 5,
        "known": 0,
        "retracted": 0,
        "unknown_rights": [],
        "unknown_codes": ["A-9-9-Z90-Z99-oth-XX9999"],
        "changed": [],
    }
    found = await standing(owner, right_id)
    assert (found["status"], found["last_day"]) == ("lapsed", "2033-01-02")
    assert found["checked"] == {"KIPRIS": "2026-01-05"}
    kept = await connection.execute(text("SELECT payload FROM legal_event WHERE event_key = 'e2'"))
    assert kept.scalar_one() == EVENTS[1]
    before = await contents(connection)

    again = await ok(await registrar.post("/v1/register-imports", body))

    assert again == first | {"new": 0, "known": 5, "unknown_codes": []}
    assert await contents(connection) == before


async def test_a_correction_takes_a_fact_back_once(
    owner: Person, registrar: Person, connection: AsyncConnection
) -> None:
    right_id = await registered(owner)
    body = FACTS | {"rights": [NUMBER | {"events": EVENTS}]}
    await ok(await registrar.post("/v1/register-imports", body))
    correction = FACTS | {"rights": [NUMBER | {"events": [{"id": "e9", "retracts": "e3"}]}]}

    done = await ok(await registrar.post("/v1/register-imports", correction))

    assert (done["retracted"], done["known"]) == (1, 0)
    assert (await standing(owner, right_id))["status"] == "in_force"
    again = await ok(await registrar.post("/v1/register-imports", correction))
    assert (again["retracted"], again["known"]) == (0, 1)
    third = await ok(await registrar.post("/v1/register-imports", body))
    assert third["new"] == 0  # told again, what was taken back stays so
    assert (await standing(owner, right_id))["status"] == "in_force"
    changed = FACTS | {
        "rights": [NUMBER | {"events": [{"id": "e1", "kind": "filed", "on": "2012-01-02"}]}]
    }
    assert (await ok(await registrar.post("/v1/register-imports", changed)))["changed"] == [
        f"{right_id} e1"
    ]
    assert (await standing(owner, right_id))["filed_on"] == "2013-01-02"


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"origin": "owner"}, 422, "malformed_facts"),
        ({"as_of": "2999-01-01"}, 422, "malformed_facts"),
        ({"rights": [{"number": "banana"}]}, 422, "invalid_identifier"),
        ({"rights": []}, 422, "validation_failed"),
        ({"events": [{"on": "2013-01-02"}]}, 422, "validation_failed"),
        ({"events": [{"kind": "filed"}]}, 422, "validation_failed"),
        ({"events": [{"kind": "submitted", "on": "2013-01-02"}]}, 422, "malformed_facts"),
        ({"events": [{"kind": "fee_paid", "on": "2013-01-02"}]}, 422, "malformed_facts"),
        ({"events": [{"kind": "filed", "on": "2999-01-02"}]}, 422, "malformed_facts"),
        ({"events": [{"retracts": "nothing"}]}, 422, "malformed_facts"),
    ],
    ids=str,
)
async def test_what_cannot_be_loaded_loads_nothing(
    owner: Person,
    registrar: Person,
    connection: AsyncConnection,
    changed: dict[str, Any],
    status: int,
    code: str,
) -> None:
    await registered(owner)
    before = await contents(connection)
    events = [EVENTS[0], *changed.pop("events", [])] if "events" in changed else EVENTS[:1]
    body = FACTS | {"rights": [NUMBER | {"events": events}]} | changed

    answer = await registrar.post("/v1/register-imports", body)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert await contents(connection) == before


async def test_a_right_that_nobody_registered_is_named(registrar: Person) -> None:
    body = FACTS | {"rights": [NUMBER | {"events": EVENTS}]}
    done = await ok(await registrar.post("/v1/register-imports", body))
    assert (done["new"], done["unknown_rights"]) == (0, ["KR 10-7000001"])


async def test_codes_are_rows_that_a_file_brings(
    owner: Person, registrar: Person, sessions: Sessions
) -> None:
    right_id = await registered(owner)
    content = b"scheme,office,code,kind,meaning\nST27,KR,XX9999,surrendered,given up\n"
    async with sessions.begin() as session:
        assert await import_codes(session, content) == 1
        assert await import_codes(session, content) == 1
        with pytest.raises(MalformedFactsError):
            await import_codes(session, b"scheme,office\nST27,KR\n")
    body = FACTS | {"rights": [NUMBER | {"events": EVENTS}]}
    done = await ok(await registrar.post("/v1/register-imports", body))
    assert done["unknown_codes"] == []
    assert (await standing(owner, right_id))["status"] == "surrendered"
