"""Who owns what: exact shares, chains of title, and the office's order of receipt."""

from itertools import count
from typing import Any
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from marketplace.kernel.db import Sessions
from tests.factories.deals import idea_body, ok, right_body
from tests.factories.people import Person, operator, person
from tests.factories.register import registered
from tests.factories.tables import contents
from tests.factories.world import World

THIRD = {"numerator": 1, "denominator": 3}
WHOLE = {"numerator": 1, "denominator": 1}
NUMBERS = count(1)
HALF = {"numerator": 1, "denominator": 2}


@pytest.fixture
async def people(client: httpx2.AsyncClient, sessions: Sessions) -> dict[str, Person]:
    names = ("ann", "ben", "cho", "stranger")
    found = {name: await person(client, sessions, name=name) for name in names}
    return found | {"operator": await operator(client, sessions)}


def shares(**owned: tuple[Person, dict[str, int]]) -> list[dict[str, Any]]:
    return [
        {"organisation_id": str(owner.organisation_id), "share": share}
        for owner, share in owned.values()
    ]


async def owned_by(people: dict[str, Person], share: dict[str, int], *names: str) -> str:
    """A right that some people own in equal parts; the first registers it."""
    owners = shares(**{name: (people[name], share) for name in names})
    body = right_body(owners=owners)
    return str((await ok(await people[names[0]].post("/v1/rights", body)))["id"])


async def owners(reader: Person, right_id: str, **asked: str) -> dict[str, str]:
    """Shares by owner, as `1/3`."""
    found = await ok(await reader.get(f"/v1/rights/{right_id}/title", **asked))
    return {
        one["organisation_id"]: f"{one['share']['numerator']}/{one['share']['denominator']}"
        for one in found["owners"]
    }


async def convey(
    people: dict[str, Person],
    right_id: str,
    giver: str,
    to: str,
    share: dict[str, int] = WHOLE,
    **dates: Any,
) -> httpx2.Response:
    body = {
        "kind": "assignment",
        "from_organisation_id": str(people[giver].organisation_id),
        "to_organisation_id": str(people[to].organisation_id),
        "share": share,
        "source": "register extract",
        **dates,
    }
    return await people["operator"].post(f"/v1/rights/{right_id}/conveyances", body)


async def test_three_thirds_are_a_whole(people: dict[str, Person]) -> None:
    right_id = await owned_by(people, THIRD, "ann", "ben", "cho")

    found = await ok(await people["ben"].get(f"/v1/rights/{right_id}"))

    assert found["owner_organisation_id"] is None
    assert sorted(one["organisation_id"] for one in found["owners"]) == sorted(
        str(people[name].organisation_id) for name in ("ann", "ben", "cho")
    )
    assert {tuple(one["share"].values()) for one in found["owners"]} == {(1, 3)}
    assert (await people["stranger"].get(f"/v1/rights/{right_id}")).status_code == 404
    assert (await people["stranger"].get(f"/v1/rights/{right_id}/title")).status_code == 404


@pytest.mark.parametrize(
    ("owned", "code"),
    [
        (
            {name: {"numerator": 3333, "denominator": 10_000} for name in ("ann", "ben", "cho")},
            "invalid_owners",
        ),
        ({"ann": HALF}, "invalid_owners"),
        ({"ben": WHOLE}, "invalid_owners"),
        ({"ann": HALF, "operator": HALF}, "invalid_owners"),
        ({"ann": {"numerator": 2, "denominator": 1}}, "validation_failed"),
        ({"ann": {"numerator": 0, "denominator": 1}}, "validation_failed"),
    ],
)
async def test_shares_that_are_no_whole(
    people: dict[str, Person],
    connection: AsyncConnection,
    owned: dict[str, dict[str, int]],
    code: str,
) -> None:
    before = await contents(connection)
    body = right_body(owners=shares(**{name: (people[name], one) for name, one in owned.items()}))

    answer = await people["ann"].post("/v1/rights", body)

    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert await contents(connection) == before


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE ownership SET numerator = 3333, denominator = 10000",
        "DELETE FROM ownership WHERE id = (SELECT min(id::text)::uuid FROM ownership)",
        "UPDATE ownership SET owned_until = owned_from + interval '1 day'",
    ],
)
async def test_the_database_itself_keeps_shares_whole(world: World, change: str) -> None:
    client, sessions = world.client, world.sessions
    found = {name: await person(client, sessions, name=name) for name in ("ann", "ben", "cho")}
    await owned_by(found, THIRD, "ann", "ben", "cho")

    with pytest.raises(IntegrityError, match="sum to"):
        async with sessions.begin() as session:
            await session.execute(text(change))


