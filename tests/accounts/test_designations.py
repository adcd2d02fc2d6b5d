"""From an application to the end of a designation, and what was in force on which day."""

from datetime import date, timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from marketplace.accounts.designations.service import reinstate
from marketplace.accounts.models import OrganisationKind
from marketplace.accounts.permissions import MemberRole
from marketplace.kernel.clock import ShiftedClock
from marketplace.kernel.clocks import run_due
from marketplace.kernel.db import Sessions
from marketplace.wiring import CLOCKS
from tests.factories.deals import ok
from tests.factories.people import Person, operator, person
from tests.factories.refusals import nothing_changes, told

DESIGNATIONS, PUBLIC = "/v1/designations", "/v1/valuation-institutions"
DECIDING = ("inspect", "review", "designate")
(CLOCK,) = (clock for clock in CLOCKS if clock.model.__tablename__ == "designation")


class Office:
    """The authority, an applicant, and the days that things happen on."""

    def __init__(self, boss: Person, applicant: Person, clock: ShiftedClock) -> None:
        self.boss, self.applicant = boss, applicant
        self.today = (clock.now() + timedelta(hours=9)).date()  # as Seoul counts

    def day(self, offset: int) -> str:
        return (self.today + timedelta(days=offset)).isoformat()

    async def apply(self, sector: str = "private") -> dict[str, Any]:
        body = {"sector": sector, "evidence": "two attorneys, three appraisers"}
        return dict(await ok(await self.applicant.post(DESIGNATIONS, body)))

    async def step(
        self, designation: dict[str, Any], name: str, by: Person | None = None, **changed: Any
    ) -> httpx2.Response:
        body = {"evidence": f"decision to {name}"} | changed
        return await (by or self.boss).post(f"{DESIGNATIONS}/{designation['id']}/{name}", body)

    async def designated(self, sector: str = "private") -> dict[str, Any]:
        made = await self.apply(sector)
        for name in DECIDING:
            made = await ok(await self.step(made, name))
        return made

    async def counts(self, day: str | None = None) -> tuple[int, int, int, int]:
        query = {"as_of": day} if day else {}
        found = await ok(await self.boss.client.get(f"{PUBLIC}/counts", params=query))
        assert found["as_of"] == (day or self.day(0))
        return found["private"], found["public"], found["total"], found["suspended"]


@pytest.fixture
async def office(client: httpx2.AsyncClient, sessions: Sessions, clock: ShiftedClock) -> Office:
    boss = await operator(client, sessions)
    return Office(boss, await person(client, sessions, name="감정평가법인"), clock)


async def test_an_institution_is_designated_step_by_step(office: Office) -> None:
    made = await office.apply()
    assert (made["state"], made["periods"]) == ("applied", [])
    assert await office.counts() == (0, 0, 0, 0)
    for name, state in zip(DECIDING, ("inspected", "reviewed", "designated"), strict=True):
        made = await ok(await office.step(made, name))
        assert made["state"] == state
    assert made["designated_on"] == office.day(0)
    assert [step["name"] for step in made["steps"]] == ["apply", *DECIDING]
    assert made["periods"] == [
        {"status": "designated", "valid_from": office.day(0), "valid_until": None}
    ]
    assert await office.counts() == (1, 0, 1, 0)
    assert await office.counts(office.day(-1)) == (0, 0, 0, 0)
    listed = await ok(await office.boss.client.get(PUBLIC))
    assert listed == {
        "items": [
            {
                "organisation_id": str(office.applicant.organisation_id),
                "name": "감정평가법인",
                "sector": "private",
                "since": office.day(0),
                "status": "designated",
            }
        ],
        "next": None,
    }
    for who in (office.applicant, office.boss):
        assert [one["id"] for one in (await ok(await who.get(DESIGNATIONS)))["items"]] == [
            made["id"]
        ]
        assert await ok(await who.get(f"{DESIGNATIONS}/{made['id']}")) == made


