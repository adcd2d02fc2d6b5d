"""Members, groups and designations under haste: the database keeps what each request checks."""

import asyncio
from collections import Counter
from typing import Any

import httpx2
import pytest

from marketplace.accounts.permissions import MemberRole
from marketplace.accounts.sessions.service import find_session
from tests.concurrency.test_revocations import running, until
from tests.factories.deals import Market, ok
from tests.factories.people import Person, operator, person
from tests.factories.refusals import told
from tests.factories.world import World

BUSINESS = {"scheme": "kr_business", "number": "124-81-00998"}
REASON = {"reason": "forged recordals"}


async def company(world: World, owners: int) -> list[Person]:
    """Several owners of one company."""
    first = await person(world.client, world.sessions)
    own = first.organisation_id
    others = [
        await person(world.client, world.sessions, organisation_id=own) for _ in range(owners - 1)
    ]
    return [first, *others]


async def owners_of(world: World, one: Person) -> int:
    async with world.sessions() as session:
        connection = await session.connection()
        found = await connection.exec_driver_sql(
            f"SELECT count(*) FROM membership WHERE role = 'owner'"  # noqa: S608
            f" AND organisation_id = '{one.organisation_id}'"
        )
        return int(found.scalar_one())


def ways_out(owner: Person, other: Person) -> list[tuple[str, str, Any]]:
    path = f"/v1/organisations/{owner.organisation_id}"
    return [
        ("POST", f"{path}/leave", None),
        ("DELETE", f"{path}/members/{owner.user_id}", None),
        ("PATCH", f"{path}/members/{owner.user_id}", {"role": "viewer"}),
        ("DELETE", f"{path}/members/{other.user_id}", None),
    ]


@pytest.mark.parametrize("way", range(4), ids=["leave", "remove", "step down", "remove the other"])
async def test_of_all_owners_who_go_at_once_one_stays(world: World, way: int) -> None:
    owners = await company(world, 4)

    async def go(number: int) -> httpx2.Response:
        owner, other = owners[number], owners[number - 1]
        method, path, body = ways_out(owner, other)[way]
        return await world.client.request(method, path, json=body, headers=owner.headers)

    answers = await asyncio.gather(*(go(number) for number in range(4)))

    left = await owners_of(world, owners[0])
    assert left >= 1
    found = Counter(told(answer) for answer in answers)
    gone = sum(count for (status, _), count in found.items() if status < 300)
    assert gone == 4 - left
    refused = set(found) - {(200, None), (204, None)}
    assert refused <= {(409, "last_owner"), (401, "invalid_token"), (503, "unavailable")}


async def test_two_owners_who_leave_at_once_fifty_times(world: World) -> None:
    for _ in range(50):
        pair = await company(world, 2)
        path = f"/v1/organisations/{pair[0].organisation_id}/leave"
        answers = await asyncio.gather(*(one.post(path) for one in pair))
        assert sorted(told(answer) for answer in answers) == [(204, None), (409, "last_owner")]


async def test_one_number_claimed_by_many_has_one_organisation(world: World) -> None:
    rivals = [await person(world.client, world.sessions) for _ in range(8)]
    answers = await asyncio.gather(
        *(
            one.patch(f"/v1/organisations/{one.organisation_id}", {"numbers": [BUSINESS]})
            for one in rivals
        )
    )
    assert Counter(told(a) for a in answers) == {(200, None): 1, (409, "number_taken"): 7}


async def test_links_that_close_a_cycle_together_are_not_all_taken(world: World) -> None:
    boss = await operator(world.client, world.sessions)
    ring = [await person(world.client, world.sessions) for _ in range(5)]

    def link(number: int) -> dict[str, Any]:
        return {
            "parent_id": str(ring[number].organisation_id),
            "affiliate_id": str(ring[(number + 1) % 5].organisation_id),
            "share_basis_points": 10_000,
            "valid_from": "2025-01-01",
            "evidence": "extract",
        }

    answers = await asyncio.gather(
        *(boss.post("/v1/affiliations", link(number)) for number in range(5))
    )
    assert Counter(told(a) for a in answers) == {(201, None): 4, (409, "affiliation_cycle"): 1}


async def test_applications_at_once_make_one(world: World) -> None:
    managers = await company(world, 6)
    body = {"sector": "public", "evidence": "filed"}
    answers = await asyncio.gather(*(one.post("/v1/designations", body) for one in managers))
    assert Counter(told(a) for a in answers) == {(201, None): 1, (409, "designation_exists"): 5}


async def test_operators_suspend_once(world: World) -> None:
    bosses = [await operator(world.client, world.sessions) for _ in range(5)]
    one = await person(world.client, world.sessions)
    path = f"/v1/organisations/{one.organisation_id}/suspend"
    answers = await asyncio.gather(*(boss.post(path, REASON) for boss in bosses))
    assert Counter(told(a) for a in answers) == {(201, None): 1, (409, "already_suspended"): 4}


async def test_what_was_remembered_is_forgotten_within_a_second(world: World) -> None:
    boss = await operator(world.client, world.sessions)
    owner = await person(world.client, world.sessions)
    member = await person(
        world.client, world.sessions, organisation_id=owner.organisation_id, role=MemberRole.MEMBER
    )
    path = f"/v1/organisations/{owner.organisation_id}"
    async with running(world) as process:
        remembered = process.authenticator._remembered

        async def learn() -> None:
            for one in (owner, member):
                assert await process.lets_in(one.token)
            assert len(remembered) == 2

        await learn()
        for name, send in (
            ("role", owner.patch(f"{path}/members/{member.user_id}", {"role": "viewer"})),
            ("suspension", boss.post(f"{path}/suspend", REASON)),
            ("its end", boss.post(f"{path}/lift-suspension", REASON)),
        ):
            heard = process.revocations.heard
            await ok(await send)
            assert await until(lambda before=heard: process.revocations.heard > before) < 1, name
            async with world.sessions() as session:
                found = await find_session(session, member.token)
            assert found is not None
            assert found.is_suspended is (name == "suspension")
            if name == "suspension":
                assert told(await member.get("/v1/deals")) == (403, "organisation_suspended")
            else:
                await learn()


async def test_the_deals_of_a_suspended_organisation_go_on(world: World) -> None:
    market = await Market.open(world)
    deal_id = await market.deal("funded")
    listed = await ok(await market.seller.get("/v1/deals"))
    path = f"/v1/organisations/{market.seller.organisation_id}/suspend"
    await ok(await market.operator.post(path, REASON))
    assert told(await market.seller.get("/v1/deals")) == (403, "organisation_suspended")

    world.clock.offset = world.clock.offset.__class__(days=400)
    await world.work()

    assert listed["items"]
    assert await market.state(deal_id) == "refunded"
    assert await world.proofs() == []