async def test_a_chain_of_title_has_five_dates(people: dict[str, Person]) -> None:
    right_id = await owned_by(people, WHOLE, "ann")
    dates = {
        "contract_on": "2025-10-01",
        "effective_on": "2025-10-05",
        "received_on": "2025-10-20",
        "recorded_on": "2025-10-27",
        "gazetted_on": "2025-11-03",
        "recordal_number": "1-1-2025-7",
    }

    made = await ok(await convey(people, right_id, "ann", "ben", **dates))

    assert {name: made[name] for name in dates} == dates
    assert made["passed_at"] == "2025-10-19T15:00:00Z"  # the receipt's day begins in Korea
    ben, ann = (str(people[name].organisation_id) for name in ("ben", "ann"))
    assert await owners(people["ben"], right_id) == {ben: "1/1"}
    assert await owners(people["ben"], right_id, at="2025-10-19T00:00:00Z") == {ann: "1/1"}
    title = await ok(await people["ann"].get(f"/v1/rights/{right_id}/title"))
    assert [link["kind"] for link in title["chain"]] == ["declaration", "assignment"]
    again = await convey(people, right_id, "ben", "cho", **dates)
    assert again.status_code == 201  # another pair under one number is another link
    twice = await convey(people, right_id, "ben", "cho", **dates)
    assert (twice.status_code, twice.json()) == (200, again.json())
    dates |= {"gazetted_on": "2025-11-10"}
    other = await convey(people, right_id, "ben", "cho", **dates)
    assert (other.status_code, other.json()["code"]) == (409, "recordal_known")


async def test_a_link_that_is_told_twice_is_one_link(
    people: dict[str, Person], connection: AsyncConnection
) -> None:
    ann, ben = (str(people[name].organisation_id) for name in ("ann", "ben"))
    right_id = await owned_by(people, WHOLE, "ann")
    made = await ok(await convey(people, right_id, "ann", "ben", HALF, received_on="2025-10-20"))
    before = await contents(connection)
    for source in ("register extract", "another source"):
        body = {"received_on": "2025-10-20", "source": source}
        again = await convey(people, right_id, "ann", "ben", HALF, **body)
        assert (again.status_code, again.json()) == (200, made)
    assert await contents(connection) == before
    assert await owners(people["ann"], right_id) == {ann: "1/2", ben: "1/2"}

    path = f"/v1/rights/{right_id}/conveyances/{made['id']}/retract"
    assert (await people["operator"].post(path, {"source": "an error"})).status_code == 204
    anew = await convey(people, right_id, "ann", "ben", HALF, received_on="2025-10-20")
    assert anew.status_code == 201
    assert anew.json()["id"] != made["id"]
    assert await owners(people["ann"], right_id) == {ann: "1/2", ben: "1/2"}


async def test_a_transfer_of_the_future_is_no_fact(
    people: dict[str, Person], connection: AsyncConnection
) -> None:
    right_id = await owned_by(people, WHOLE, "ann")
    before = await contents(connection)
    for name in ("effective_on", "received_on", "recorded_on", "gazetted_on", "contract_on"):
        refused = await convey(people, right_id, "ann", "ben", **{name: "2999-01-01"})
        assert (refused.status_code, refused.json()["code"]) == (422, "future_conveyance")
    assert await contents(connection) == before


