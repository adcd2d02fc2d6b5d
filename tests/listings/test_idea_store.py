"""The idea store: windows by the clock, for filings that are young and unpublished."""

from datetime import UTC, date, datetime, timedelta

import httpx2
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from marketplace.kernel.clock import ShiftedClock
from marketplace.kernel.db import Sessions
from marketplace.listings.store.rules import last_opening_day, may_open, window_end
from marketplace.listings.store.service import end_ineligible
from tests.factories.accounts import assert_refused
from tests.factories.deals import idea_body, ok
from tests.factories.people import Person, operator, person
from tests.factories.register import tell
from tests.factories.store import STORE, Shown, application, entry_body, next_number


@pytest.mark.parametrize(
    ("filed_on", "months", "last"),
    [
        (date(2026, 3, 15), 6, date(2026, 9, 15)),
        (date(2026, 3, 15), 3, date(2026, 6, 15)),
        (date(2026, 8, 31), 6, date(2027, 2, 28)),
        (date(2027, 8, 31), 6, date(2028, 2, 29)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
    ],
)
def test_a_filing_is_young_until_its_last_day(filed_on: date, months: int, last: date) -> None:
    assert last_opening_day(filed_on, months) == last
    assert may_open(filed_on, months, filed_on)
    assert may_open(filed_on, months, last)
    assert not may_open(filed_on, months, last + timedelta(days=1))
    assert not may_open(filed_on, months, filed_on - timedelta(days=1))


def test_a_window_is_thirty_whole_days() -> None:
    opens_at = datetime(2026, 2, 27, 9, 30, tzinfo=UTC)
    assert window_end(opens_at, 30) == datetime(2026, 3, 29, 9, 30, tzinfo=UTC)


@pytest.fixture
async def author(client: httpx2.AsyncClient, sessions: Sessions) -> Person:
    return await person(client, sessions, name="Author")


def today(clock: ShiftedClock) -> date:
    return (clock.now() + timedelta(hours=9)).date()


@pytest.mark.parametrize(
    ("kind", "number", "months"),
    [("patent", "10", 6), ("utility_model", "20", 3 + 3), ("design", "30", 3)],
)
async def test_only_what_was_filed_lately_enters(
    author: Person, clock: ShiftedClock, kind: str, number: str, months: int
) -> None:
    day = today(clock)
    while last_opening_day(day, months) >= today(clock):
        day -= timedelta(days=1)
    for filed_on, is_young in ((day + timedelta(days=1), True), (day, False)):
        serial = f"{filed_on.toordinal() % 10_000_000:07}"
        identifier = {
            "number": f"KR {number}-2026-{serial}",
            "document_class": "application",
        }
        right_id = await application(author, filed_on, kind=kind, identifier=identifier)
        answer = await author.post(STORE, entry_body(right_id))
        if is_young:
            assert answer.status_code == 201, answer.text
            assert answer.json()["last_opening_on"] >= today(clock).isoformat()
        else:
            assert_refused(answer, 409, "store_not_eligible")
    assert len((await ok(await author.get(STORE)))["items"]) == 1


async def test_what_is_no_unpublished_application_stays_out(
    author: Person, client: httpx2.AsyncClient, sessions: Sessions, clock: ShiftedClock
) -> None:
    staff = await operator(client, sessions)
    idea = await ok(await author.post("/v1/rights", idea_body()))
    assert_refused(await author.post(STORE, entry_body(idea["id"])), 409, "store_not_eligible")
    filed_on = today(clock) - timedelta(days=9)
    right_id = await application(author, filed_on)
    assert_refused(await staff.post(STORE, entry_body(right_id)), 403, "permission_missing")
    stranger = await person(client, sessions)
    assert_refused(await stranger.post(STORE, entry_body(right_id)), 404, "not_found")
    await tell(staff, right_id, "published", filed_on.isoformat())
    undated = await application(author, None)
    assert_refused(await author.post(STORE, entry_body(undated)), 409, "store_not_eligible")
    published = next_number() | {"document_class": "publication"}
    assert_refused(
        await author.post(
            STORE, entry_body(await application(author, filed_on, identifier=published))
        ),
        409,
        "store_not_eligible",
    )
    assert_refused(await author.post(STORE, entry_body(right_id)), 409, "store_not_eligible")
    future = (clock.now() + timedelta(days=3)).date()
    body = {"kind": "patent", "identifier": next_number()}
    late = await author.post(f"/v1/rights/{idea['id']}/filings", body | {"filed_on": f"{future}"})
    assert_refused(late, 422, "illegal_legal_event")
    assert (await ok(await author.get(STORE)))["items"] == []


async def test_four_windows_follow_each_other_by_the_clock_and_no_fifth(
    author: Person, sessions: Sessions, clock: ShiftedClock
) -> None:
    right_id = await application(author, today(clock))
    shown = await Shown.of(author, right_id, sessions, clock)
    assert_refused(await author.post(STORE, entry_body(right_id)), 409, "already_in_store")
    await shown.wait(29.9)
    assert await shown.outcomes() == [(1, None)]
    for number in (2, 3, 4):
        await shown.wait(30)
        assert (await shown.outcomes())[-1] == (number, None)
    windows = (await shown.read())["windows"]
    for one in windows:
        lasted = datetime.fromisoformat(one["closes_at"]) - datetime.fromisoformat(one["opens_at"])
        assert lasted == timedelta(days=30)
    await shown.wait(30)
    assert (await shown.read())["state"] == "ended"
    assert await shown.outcomes() == [(n, "no_interest") for n in (1, 2, 3, 4)]
    again = await author.post(STORE, entry_body(right_id))
    assert_refused(again, 409, "store_rounds_used")


async def test_no_window_opens_after_the_last_day(
    author: Person, sessions: Sessions, clock: ShiftedClock
) -> None:
    """Filed five months ago: the window that opens now runs to its end, and none follows it."""
    shown = await Shown.of(
        author, await application(author, today(clock) - timedelta(days=160)), sessions, clock
    )
    await shown.wait(30)
    entry = await shown.read()
    assert (entry["state"], await shown.outcomes()) == ("ended", [(1, "no_interest")])


async def test_companies_apply_in_the_window_and_the_author_alone_reads_it(
    author: Person, client: httpx2.AsyncClient, sessions: Sessions, clock: ShiftedClock
) -> None:
    company, rival = await person(client, sessions), await person(client, sessions)
    shown = await Shown.of(
        author, await application(author, today(clock)), sessions, clock, rounds=2
    )
    public = (await client.get(shown.path)).text
    assert shown.right_id not in public
    assert str(author.organisation_id) not in public
    path = f"{shown.path}/applications"
    body = {"price_minor": 1, "message": "…"}
    assert_refused(await author.post(path, body), 409, "own_store_entry")
    first = await shown.apply(company)
    assert_refused(await company.post(path, body), 409, "already_applied")
    assert_refused(await rival.post(f"{path}/{first}/withdraw"), 404, "not_found")
    await ok(await company.post(f"{path}/{first}/withdraw"))
    second = await shown.apply(company, 30_000_000)
    await shown.apply(rival)
    assert_refused(await rival.get(path), 404, "not_found")
    mine = (await ok(await rival.get(f"{STORE}/my-applications")))["items"]
    assert [one["organisation_id"] for one in mine] == [str(rival.organisation_id)]
    early = await author.post(f"{shown.path}/select", {"application_id": second})
    assert_refused(early, 409, "illegal_move")
    assert_refused(await author.post(f"{shown.path}/pass-over"), 409, "illegal_move")

    await shown.wait(30)

    assert (await shown.read())["state"] == "selecting"
    for refused in (
        await company.post(f"{path}/{second}/withdraw"),
        await (await person(client, sessions)).post(path, body),
    ):
        assert_refused(refused, 409, "store_window_closed")
    found = (await ok(await author.get(path)))["items"]
    assert [one["price"]["amount_minor"] for one in found] == [40_000_000, 30_000_000]
    taken_back = await author.post(f"{shown.path}/select", {"application_id": first})
    assert_refused(taken_back, 422, "invalid_selection")
    passed = await ok(await author.post(f"{shown.path}/pass-over"))
    assert [one["outcome"] for one in passed["windows"]] == ["passed_over", None]
    old = await author.post(f"{shown.path}/select", {"application_id": second})
    assert_refused(old, 409, "illegal_move")
    await shown.apply(company)
    await shown.wait(30)
    await shown.wait(14)
    assert (await shown.read())["state"] == "ended"
    assert await shown.outcomes() == [(1, "passed_over"), (2, "passed_over")]


async def test_what_is_published_or_taken_out_leaves_at_once(
    author: Person, client: httpx2.AsyncClient, sessions: Sessions, clock: ShiftedClock
) -> None:
    staff = await operator(client, sessions)
    company = await person(client, sessions)
    out = await Shown.of(author, await application(author, today(clock)), sessions, clock)
    assert_refused(await company.post(f"{out.path}/withdraw"), 404, "not_found")
    clock.offset += timedelta(days=3)
    await ok(await author.post(f"{out.path}/withdraw"))
    assert await out.outcomes() == [(1, "withdrawn")]
    body = {"price_minor": 1, "message": "…"}
    closed = await company.post(f"{out.path}/applications", body)
    assert_refused(closed, 409, "store_window_closed")
    again = await Shown.of(author, out.right_id, sessions, clock)
    assert await again.outcomes() == [(2, None)]
    clock.offset += timedelta(days=3)
    day = clock.now().date().isoformat()
    await tell(staff, again.right_id, "published", day)
    async with sessions.begin() as session:
        await end_ineligible(session, again.right_id)
    assert (await again.read())["state"] == "ended"
    assert await again.outcomes() == [(2, "ineligible")]


@pytest.mark.parametrize(
    "change",
    [
        "round = 5",
        "closes_at = opens_at + interval '30 days 1 second'",
        "opens_at = opens_at + interval '7 months', closes_at = closes_at + interval '7 months'",
        "opens_at = opens_at - interval '2 days'",
    ],
)
async def test_the_database_keeps_the_rules_of_the_store(
    author: Person, sessions: Sessions, clock: ShiftedClock, change: str
) -> None:
    await Shown.of(author, await application(author, today(clock)), sessions, clock)
    with pytest.raises(DBAPIError, match="no window may open"):
        async with sessions.begin() as session:
            await session.execute(text(f"UPDATE store_window SET {change}"))  # noqa: S608 - the table above
