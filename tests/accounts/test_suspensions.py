"""A suspended organisation: its people are told so at every door; everything else goes on."""

from datetime import timedelta

import httpx2
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from marketplace.accounts.models import OrganisationKind
from marketplace.accounts.permissions import MemberRole
from marketplace.accounts.sessions.service import LIFETIME
from marketplace.kernel.clock import ShiftedClock
from marketplace.kernel.db import Sessions
from tests.factories.deals import ok
from tests.factories.people import Person, operator, person
from tests.factories.refusals import nothing_changes, told

REASON = {"reason": "three recordals in a row were forged"}
SUSPENDED = (403, "organisation_suspended")


@pytest.fixture
async def boss(client: httpx2.AsyncClient, sessions: Sessions) -> Person:
    return await operator(client, sessions)


def path(who: Person, move: str) -> str:
    return f"/v1/organisations/{who.organisation_id}/{move}"


async def test_a_suspension_stops_everyone_until_it_is_lifted(
    client: httpx2.AsyncClient, sessions: Sessions, connection: AsyncConnection, boss: Person
) -> None:
    owner, other = await person(client, sessions), await person(client, sessions)
    viewer = await person(
        client, sessions, organisation_id=owner.organisation_id, role=MemberRole.VIEWER
    )

    made = await ok(await boss.post(path(owner, "suspend"), REASON))

    assert (made["reason"], made["lifted_at"]) == (REASON["reason"], None)
    async with nothing_changes(connection):
        for who in (owner, viewer):
            assert told(await who.get("/v1/sessions/current")) == SUSPENDED
            assert told(await who.get("/v1/deals")) == SUSPENDED
            assert told(await who.post("/v1/organisations", {})) == SUSPENDED
        again = await boss.post(path(owner, "suspend"), REASON)
        assert told(again) == (409, "already_suspended")
    profile = await ok(await other.get(path(owner, "")[:-1]))
    assert profile["id"] == str(owner.organisation_id)

    lifted = await ok(await boss.post(path(owner, "lift-suspension"), {"reason": "cleared"}))

    assert (lifted["lifted_because"], lifted["lifted_by"]) == ("cleared", str(boss.user_id))
    assert told(await owner.get("/v1/deals")) == (200, None)
    async with nothing_changes(connection):
        twice = await boss.post(path(owner, "lift-suspension"), REASON)
        assert told(twice) == (409, "not_suspended")
    await ok(await boss.post(path(owner, "suspend"), REASON))
    listed = await ok(await boss.get(path(owner, "suspensions")))
    assert [one["lifted_because"] for one in listed["items"]] == [None, "cleared"]
    events = await connection.execute(
        text("SELECT type, data::text FROM event WHERE type LIKE '%susp%' ORDER BY sequence")
    )
    told_of = [tuple(row) for row in events]
    assert [kind for kind, _ in told_of] == [
        "organisation.suspend",
        "organisation.lift_suspension",
        "organisation.suspend",
    ]
    assert not any("forged" in data for _, data in told_of)


async def test_a_person_still_acts_for_their_other_organisations(
    client: httpx2.AsyncClient, sessions: Sessions, boss: Person
) -> None:
    sign_up = {"email": "one@example.com", "password": "long and private", "display_name": "One"}
    made = await ok(await client.post("/v1/users", json=sign_up | {"country": "KR"}))
    credentials = {"email": "one@example.com", "password": "long and private"}
    token = (await ok(await client.post("/v1/sessions", json=credentials)))["token"]
    headers = {"authorization": f"Bearer {token}"}
    body = {"name": "Lab", "kind": "university", "country": "KR"}
    lab = await ok(await client.post("/v1/organisations", json=body, headers=headers))

    await ok(await boss.post(f"/v1/organisations/{lab['id']}/suspend", REASON))

    refused = await client.post("/v1/sessions", json=credentials | {"organisation_id": lab["id"]})
    assert told(refused) == SUSPENDED
    for wrong in ({"password": "long and wrong"}, {"email": "two@example.com"}):
        answer = await client.post(
            "/v1/sessions", json=credentials | {"organisation_id": lab["id"]} | wrong
        )
        assert told(answer) == (401, "wrong_credentials")
    assert told(await client.post("/v1/sessions", json=credentials)) == (201, None)
    me = await client.get("/v1/sessions/current", headers=headers)
    assert (await ok(me))["organisation"] == made["organisation"]


async def test_what_is_no_credential_any_more_is_not_told_of_a_suspension(
    client: httpx2.AsyncClient, sessions: Sessions, boss: Person, clock: ShiftedClock
) -> None:
    owner = await person(client, sessions)
    await ok(await boss.post(path(owner, "suspend"), REASON))
    clock.offset = LIFETIME * 10_000 + timedelta(seconds=1)
    assert told(await owner.get("/v1/deals")) == (401, "invalid_token")


async def test_the_platform_does_not_lock_itself_out(
    client: httpx2.AsyncClient, sessions: Sessions, connection: AsyncConnection, boss: Person
) -> None:
    owner = await person(client, sessions, kind=OrganisationKind.COMPANY)
    async with nothing_changes(connection):
        assert told(await boss.post(path(boss, "suspend"), REASON)) == (409, "not_suspendable")
        for move in ("suspend", "lift-suspension"):
            nobody = await boss.post(f"/v1/organisations/{owner.user_id}/{move}", REASON)
            assert told(nobody) == (404, "not_found")
            denied = await owner.post(path(boss, move), REASON)
            assert told(denied) == (403, "permission_missing")