async def test_a_share_is_given_in_parts(people: dict[str, Person]) -> None:
    right_id = await owned_by(people, HALF, "ann", "ben")
    await ok(await convey(people, right_id, "ann", "cho", {"numerator": 1, "denominator": 6}))
    ids = {name: str(people[name].organisation_id) for name in ("ann", "ben", "cho")}
    assert await owners(people["cho"], right_id) == {
        ids["ben"]: "1/2",
        ids["ann"]: "1/3",
        ids["cho"]: "1/6",
    }

    refused = await convey(people, right_id, "cho", "ben", THIRD)

    assert (refused.status_code, refused.json()["code"]) == (409, "share_not_owned")


async def test_rivals_rank_as_the_office_received_them_however_we_learn_of_them(
    people: dict[str, Person], connection: AsyncConnection
) -> None:
    ben, cho = (str(people[name].organisation_id) for name in ("ben", "cho"))
    right_id = await owned_by(people, WHOLE, "ann")
    await ok(
        await convey(people, right_id, "ann", "ben", received_on="2025-10-20", receipt_order=9)
    )
    known_then = (await ok(await people["ben"].get(f"/v1/rights/{right_id}/title")))["known_at"]
    before = await contents(connection)

    unclear = await convey(people, right_id, "ann", "cho", received_on="2025-10-20")
    later = await convey(people, right_id, "ann", "cho", received_on="2025-10-20", receipt_order=10)
    for refused in (unclear, later):
        assert (refused.status_code, refused.json()["code"]) == (409, "share_not_owned")
    assert await contents(connection) == before
    await ok(
        await convey(people, right_id, "ann", "cho", received_on="2025-10-20", receipt_order=8)
    )

    assert await owners(people["operator"], right_id) == {cho: "1/1"}
    assert await owners(people["operator"], right_id, known_at=known_then) == {ben: "1/1"}
    title = await ok(await people["operator"].get(f"/v1/rights/{right_id}/title"))
    assert [link["is_void"] for link in title["chain"]] == [False, True, False]


async def test_a_rival_without_a_receipt_takes_no_place(people: dict[str, Person]) -> None:
    right_id = await owned_by(people, WHOLE, "ann")
    await ok(await convey(people, right_id, "ann", "ben", effective_on="2025-10-20"))

    refused = await convey(people, right_id, "ann", "cho", effective_on="2025-10-19")

    assert (refused.status_code, refused.json()["code"]) == (409, "receipt_order_needed")


@pytest.mark.parametrize(
    ("recorded", "owner"),
    [
        ({}, "cho"),
        ({"received_on": "2025-06-20"}, "cho"),  # after three months, and after the purchase
        ({"received_on": "2025-04-01"}, "ben"),  # on the last day of the three months
        ({"received_on": "2025-05-31"}, "ben"),  # too late, but before the purchase
    ],
    ids=["never", "too late", "in time", "before the purchase"],
)
async def test_a_later_purchaser_of_a_us_patent_is_protected_from_what_was_not_recorded(
    people: dict[str, Person], recorded: dict[str, Any], owner: str
) -> None:
    ids = {name: str(people[name].organisation_id) for name in ("ann", "ben", "cho", "stranger")}
    right_id = await registered(people["ann"], "US", serial=9_000_000 + next(NUMBERS))
    purchase = {"effective_on": "2025-06-01", "received_on": "2025-06-10"}
    assert (
        await convey(people, right_id, "ann", "ben", effective_on="2025-01-01", **recorded)
    ).is_success
    assert (await convey(people, right_id, "ben", "stranger", effective_on="2025-02-01")).is_success

    later = await convey(people, right_id, "ann", "cho", **purchase)

    if owner == "cho":
        assert await owners(people["operator"], right_id) == {ids["cho"]: "1/1"}
        title = await ok(await people["operator"].get(f"/v1/rights/{right_id}/title"))
        assert [link["is_void"] for link in title["chain"]] == [False, True, True, False]
    else:
        assert (later.status_code, later.json()["code"]) == (409, "share_not_owned")
        assert await owners(people["operator"], right_id) == {ids["stranger"]: "1/1"}


