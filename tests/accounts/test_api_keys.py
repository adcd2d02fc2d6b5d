"""A person's keys: part of what they may do, for a time, shown once, gone within a second."""

import asyncio
import re
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from marketplace.accounts.api_keys.service import LIVE_MAX, find_key, forget_ended
from marketplace.accounts.models import OrganisationKind
from marketplace.accounts.permissions import GRANTABLE, ROLE_PERMISSIONS, MemberRole, Permission
from marketplace.accounts.uses import COARSE
from marketplace.kernel.clock import ShiftedClock
from marketplace.kernel.db import Sessions
from tests.concurrency.test_revocations import running, until
from tests.factories.deals import idea_body, ok
from tests.factories.people import Person, operator, person
from tests.factories.tables import contents, values
from tests.factories.world import World
from tests.security.canary import leaks, spellings

SHAPE = re.compile(r"mpk_([0-9a-f]{12})_[A-Za-z0-9_-]{43}")


def holding(owner: Person, key: str) -> Person:
    """The owner's program, which calls with the key."""
    return Person(owner.client, owner.user_id, owner.organisation_id, key)


async def create(owner: Person, *scopes: str, **changed: Any) -> dict[str, Any]:
    body = {"name": "a report", "scopes": list(scopes or ["read"])} | changed
    return dict(await ok(await owner.post("/v1/api-keys", body)))


