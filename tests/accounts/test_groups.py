"""Groups of organisations: agreed by both sides or recorded, trees on every day."""

from datetime import date, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from marketplace.accounts.affiliations.queries import group_of, same_group
from marketplace.kernel.clock import ShiftedClock
from marketplace.kernel.db import Sessions
from tests.factories.deals import ok
from tests.factories.people import Person, operator, person
from tests.factories.refusals import nothing_changes, told
from tests.factories.steady import steady

PROPOSALS, AFFILIATIONS = "/v1/affiliation-proposals", "/v1/affiliations"
TERMS = {"share_basis_points": 6_000, "valid_from": "2024-01-01"}
DAY = date(2025, 6, 1)


@pytest.fixture
async def people(client: httpx2.AsyncClient, sessions: Sessions) -> list[Person]:
    """The owners of four companies."""
    return [await person(client, sessions, name=name) for name in ("A", "B", "C", "D")]


@pytest.fixture
async def boss(client: httpx2.AsyncClient, sessions: Sessions) -> Person:
    return await operator(client, sessions)


def offer(other: Person, side: str = "parent", **changed: Any) -> dict[str, Any]:
    return TERMS | {"counterpart_id": str(other.organisation_id), "own_side": side} | changed


def recorded(parent: Person, affiliate: Person, **changed: Any) -> dict[str, Any]:
    ids = {"parent_id": parent.organisation_id, "affiliate_id": affiliate.organisation_id}
    named = {name: str(value) for name, value in ids.items()}
    return TERMS | named | {"evidence": "annual report 2024, note 17"} | changed


async def agree(one: Person, other: Person, side: str = "parent", **changed: Any) -> dict[str, Any]:
    proposal = await ok(await one.post(PROPOSALS, offer(other, side, **changed)))
    return dict(await ok(await other.post(f"{PROPOSALS}/{proposal['id']}/confirm")))


async def names(who: Person, of: Person, day: date = DAY) -> list[str]:
    path = f"/v1/organisations/{of.organisation_id}/group"
    group = await ok(await who.get(path, as_of=day.isoformat()))
    assert group["as_of"] == day.isoformat()
    return [member["name"] for member in group["members"]]


@pytest.mark.parametrize("side", ["parent", "affiliate"])
async def test_either_side_proposes_and_the_other_confirms(
    people: list[Person], sessions: Sessions, connection: AsyncConnection, side: str
) -> None:
    one, other, third, _ = people
    proposal = await ok(await one.post(PROPOSALS, offer(other, side)))
    answer = f"{PROPOSALS}/{proposal['id']}"
    async with nothing_changes(connection):
        for who, move, status, code in (
            (one, "confirm", 403, "not_your_move"),
            (one, "decline", 403, "not_your_move"),
            (other, "withdraw", 403, "not_your_move"),
            (third, "confirm", 404, "not_found"),
        ):
            assert told(await who.post(f"{answer}/{move}")) == (status, code)
        pending = await one.post(PROPOSALS, offer(other, side))
        assert told(pending) == (409, "proposal_pending")
    assert await names(one, one) == ["A"]

    made = await ok(await other.post(f"{answer}/confirm"))

    parent, affiliate = (one, other) if side == "parent" else (other, one)
    assert made == {
        "id": made["id"],
        "parent_id": str(parent.organisation_id),
        "affiliate_id": str(affiliate.organisation_id),
        "valid_until": None,
        "evidence": None,
        **TERMS,
    }
    for who in (one, other):
        listed = await ok(await who.get(AFFILIATIONS))
        assert listed == {"items": [made], "next": None}
        (shown,) = (await ok(await who.get(PROPOSALS)))["items"]
        assert shown["state"] == "confirmed"
    assert set(await names(third, one)) == {"A", "B"}
    async with sessions() as session:
        ids = one.organisation_id, other.organisation_id
        assert await same_group(session, *ids, DAY)
        assert not await same_group(session, *ids, date(2023, 12, 31))
        assert not await same_group(session, ids[0], third.organisation_id, DAY)
        assert await same_group(session, third.organisation_id, third.organisation_id, DAY)


@pytest.mark.parametrize("end", ["decline", "withdraw", "expire"])
async def test_a_proposal_that_is_not_confirmed_leaves_nothing(
    people: list[Person], connection: AsyncConnection, end: str
) -> None:
    one, other, *_ = people
    proposal = await ok(await one.post(PROPOSALS, offer(other)))
    if end == "expire":
        await connection.execute(text("UPDATE affiliation_proposal SET state = 'expired'"))
    else:
        who = other if end == "decline" else one
        assert (await ok(await who.post(f"{PROPOSALS}/{proposal['id']}/{end}")))["id"]
    async with nothing_changes(connection):
        confirm = await other.post(f"{PROPOSALS}/{proposal['id']}/confirm")
        assert told(confirm) == (409, "illegal_move")
    assert await names(one, other) == ["B"]
    await agree(one, other)