async def test_each_step_has_its_turn_and_its_side(
    office: Office, connection: AsyncConnection, client: httpx2.AsyncClient, sessions: Sessions
) -> None:
    made, stranger = await office.apply("public"), await person(client, sessions)
    member = await person(
        client,
        sessions,
        organisation_id=office.applicant.organisation_id,
        role=MemberRole.MEMBER,
    )
    async with nothing_changes(connection):
        for name, by, status, code in (
            ("designate", office.boss, 409, "illegal_move"),
            ("reinstate", office.boss, 409, "illegal_move"),
            ("withdraw", office.boss, 409, "illegal_move"),
            ("withdraw", office.applicant, 409, "illegal_move"),
            ("inspect", office.applicant, 403, "permission_missing"),
            ("abandon", office.boss, 403, "permission_missing"),
            ("abandon", member, 403, "permission_missing"),
            ("abandon", stranger, 404, "not_found"),
            ("withdraw", stranger, 404, "not_found"),
        ):
            assert told(await office.step(made, name, by)) == (status, code), name
        assert told(await stranger.get(f"{DESIGNATIONS}/{made['id']}")) == (404, "not_found")
        for body, code in (
            ({"on": office.day(1)}, "invalid_step_date"),
            ({"on": office.day(-1)}, "invalid_step_date"),
            ({"on": 1}, "validation_failed"),
            ({"evidence": ""}, "validation_failed"),
        ):
            assert told(await office.step(made, "inspect", **body)) == (422, code)
        again = await office.applicant.post(DESIGNATIONS, {"sector": "public", "evidence": "x"})
        assert told(again) == (409, "designation_exists")


@pytest.mark.parametrize("end", ["reject", "abandon"])
async def test_who_was_not_designated_may_apply_again(office: Office, end: str) -> None:
    made = await office.apply()
    await ok(await office.step(made, "inspect"))
    by = office.applicant if end == "abandon" else office.boss
    assert (await ok(await office.step(made, end, by)))["state"] == f"{end}ed"
    assert (await office.apply())["id"] != made["id"]
    assert await office.counts() == (0, 0, 0, 0)


@pytest.mark.parametrize("kind", [OrganisationKind.PERSON, OrganisationKind.OPERATOR])
async def test_who_cannot_be_designated(
    client: httpx2.AsyncClient,
    sessions: Sessions,
    connection: AsyncConnection,
    kind: OrganisationKind,
) -> None:
    one = await person(client, sessions, kind=kind)
    async with nothing_changes(connection):
        answer = await one.post(DESIGNATIONS, {"sector": "private", "evidence": "x"})
        assert told(answer) == (409, "not_designable")


async def test_a_suspension_is_left_out_of_the_count_and_ends_by_itself(
    office: Office, sessions: Sessions, clock: ShiftedClock
) -> None:
    made = await office.designated("public")
    until = office.day(10)
    suspended = await ok(await office.step(made, "suspend", until=until))
    assert (suspended["state"], suspended["suspended_until"]) == ("suspended", until)
    assert await office.counts() == (0, 0, 0, 1)
    (listed,) = (await ok(await office.boss.client.get(PUBLIC)))["items"]
    assert (listed["status"], listed["since"]) == ("suspended", office.day(0))

    clock.offset = timedelta(days=8)
    assert await run_due(sessions, CLOCK) == 0
    clock.offset = timedelta(days=40)  # a worker that was away finds the right day all the same
    assert await run_due(sessions, CLOCK) == 1

    made = await ok(await office.applicant.get(f"{DESIGNATIONS}/{made['id']}"))
    assert (made["state"], made["suspended_until"]) == ("designated", None)
    assert made["periods"] == [
        {"status": "designated", "valid_from": office.day(0), "valid_until": office.day(0)},
        {"status": "suspended", "valid_from": office.day(0), "valid_until": until},
        {"status": "designated", "valid_from": until, "valid_until": None},
    ]
    assert made["steps"][-1]["taken_on"] == until
    for offset, expected in ((0, (0, 0, 0, 1)), (9, (0, 0, 0, 1)), (10, (0, 1, 1, 0))):
        assert await office.counts(office.day(offset)) == expected


async def test_a_suspension_is_ended_early_or_by_withdrawal(
    office: Office, connection: AsyncConnection, sessions: Sessions, clock: ShiftedClock
) -> None:
    made = await office.designated()
    async with nothing_changes(connection):
        for until in (office.day(0), office.day(-9)):
            answer = await office.step(made, "suspend", until=until)
            assert told(answer) == (422, "invalid_step_date")
    await ok(await office.step(made, "suspend", until=office.day(100)))
    clock.offset = timedelta(days=5)
    early = await ok(await office.step(made, "reinstate"))
    assert (early["state"], early["suspended_until"]) == ("designated", None)
    clock.offset = timedelta(days=6)
    await ok(await office.step(made, "suspend", until=office.day(100)))
    clock.offset = timedelta(days=7)
    ended = await ok(await office.step(made, "withdraw"))
    assert (ended["state"], ended["withdrawn_on"]) == ("withdrawn", office.day(7))
    clock.offset = timedelta(days=400)
    assert await run_due(sessions, CLOCK) == 0
    found = [await office.counts(office.day(day)) for day in (0, 5, 6, 7)]
    assert found == [(0, 0, 0, 1), (1, 0, 1, 0), (0, 0, 0, 1), (0, 0, 0, 0)]