async def test_a_retracted_link_counts_for_nothing_and_stays_on_record(
    people: dict[str, Person],
) -> None:
    ann, ben = (str(people[name].organisation_id) for name in ("ann", "ben"))
    right_id = await owned_by(people, WHOLE, "ann")
    link = await ok(await convey(people, right_id, "ann", "ben"))
    known_then = (await ok(await people["ben"].get(f"/v1/rights/{right_id}/title")))["known_at"]
    path = f"/v1/rights/{right_id}/conveyances/{link['id']}/retract"
    reason = {"source": "correction in gazette 47"}

    assert (await people["ann"].post(path, reason)).status_code == 403
    assert (await people["operator"].post(path, reason)).status_code == 204
    assert (await people["operator"].post(path, reason)).status_code == 404

    assert await owners(people["ann"], right_id) == {ann: "1/1"}
    assert await owners(people["ann"], right_id, known_at=known_then) == {ben: "1/1"}


async def test_what_a_register_grants_outranks_what_was_declared(
    people: dict[str, Person],
) -> None:
    right_id = await owned_by(people, WHOLE, "ann")
    granted = {
        "kind": "grant",
        "to_organisation_id": str(people["ben"].organisation_id),
        "share": WHOLE,
        "recorded_on": "2015-03-02",
        "source": "register extract",
    }
    await ok(await people["operator"].post(f"/v1/rights/{right_id}/conveyances", granted))
    await ok(await convey(people, right_id, "ben", "ann", received_on="2019-05-01"))

    ann, ben = (str(people[name].organisation_id) for name in ("ann", "ben"))
    found = {
        day: await owners(people["ann"], right_id, at=f"{day}T00:00:00Z")
        for day in ("2014-01-01", "2016-01-01", "2020-01-01")
    }
    assert found == {"2014-01-01": {}, "2016-01-01": {ben: "1/1"}, "2020-01-01": {ann: "1/1"}}


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"kind": "grant"}, 422, "nothing_conveyed"),
        ({"kind": "declaration"}, 422, "nothing_conveyed"),
        ({"from_organisation_id": None}, 422, "nothing_conveyed"),
        ({"to_organisation_id": "00000000-0000-7000-8000-000000000000"}, 422, "invalid_owners"),
        ({"received_on": "2025-10-02", "recorded_on": "2025-10-01"}, 422, "validation_failed"),
        ({"receipt_order": 3}, 422, "validation_failed"),
        ({"share": {"numerator": 0, "denominator": 3}}, 422, "validation_failed"),
    ],
    ids=str,
)
async def test_what_is_no_transfer(
    people: dict[str, Person],
    connection: AsyncConnection,
    changed: dict[str, Any],
    status: int,
    code: str,
) -> None:
    right_id = await owned_by(people, WHOLE, "ann")
    before = await contents(connection)

    answer = await convey(people, right_id, "ann", "ben", **changed)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert await contents(connection) == before


async def test_every_owner_of_an_idea_reads_its_text(people: dict[str, Person]) -> None:
    body = idea_body(owners=shares(ann=(people["ann"], HALF), ben=(people["ben"], HALF)))
    right = await ok(await people["ann"].post("/v1/rights", body))
    path = f"/v1/rights/{right['id']}/confidential-text"
    await ok(await people["ben"].put(path, {"content": "the secret of the shelf"}))

    assert (await ok(await people["ann"].get(path)))["content"] == "the secret of the shelf"
    assert UUID(right["owners"][0]["organisation_id"])
    assert (await people["cho"].get(path)).status_code == 404