async def test_what_is_no_affiliation(
    people: list[Person], boss: Person, connection: AsyncConnection
) -> None:
    one, other, *_ = people
    own, nobody = str(one.organisation_id), str(UUID(int=7))
    async with nothing_changes(connection):
        for body, status, code in (
            (offer(one), 422, "same_organisation"),
            (offer(other, counterpart_id=nobody), 404, "not_found"),
            (offer(other, share_basis_points=0), 422, "validation_failed"),
            (offer(other, share_basis_points=10_001), 422, "validation_failed"),
            (offer(other, valid_until="2024-01-01"), 422, "validation_failed"),
            (offer(other, valid_from=1_704_067_200), 422, "validation_failed"),
        ):
            assert told(await one.post(PROPOSALS, body)) == (status, code)
        for body, status, code in (
            (recorded(one, one), 422, "same_organisation"),
            (recorded(one, other, parent_id=nobody), 404, "not_found"),
            (recorded(one, other, evidence=""), 422, "validation_failed"),
        ):
            assert told(await boss.post(AFFILIATIONS, body)) == (status, code)
        denied = await one.post(AFFILIATIONS, recorded(one, other))
        assert told(denied) == (403, "permission_missing")
        unknown = await one.get(f"/v1/organisations/{nobody}/group")
        assert told(unknown) == (404, "not_found")
    assert own


async def test_a_group_is_read_from_the_top_down(people: list[Person], boss: Person) -> None:
    a, b, c, d = people
    for parent, affiliate in ((a, b), (a, c), (c, d)):
        await ok(await boss.post(AFFILIATIONS, recorded(parent, affiliate)))
    for one in people:
        assert await names(boss, one) == ["A", "B", "C", "D"]
    path = f"/v1/organisations/{d.organisation_id}/group"
    members = (await ok(await boss.get(path)))["members"]
    assert [(m["parent_id"], m["share_basis_points"]) for m in members] == [
        (None, None),
        (str(a.organisation_id), 6_000),
        (str(a.organisation_id), 6_000),
        (str(c.organisation_id), 6_000),
    ]


async def test_a_group_is_a_tree_on_every_day(
    people: list[Person], boss: Person, connection: AsyncConnection
) -> None:
    a, b, c, d = people
    span = {"valid_from": "2024-01-01", "valid_until": "2025-01-01"}
    await ok(await boss.post(AFFILIATIONS, recorded(a, b, **span)))
    await ok(await boss.post(AFFILIATIONS, recorded(b, c, **span)))
    async with nothing_changes(connection):
        for parent, affiliate, code in (
            (c, a, "affiliation_cycle"),
            (b, a, "affiliation_cycle"),
            (d, b, "other_parent"),
            (a, c, "other_parent"),
        ):
            last = {"valid_from": "2024-12-31", "valid_until": None}
            answer = await boss.post(AFFILIATIONS, recorded(parent, affiliate, **last))
            assert told(answer) == (409, code)
    later = {"valid_from": "2025-01-01"}
    await ok(await boss.post(AFFILIATIONS, recorded(c, a, **later)))
    await ok(await boss.post(AFFILIATIONS, recorded(d, c, **later)))
    assert await names(a, a, date(2024, 12, 31)) == ["A", "B", "C"]
    assert await names(a, a, date(2025, 1, 1)) == ["D", "C", "A"]
    assert await names(a, b, date(2025, 1, 1)) == ["B"]


async def test_an_operator_cannot_prolong_into_a_cycle(
    people: list[Person], boss: Person, connection: AsyncConnection
) -> None:
    a, b, *_ = people
    span = {"valid_from": "2024-01-01", "valid_until": "2025-01-01"}
    first = await ok(await boss.post(AFFILIATIONS, recorded(a, b, **span)))
    await ok(await boss.post(AFFILIATIONS, recorded(b, a, valid_from="2025-01-01")))
    end = f"{AFFILIATIONS}/{first['id']}/end"
    async with nothing_changes(connection):
        longer = await boss.post(end, {"valid_until": "2025-01-02"})
        assert told(longer) == (409, "affiliation_cycle")
    await ok(await boss.post(end, {"valid_until": "2024-06-01"}))


async def test_a_group_has_at_most_twenty_levels(
    client: httpx2.AsyncClient, sessions: Sessions, boss: Person, connection: AsyncConnection
) -> None:
    chain = [await person(client, sessions, name=f"{n:02}") for n in range(21)]
    for parent, affiliate in pairwise(chain[:20]):
        await ok(await boss.post(AFFILIATIONS, recorded(parent, affiliate)))
    async with nothing_changes(connection):
        for parent, affiliate in ((chain[19], chain[20]), (chain[20], chain[0])):
            answer = await boss.post(AFFILIATIONS, recorded(parent, affiliate))
            assert told(answer) == (409, "affiliation_depth")
    assert await names(boss, chain[19]) == [f"{n:02}" for n in range(20)]


