"""Roles, leaving and owning: an organisation always keeps an owner."""

import httpx2
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from marketplace.accounts.models import OrganisationKind
from marketplace.accounts.permissions import MemberRole
from marketplace.kernel.db import Sessions
from tests.factories.deals import ok
from tests.factories.people import Person, person
from tests.factories.refusals import nothing_changes, told


class Company:
    """A company with somebody in each role."""

    def __init__(self, people: dict[str, Person]) -> None:
        self.people = people
        self.path = f"/v1/organisations/{people['owner'].organisation_id}"

    def __getitem__(self, role: str) -> Person:
        return self.people[role]

    def member(self, role: str) -> str:
        return f"{self.path}/members/{self[role].user_id}"

    async def roles(self) -> dict[str, str]:
        page = await ok(await self["owner"].get(f"{self.path}/members", limit=100))
        return {one["user_id"]: one["role"] for one in page["items"]}


@pytest.fixture
async def company(client: httpx2.AsyncClient, sessions: Sessions) -> Company:
    owner = await person(client, sessions)
    own = owner.organisation_id
    others = {
        role: await person(client, sessions, organisation_id=own, role=MemberRole(role))
        for role in ("admin", "member", "viewer")
    }
    return Company({"owner": owner, **others})


async def test_every_member_sees_the_members(company: Company) -> None:
    first = await ok(await company["viewer"].get(f"{company.path}/members", limit=3))
    second = await ok(
        await company["viewer"].get(f"{company.path}/members", limit=3, cursor=first["next"])
    )
    found = first["items"] + second["items"]
    assert second["next"] is None
    assert [one["role"] for one in found] == ["owner", "admin", "member", "viewer"]
    assert {one["user_id"] for one in found} == {str(p.user_id) for p in company.people.values()}
    assert found[0].keys() == {"user_id", "display_name", "email", "role", "joined_at"}


CHANGES = {
    ("owner", "admin", "owner"): (200, None),
    ("owner", "viewer", "admin"): (200, None),
    ("owner", "owner", "admin"): (409, "last_owner"),
    ("admin", "member", "viewer"): (200, None),
    ("admin", "admin", "member"): (200, None),
    ("admin", "member", "owner"): (403, "owners_only"),
    ("admin", "admin", "owner"): (403, "owners_only"),
    ("admin", "owner", "viewer"): (403, "owners_only"),
    ("member", "viewer", "admin"): (403, "permission_missing"),
    ("viewer", "viewer", "owner"): (403, "permission_missing"),
    ("owner", "member", "operator"): (422, "validation_failed"),
}


@pytest.mark.parametrize(("actor", "target", "role"), CHANGES)
async def test_who_makes_whom_what(
    company: Company, connection: AsyncConnection, actor: str, target: str, role: str
) -> None:
    status, code = CHANGES[actor, target, role]
    if code is None:
        changed = await ok(await company[actor].patch(company.member(target), {"role": role}))
        assert (changed["user_id"], changed["role"]) == (str(company[target].user_id), role)
        assert (await company.roles())[changed["user_id"]] == role
        me = await ok(await company[target].get("/v1/sessions/current"))
        assert me["role"] == role, "the same session, with another role"
        return
    async with nothing_changes(connection):
        answer = await company[actor].patch(company.member(target), {"role": role})
        assert told(answer) == (status, code)


REMOVALS = {
    ("owner", "admin"): (204, None),
    ("owner", "owner"): (409, "last_owner"),
    ("admin", "member"): (204, None),
    ("admin", "admin"): (204, None),
    ("admin", "owner"): (403, "owners_only"),
    ("member", "viewer"): (403, "permission_missing"),
}


@pytest.mark.parametrize(("actor", "target"), REMOVALS)
async def test_who_removes_whom(
    company: Company, connection: AsyncConnection, actor: str, target: str
) -> None:
    status, code = REMOVALS[actor, target]
    remove = company[actor].client.delete(company.member(target), headers=company[actor].headers)
    if code is None:
        assert (await remove).status_code == 204
        assert told(await company[target].get("/v1/sessions/current")) == (401, "invalid_token")
        assert str(company[target].user_id) not in await company.roles()
        return
    async with nothing_changes(connection):
        assert told(await remove) == (status, code)


async def test_anyone_leaves_but_the_last_owner(
    company: Company, connection: AsyncConnection
) -> None:
    leave = f"{company.path}/leave"
    async with nothing_changes(connection):
        assert told(await company["owner"].post(leave)) == (409, "last_owner")
    for role in ("viewer", "member"):
        assert told(await company[role].post(leave)) == (204, None)
        assert told(await company[role].get("/v1/deals")) == (401, "invalid_token")
    await ok(await company["owner"].patch(company.member("admin"), {"role": "owner"}))
    assert told(await company["owner"].post(leave)) == (204, None)
    async with nothing_changes(connection):
        assert told(await company["admin"].post(leave)) == (409, "last_owner")


async def test_a_session_from_before_does_not_come_back_with_its_member(
    company: Company, connection: AsyncConnection
) -> None:
    member = company["member"]
    await member.post(f"{company.path}/leave")
    ids = {"user": member.user_id, "own": member.organisation_id}
    again = text(
        "INSERT INTO membership (id, created_at, organisation_id, user_id, role)"
        " VALUES (gen_random_uuid(), now(), :own, :user, 'member')"
    )
    await connection.execute(again, ids)
    assert told(await member.get("/v1/deals")) == (401, "invalid_token")


async def test_ownership_goes_over_in_one_step(
    company: Company, connection: AsyncConnection
) -> None:
    owner, heir, path = company["owner"], company["member"], f"{company.path}/transfer-ownership"
    async with nothing_changes(connection):
        for body, status, code in (
            ({"user_id": str(owner.user_id)}, 404, "not_found"),
            ({"user_id": str(owner.organisation_id)}, 404, "not_found"),
            ({"user_id": str(heir.user_id), "own_role": "owner"}, 422, "validation_failed"),
        ):
            assert told(await owner.post(path, body)) == (status, code)
        denied = await company["admin"].post(path, {"user_id": str(heir.user_id)})
        assert told(denied) == (403, "permission_missing")

    made = await ok(await owner.post(path, {"user_id": str(heir.user_id)}))

    assert (made["user_id"], made["role"]) == (str(heir.user_id), "owner")
    roles = await company.roles()
    assert (roles[str(heir.user_id)], roles[str(owner.user_id)]) == ("owner", "admin")
    assert told(await owner.post(path, {"user_id": str(heir.user_id)})) == (
        403,
        "permission_missing",
    )
    events = await connection.execute(
        text("SELECT data FROM event WHERE type = 'organisation.change_role' ORDER BY sequence")
    )
    assert [(e["user_id"], e["from"], e["to"]) for e in events.scalars()] == [
        (str(heir.user_id), "member", "owner"),
        (str(owner.user_id), "owner", "admin"),
    ]


async def test_nobody_leaves_themselves(
    client: httpx2.AsyncClient, sessions: Sessions, connection: AsyncConnection
) -> None:
    alone = await person(client, sessions, kind=OrganisationKind.PERSON)
    async with nothing_changes(connection):
        left = await alone.post(f"/v1/organisations/{alone.organisation_id}/leave")
        assert told(left) == (409, "fixed_members")