def refusal(answer: httpx2.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


@pytest.fixture
async def owner(client: httpx2.AsyncClient, sessions: Sessions) -> Person:
    return await person(client, sessions)


async def test_a_key_does_what_its_scopes_say_and_nothing_else(owner: Person) -> None:
    made = await create(owner, "read", "rights:register")
    program = holding(owner, made["key"])
    me = await ok(await program.get("/v1/sessions/current"))
    assert me["permissions"] == ["read", "rights:register"]
    assert (me["user"]["id"], me["role"]) == (str(owner.user_id), "owner")
    assert me["organisation"]["id"] == str(owner.organisation_id) == made["organisation_id"]
    right = await program.post("/v1/rights", idea_body())
    assert right.status_code == 201
    listed = await program.post("/v1/listings", {"right_id": right.json()["id"]})
    assert refusal(listed) == (403, "permission_missing")


async def test_a_key_takes_no_part_in_what_is_a_persons_own(
    owner: Person, connection: AsyncConnection
) -> None:
    program = holding(owner, (await create(owner, "read"))["key"])
    company = {"name": "Mine", "kind": "company", "country": "KR"}
    before = await contents(connection)
    for answer in (
        await program.post(f"/v1/organisations/{owner.organisation_id}/leave"),
        await program.post("/v1/organisations", company),
        await program.post("/v1/invitations/accept", {"token": "x" * 43}),
        await program.get("/v1/authorizations"),
        await program.delete("/v1/sessions/current"),
    ):
        assert refusal(answer) == (403, "permission_missing")
    assert await contents(connection) == before


async def test_it_is_shown_once_and_only_its_hash_is_kept(
    owner: Person, connection: AsyncConnection
) -> None:
    keyed = {"idempotency-key": "the same key"}
    body = {"name": "a report", "scopes": ["read"]}
    made = await ok(await owner.post("/v1/api-keys", body, headers=keyed))
    shape = SHAPE.fullmatch(made["key"])
    assert shape
    assert shape[1] == made["public_id"]
    listed = (await ok(await owner.get("/v1/api-keys")))["items"]
    assert listed == [{name: value for name, value in made.items() if name != "key"}]
    before = await contents(connection)
    again = await owner.post("/v1/api-keys", body, headers=keyed)
    assert refusal(again) == (409, "answer_withheld")
    other = await owner.post("/v1/api-keys", body | {"name": "b"}, headers=keyed)
    assert refusal(other) == (409, "idempotency_key_reused")
    assert await contents(connection) == before
    needles = spellings(made["key"]) | spellings(made["key"].rpartition("_")[2])
    async for column, value in values(connection):
        assert not leaks(value if isinstance(value, bytes) else str(value).encode(), needles), (
            column
        )


async def test_a_key_makes_neither_keys_nor_sessions(owner: Person) -> None:
    program = holding(owner, (await create(owner, *sorted(set(GRANTABLE) & _owners())))["key"])
    for answer in (
        await program.post("/v1/api-keys", {"name": "more", "scopes": ["read"]}),
        await program.get("/v1/api-keys"),
        await program.client.delete(f"/v1/api-keys/{owner.user_id}", headers=program.headers),
    ):
        assert refusal(answer) == (403, "permission_missing")
    token = await program.post("/v1/sessions", {"email": "a@example.com", "password": "x" * 10})
    assert refusal(token) == (401, "wrong_credentials")


def _owners() -> set[str]:
    return {permission.value for permission in ROLE_PERMISSIONS[MemberRole.OWNER]}


@pytest.mark.parametrize(
    ("scope", "status", "code"),
    [
        ("agreements:sign", 403, "scope_not_yours"),
        ("system:operate", 403, "scope_not_yours"),
        ("account:manage", 403, "scope_not_yours"),
        ("everything", 422, "validation_failed"),
    ],
)
async def test_nobody_gives_more_than_they_have(
    client: httpx2.AsyncClient,
    sessions: Sessions,
    connection: AsyncConnection,
    scope: str,
    status: int,
    code: str,
) -> None:
    member = await person(client, sessions, role=MemberRole.MEMBER)
    before = await contents(connection)
    answer = await member.post("/v1/api-keys", {"name": "x", "scopes": ["read", scope]})
    assert refusal(answer) == (status, code)
    assert await contents(connection) == before


async def test_an_operators_key_operates(client: httpx2.AsyncClient, sessions: Sessions) -> None:
    boss = await operator(client, sessions)
    program = holding(boss, (await create(boss, "system:operate"))["key"])
    assert (await program.get("/v1/event-failures")).status_code == 200
    assert refusal(await program.get("/v1/bank-entries")) == (403, "permission_missing")


@pytest.mark.parametrize("days", [0, 366, -1, None, 1.5])
async def test_a_key_lasts_a_year_at_most(owner: Person, days: Any) -> None:
    body = {"name": "x", "scopes": ["read"], "lifetime_days": days}
    assert refusal(await owner.post("/v1/api-keys", body)) == (422, "validation_failed")


async def test_a_key_ends_with_its_time(owner: Person, clock: ShiftedClock) -> None:
    program = holding(owner, (await create(owner))["key"])
    short = holding(owner, (await create(owner, lifetime_days=1))["key"])
    clock.offset += timedelta(days=1, seconds=1)
    assert refusal(await short.get("/v1/deals")) == (401, "invalid_token")
    clock.offset += timedelta(days=88, hours=23)
    assert (await program.get("/v1/deals")).status_code == 200
    clock.offset += timedelta(hours=1)
    assert refusal(await program.get("/v1/deals")) == (401, "invalid_token")


async def test_a_demotion_shrinks_a_key_and_a_leave_ends_it(
    owner: Person, client: httpx2.AsyncClient, sessions: Sessions, connection: AsyncConnection
) -> None:
    own = owner.organisation_id
    await person(client, sessions, organisation_id=own)  # an organisation keeps an owner
    program = holding(owner, (await create(owner, "read", "listings:write"))["key"])
    role = text("UPDATE membership SET role = :role WHERE user_id = :id")
    await connection.execute(role, {"role": "viewer", "id": owner.user_id})
    me = await ok(await program.get("/v1/sessions/current"))
    assert me["permissions"] == ["read"]
    await connection.execute(role, {"role": "admin", "id": owner.user_id})
    me = await ok(await program.get("/v1/sessions/current"))
    assert me["permissions"] == ["listings:write", "read"], "and never more than its scopes"
    assert (await owner.post(f"/v1/organisations/{own}/leave")).status_code == 204
    assert refusal(await program.get("/v1/deals")) == (401, "invalid_token")
    await person(client, sessions, organisation_id=own)
    ended = await connection.execute(text("SELECT bool_and(revoked_at IS NOT NULL) FROM api_key"))
    assert ended.scalar_one(), "who comes back does not find old keys open"


async def test_a_scope_that_became_personal_or_unknown_gives_nothing(
    owner: Person, connection: AsyncConnection, sessions: Sessions
) -> None:
    made = await create(owner)
    stored = text("UPDATE api_key SET scopes = '{account:manage,long:gone,read}'")
    await connection.execute(stored)
    async with sessions() as session:
        found = await find_key(session, made["key"])
    assert found
    assert found.actor.permissions == {Permission.READ}


async def test_another_persons_key_is_not_there(
    owner: Person, client: httpx2.AsyncClient, sessions: Sessions, connection: AsyncConnection
) -> None:
    made = await create(owner)
    colleague = await person(client, sessions, organisation_id=owner.organisation_id)
    before = await contents(connection)
    told = []
    for key_id in (made["id"], str(owner.user_id)):
        answer = await client.delete(f"/v1/api-keys/{key_id}", headers=colleague.headers)
        told.append((*refusal(answer), answer.json()["detail"]))
    assert told == [(404, "not_found", "no such key")] * 2
    assert (await ok(await colleague.get("/v1/api-keys")))["items"] == []
    assert await contents(connection) == before


async def test_a_revoked_key_is_refused_and_told_of(
    owner: Person, connection: AsyncConnection
) -> None:
    made = await create(owner)
    path = f"/v1/api-keys/{made['id']}"
    for _ in range(2):
        gone = await owner.client.delete(path, headers=owner.headers)
        assert gone.status_code == 204
    assert refusal(await holding(owner, made["key"]).get("/v1/deals")) == (401, "invalid_token")
    (listed,) = (await ok(await owner.get("/v1/api-keys")))["items"]
    assert listed["revoked_at"]
    told = await connection.execute(
        text("SELECT type, actor, data FROM event WHERE subject = :s ORDER BY sequence"),
        {"s": f"api_key:{made['id']}"},
    )
    events = told.all()
    assert [event.type for event in events] == ["api_key.create", "api_key.revoke"]
    assert {event.actor for event in events} == {f"user:{owner.user_id}"}
    assert "a report" not in str(events), "what people call their things is nobody's news"


async def test_last_uses_are_written_now_and_then(
    owner: Person, app: FastAPI, sessions: Sessions, clock: ShiftedClock
) -> None:
    made, idle = await create(owner), await create(owner)
    program, uses = holding(owner, made["key"]), app.state.uses
    for _ in range(3):
        await program.get("/v1/deals")
    assert refusal(await holding(owner, idle["key"] + "x").get("/v1/deals"))[0] == 401
    assert await _last_used(owner) == {made["id"]: None, idle["id"]: None}
    await uses.write(sessions)
    first = await _last_used(owner)
    assert (first[made["id"]] is not None, first[idle["id"]]) == (True, None)
    await program.get("/v1/deals")
    await uses.write(sessions)
    assert await _last_used(owner) == first, "a time that is minutes old is good enough"
    clock.offset += COARSE + timedelta(seconds=1)
    await program.get("/v1/deals")
    await uses.write(sessions)
    assert (await _last_used(owner))[made["id"]] > first[made["id"]]  # type: ignore[operator]


async def _last_used(owner: Person) -> dict[str, str | None]:
    listed = (await ok(await owner.get("/v1/api-keys")))["items"]
    return {key["id"]: key["last_used_at"] for key in listed}


async def test_keys_that_ended_are_forgotten(
    owner: Person, sessions: Sessions, clock: ShiftedClock
) -> None:
    kept = await create(owner, lifetime_days=300)
    revoked = await create(owner, lifetime_days=300)
    await create(owner, lifetime_days=1)
    await owner.client.delete(f"/v1/api-keys/{revoked['id']}", headers=owner.headers)
    for days, left in ((89, 3), (3, 1)):
        clock.offset += timedelta(days=days)
        async with sessions.begin() as session:
            await forget_ended(session)
        listed = (await ok(await owner.get("/v1/api-keys")))["items"]
        assert len(listed) == left
    assert [key["id"] for key in listed] == [kept["id"]]


async def test_of_many_requests_at_once_only_as_many_as_allowed_get_a_key(world: World) -> None:
    owner = await person(world.client, world.sessions, kind=OrganisationKind.PERSON)
    for _ in range(LIVE_MAX - 3):
        await create(owner)
    body = {"name": "x", "scopes": ["read"]}
    answers = await asyncio.gather(*(owner.post("/v1/api-keys", body) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [201] * 3 + [409] * 5
    assert {a.json()["code"] for a in answers if a.status_code == 409} == {"too_many_keys"}
    first = answers[[a.status_code for a in answers].index(201)].json()["id"]
    await owner.client.delete(f"/v1/api-keys/{first}", headers=owner.headers)
    assert (await owner.post("/v1/api-keys", body)).status_code == 201


async def test_a_revoked_key_is_forgotten_within_a_second(world: World) -> None:
    owner = await person(world.client, world.sessions)
    made = await create(owner)
    async with running(world) as process:
        process.authenticator._finders.insert(0, ("mpk_", find_key))
        assert [await process.lets_in(made["key"]) for _ in range(2)] == [True] * 2
        assert len(process.authenticator._remembered) == 1
        heard = process.revocations.heard
        await world.client.delete(f"/v1/api-keys/{made['id']}", headers=owner.headers)
        assert await until(lambda: process.revocations.heard > heard) < 1
        assert process.authenticator._remembered == {}
        assert not await process.lets_in(made["key"])