async def test_a_side_ends_what_it_agreed_to_but_rewrites_nothing(
    people: list[Person], boss: Person, connection: AsyncConnection, clock: ShiftedClock
) -> None:
    one, other, third, _ = people
    today = clock.now().date()
    made = await agree(one, other, valid_until=(today + timedelta(days=300)).isoformat())
    end = f"{AFFILIATIONS}/{made['id']}/end"

    def until(days: int) -> dict[str, str]:
        return {"valid_until": (today + timedelta(days=days)).isoformat()}

    async with nothing_changes(connection):
        assert told(await one.post(end, until(-2))) == (422, "invalid_end")
        assert told(await one.post(end, until(301))) == (422, "invalid_end")
        assert told(await third.post(end, until(9))) == (404, "not_found")
    assert (await ok(await other.post(end, until(9))))["valid_until"] == until(9)["valid_until"]
    clock.offset = timedelta(days=10)
    async with nothing_changes(connection):
        assert told(await one.post(end, until(9))) == (409, "affiliation_ended")
    await ok(await boss.post(end, until(-30)))

    on_evidence = await ok(await boss.post(AFFILIATIONS, recorded(third, one)))
    async with nothing_changes(connection):
        own = await third.post(f"{AFFILIATIONS}/{on_evidence['id']}/end", until(20))
        assert told(own) == (403, "recorded_by_operator")
        early = await boss.post(
            f"{AFFILIATIONS}/{on_evidence['id']}/end", {"valid_until": "2023-12-31"}
        )
        assert told(early) == (422, "invalid_end")


LINK = st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(0, 9), st.integers(1, 5))


def ancestors(links: list[tuple[int, int, int, int]], one: int, day: int) -> list[int]:
    """The chain upwards on a day, as the links that were accepted tell it."""
    chain = [one]
    while True:
        above = [p for p, a, start, days in links if a == chain[-1] and start <= day < start + days]
        if not above:
            return chain
        (parent,) = above
        assert parent not in chain
        chain.append(parent)


def is_legal(links: list[tuple[int, int, int, int]], link: tuple[int, int, int, int]) -> bool:
    """Whether every day of a new link still has trees."""
    parent, affiliate, begins, days = link
    span = range(begins, begins + days)
    return all(
        affiliate not in ancestors(links, parent, day)
        and len(ancestors(links, affiliate, day)) == 1
        for day in span
    )


ORGANISATION = text(
    "INSERT INTO organisation (id, created_at, name, kind, country)"
    " VALUES (:id, now(), 'x', 'company', 'KR')"
)
RECORDER = text(
    "INSERT INTO user_account (id, created_at, email, password_hash, display_name)"
    " VALUES (gen_random_uuid(), now(), 'x@example.com', '-', 'x') RETURNING id"
)
AFFILIATION = text(
    "INSERT INTO affiliation (id, created_at, parent_id, affiliate_id, share_basis_points,"
    " valid_from, valid_until, evidence, recorded_by)"
    " VALUES (gen_random_uuid(), now(), :parent, :affiliate, 1, :begins, :ends, 'x', :by)"
)
IDS, START = [UUID(int=n + 1000) for n in range(6)], date(2025, 1, 1)


async def insert(connection: AsyncConnection, link: tuple[int, int, int, int], by: UUID) -> bool:
    parent, affiliate, begins, days = link
    span = {"begins": START + timedelta(begins), "ends": START + timedelta(begins + days)}
    values = {"parent": IDS[parent], "affiliate": IDS[affiliate], "by": by, **span}
    try:
        async with connection.begin_nested():
            await connection.execute(AFFILIATION, values)
    except IntegrityError:
        return False
    return True


@settings(steady, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(links=st.lists(LINK, min_size=3, max_size=14))
async def test_what_would_be_no_tree_is_refused_and_the_queries_see_the_trees(
    connection: AsyncConnection, sessions: Sessions, links: list[tuple[int, int, int, int]]
) -> None:
    example = await connection.begin_nested()
    await connection.execute(ORGANISATION, [{"id": one} for one in IDS])
    by = (await connection.execute(RECORDER)).scalar_one()
    taken: list[tuple[int, int, int, int]] = []
    for link in links:
        legal = is_legal(taken, link)
        assert await insert(connection, link, by) == legal, (taken, link)
        taken += [link] if legal else []

    async with sessions() as session:
        for day in (0, 4, 8, 12):
            on = START + timedelta(day)
            tops = [ancestors(taken, one, day)[-1] for one in range(6)]
            for one in range(6):
                expected = {IDS[other] for other in range(6) if tops[other] == tops[one]}
                group = await group_of(session, IDS[one], on)
                assert {row.organisation_id for row in group} == expected
                assert group[0].organisation_id == IDS[tops[one]]
                other = (one + day + 1) % 6
                together = await same_group(session, IDS[one], IDS[other], on)
                assert together == (tops[one] == tops[other])
    await example.rollback()