async def test_an_institution_gives_its_designation_back_and_may_get_another(
    office: Office, connection: AsyncConnection, clock: ShiftedClock
) -> None:
    made = await office.designated()
    clock.offset = timedelta(days=30)
    ended = await ok(await office.step(made, "withdraw", office.applicant))
    assert ended["withdrawn_on"] == office.day(30)
    async with nothing_changes(connection):
        assert told(await office.step(made, "withdraw")) == (409, "illegal_move")
    second = await office.apply("public")
    clock.offset = timedelta(days=60)
    for name in DECIDING:
        second = await ok(await office.step(second, name))
    found = [await office.counts(office.day(day)) for day in (29, 30, 59, 60)]
    assert found == [(1, 0, 1, 0), (0, 0, 0, 0), (0, 0, 0, 0), (0, 1, 1, 0)]


async def test_the_database_keeps_intervals_apart(
    office: Office, connection: AsyncConnection
) -> None:
    made = await office.designated()
    await ok(await office.step(made, "withdraw"))
    moved = text("UPDATE designation_period SET valid_until = :until")
    await connection.execute(moved, {"until": office.today + timedelta(days=100)})
    second = await office.apply()
    for name in DECIDING[:2]:
        await ok(await office.step(second, name))
    async with nothing_changes(connection):
        assert told(await office.step(second, "designate")) == (409, "designation_overlap")


async def test_time_reminds_of_what_nobody_decides(
    office: Office, connection: AsyncConnection, sessions: Sessions, clock: ShiftedClock
) -> None:
    made = await office.apply()
    for days in (31, 62):
        clock.offset = timedelta(days=days)
        assert await run_due(sessions, CLOCK) == 1
    query = text("SELECT count(*) FROM event WHERE type = 'designation.remind'")
    assert (await connection.execute(query)).scalar_one() == 2
    assert (await ok(await office.applicant.get(f"{DESIGNATIONS}/{made['id']}")))[
        "state"
    ] == "applied"
    assert CLOCK.moves == {"reinstate": reinstate}


@pytest.mark.parametrize("day", ["yesterday", "1", "2026-02-30", "2026-01-01T00:00:00Z", ""])
async def test_no_day(client: httpx2.AsyncClient, day: str) -> None:
    for path in (PUBLIC, f"{PUBLIC}/counts"):
        answer = await client.get(path, params={"as_of": day})
        assert told(answer) == (422, "validation_failed")


async def test_the_list_is_read_in_pages(
    office: Office, connection: AsyncConnection, client: httpx2.AsyncClient
) -> None:
    made = await office.designated()
    copies = """
        WITH o AS (
            INSERT INTO organisation (id, created_at, name, kind, country)
            SELECT gen_random_uuid(), now(), repeat('가', 199) || n % 4, 'lender', 'KR'
            FROM generate_series(1, 9) n RETURNING id
        ), d AS (
            INSERT INTO designation (id, created_at, version, organisation_id, sector,
                designated_on, state)
            SELECT gen_random_uuid(), now(), 1, id, 'public', '2020-01-01', 'designated' FROM o
            RETURNING id, organisation_id
        )
        INSERT INTO designation_period (id, created_at, designation_id, organisation_id, sector,
            status, valid_from)
        SELECT gen_random_uuid(), now(), id, organisation_id, 'public', 'designated', '2020-01-01'
        FROM d
    """
    await connection.execute(text(copies))
    found: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        query = {"limit": 4} | ({"cursor": cursor} if cursor else {})
        page = await ok(await client.get(PUBLIC, params=query))
        found += page["items"]
        cursor = page["next"]
        if cursor is None:
            break
        assert len(page["items"]) == 4
    assert len(found) == len({one["organisation_id"] for one in found}) == 10
    assert [one["name"] for one in found] == sorted(one["name"] for one in found)
    assert date.fromisoformat(found[0]["since"]) == date(2020, 1, 1)
    assert found[-1]["since"] == made["designated_on"], "the one whose name sorts last"
