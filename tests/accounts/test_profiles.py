"""What an organisation says of itself, and who may change it."""

from typing import Any

import httpx2
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from marketplace.accounts.models import OrganisationKind
from marketplace.accounts.permissions import MemberRole
from marketplace.kernel.db import Sessions
from tests.factories.deals import ok
from tests.factories.people import Person, operator, person
from tests.factories.refusals import nothing_changes, told

BUSINESS = {"scheme": "kr_business", "number": "124-81-00998"}
LEI = {"scheme": "lei", "number": "213800KUD8LAJWSQ9D15"}
COMPANY = {"name": "한빛소재", "kind": "company", "country": "KR", "region": "KR-26"}


@pytest.fixture
async def owner(client: httpx2.AsyncClient, sessions: Sessions) -> Person:
    return await person(client, sessions)


def path(who: Person) -> str:
    return f"/v1/organisations/{who.organisation_id}"


@pytest.mark.parametrize(
    "kind", [k for k in OrganisationKind if k not in {OrganisationKind.PERSON, "operator"}]
)
async def test_every_kind_is_founded_with_its_profile(owner: Person, kind: str) -> None:
    body = COMPANY | {"kind": kind, "industry": "C26", "numbers": [BUSINESS, LEI]}

    made = await ok(await owner.post("/v1/organisations", body))

    numbers = [{"scheme": "kr_business", "number": "1248100998"}, LEI]
    expected = COMPANY | {"kind": kind, "industry": "C26", "numbers": numbers, "version": 1}
    assert made == expected | {"id": made["id"]}
    assert await ok(await owner.get(f"/v1/organisations/{made['id']}")) == made


@pytest.mark.parametrize(
    ("wrong", "status", "code"),
    [
        ({"kind": "person"}, 403, "permission_missing"),
        ({"kind": "operator"}, 403, "permission_missing"),
        ({"kind": "kingdom"}, 422, "validation_failed"),
        ({"country": "XX"}, 422, "validation_failed"),
        ({"region": "CN-GD"}, 422, "wrong_region"),
        ({"region": "KR-99"}, 422, "wrong_region"),
        ({"industry": "C99"}, 422, "validation_failed"),
        ({"numbers": [BUSINESS, BUSINESS]}, 422, "validation_failed"),
        ({"numbers": [BUSINESS | {"number": "124-81-00997"}]}, 422, "wrong_number"),
        ({"country": "CN", "region": None, "numbers": [BUSINESS]}, 422, "wrong_number"),
    ],
    ids=str,
)
async def test_what_is_not_founded(
    owner: Person, connection: AsyncConnection, wrong: dict[str, Any], status: int, code: str
) -> None:
    async with nothing_changes(connection):
        assert told(await owner.post("/v1/organisations", COMPANY | wrong)) == (status, code)


async def test_a_sign_up_is_of_a_place_that_exists(
    client: httpx2.AsyncClient, connection: AsyncConnection
) -> None:
    body = {"email": "a@example.com", "password": "long and private", "display_name": "A"}
    async with nothing_changes(connection):
        for place, code in (
            ({"country": "KR", "region": "CN-GD"}, "wrong_region"),
            ({"country": "XX"}, "validation_failed"),
        ):
            assert told(await client.post("/v1/users", json=body | place)) == (422, code)


async def test_a_number_has_one_organisation_until_it_is_given_up_or_taken_away(
    client: httpx2.AsyncClient, sessions: Sessions, connection: AsyncConnection, owner: Person
) -> None:
    rival, boss = await person(client, sessions), await operator(client, sessions)
    await ok(await owner.patch(path(owner), {"numbers": [BUSINESS, LEI]}))
    claim = {"numbers": [BUSINESS | {"number": "1248100998"}]}
    async with nothing_changes(connection):
        assert told(await rival.patch(path(rival), claim)) == (409, "number_taken")
        founding = await rival.post("/v1/organisations", COMPANY | claim)
        assert told(founding) == (409, "number_taken")

    kept = await ok(await owner.patch(path(owner), {"numbers": [LEI]}))
    assert kept["numbers"] == [LEI]
    await ok(await rival.patch(path(rival), claim))

    release = {"scheme": "kr_business", "reason": "the certificate is another's"}
    async with nothing_changes(connection):
        refused = await owner.post(f"{path(rival)}/release-number", release)
        assert told(refused) == (403, "permission_missing")
        none = await boss.post(f"{path(owner)}/release-number", release)
        assert told(none) == (404, "not_found")
    taken = await ok(await boss.post(f"{path(rival)}/release-number", release))
    assert (taken["numbers"], taken["version"]) == ([], 3)
    await ok(await owner.patch(path(owner), {"numbers": [BUSINESS]}))


async def test_an_edit_changes_what_it_names_and_is_told_without_names(
    connection: AsyncConnection, owner: Person
) -> None:
    first = await ok(await owner.patch(path(owner), {"industry": "J62", "region": None}))
    assert (first["industry"], first["region"], first["version"]) == ("J62", None, 2)
    second = await ok(await owner.patch(path(owner), {"name": "한빛", "region": "KR-41"}))
    assert second == first | {"name": "한빛", "region": "KR-41", "version": 3}

    events = await connection.execute(
        text("SELECT data FROM event WHERE type = 'organisation.edit' ORDER BY sequence")
    )
    assert list(events.scalars()) == [
        {
            "fields": ["industry", "region"],
            "from": {"industry": None, "region": "KR-11"},
            "to": {"industry": "J62", "region": None},
        },
        {"fields": ["name", "region"], "from": {"region": None}, "to": {"region": "KR-41"}},
    ]


async def test_an_edit_insists_on_the_version_that_was_read(
    connection: AsyncConnection, owner: Person
) -> None:
    await ok(await owner.patch(path(owner), {"industry": "J62"}, headers={"if-match": "1"}))
    async with nothing_changes(connection):
        for stale in ("1", "3"):
            answer = await owner.patch(path(owner), {"name": "x"}, headers={"if-match": stale})
            assert told(answer) == (409, "version_mismatch")
        for wrong in ({"name": None}, {"numbers": None}, {"kind": "lender"}, {"country": "CN"}):
            answer = await owner.patch(path(owner), wrong)
            assert told(answer) == (422, "validation_failed")
        assert told(await owner.patch(path(owner), {"region": "CN-GD"})) == (422, "wrong_region")


@pytest.mark.parametrize(("role", "status"), [("admin", 200), ("member", 403), ("viewer", 403)])
async def test_who_edits(
    client: httpx2.AsyncClient, sessions: Sessions, owner: Person, role: str, status: int
) -> None:
    own = owner.organisation_id
    one = await person(client, sessions, organisation_id=own, role=MemberRole(role))
    assert (await one.patch(path(owner), {"name": "x"})).status_code == status
    stranger = await person(client, sessions)
    assert told(await stranger.patch(path(owner), {"name": "x"})) == (404, "not_found")
