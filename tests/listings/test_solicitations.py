"""Solicitations: sealed until the close, judged blind, cancelled only for a compensation."""

from datetime import date, datetime, timedelta

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import delete, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from marketplace.accounts.affiliations.models import Affiliation
from marketplace.accounts.models import Membership
from marketplace.accounts.permissions import MemberRole
from marketplace.kernel.clock import ShiftedClock
from marketplace.kernel.clocks import run_due
from marketplace.kernel.db import Sessions, now
from tests.factories.accounts import assert_refused
from tests.factories.deals import ok
from tests.factories.ideas import TEXT, Idea, as_seen
from tests.factories.people import Person, operator, person
from tests.factories.solicitations import CLOCK, OPEN_DAYS, Task, task

CO_DEVELOPED = {
    "outcome": "co_development",
    "organiser_share": {"numerator": 1, "denominator": 3},
}


@pytest.fixture
async def opened(client: httpx2.AsyncClient, sessions: Sessions, clock: ShiftedClock) -> Task:
    organiser = await person(client, sessions, name="Organiser")
    return await Task(organiser, await operator(client, sessions), sessions, clock).open()


@pytest.fixture
async def author(client: httpx2.AsyncClient, sessions: Sessions) -> Person:
    return await person(client, sessions, name="Author")


async def test_a_draft_is_seen_by_nobody_and_opened_after_a_review(
    opened: Task, author: Person, clock: ShiftedClock
) -> None:
    organiser = opened.organiser
    draft = await ok(await organiser.post("/v1/solicitations", task(clock)))
    path = f"/v1/solicitations/{draft['id']}"
    assert_refused(await author.get(path), 404, "not_found")
    assert_refused(await author.post(f"{path}/open"), 404, "not_found")
    assert_refused(await organiser.post(f"{path}/open"), 409, "illegal_move")
    assert_refused(await organiser.post(f"{path}/review"), 403, "permission_missing")
    soon = (clock.now() + timedelta(hours=23)).isoformat()
    early = await organiser.post("/v1/solicitations", task(clock, closes_at=soon))
    assert_refused(early, 422, "invalid_deadline")
    weights = [{"name": "a", "weight_basis_points": 9_999}]
    wrong = await organiser.post("/v1/solicitations", task(clock, criteria=weights))
    assert_refused(wrong, 422, "validation_failed")
    public = (await ok(await author.get("/v1/solicitations")))["items"]
    assert [one["state"] for one in public] == ["open"]
    assert (await ok(await organiser.post(f"{path}/cancel")))["payment"] is None


async def test_what_is_entered_is_sealed_for_everybody_and_bound_for_its_author(
    opened: Task, author: Person, client: httpx2.AsyncClient, sessions: Sessions
) -> None:
    idea = await Idea.of(author)
    late = await idea.announce(3)
    evaluator = await person(client, sessions)
    await opened.appoint(evaluator)
    number = await opened.enter(idea)
    await opened.declare(evaluator)

    seen = (await ok(await client.get(f"{opened.path}/submissions")))["items"]
    assert [(one["number"], set(one)) for one in seen] == [
        (1, {"number", "submitted_at", "sha256"})
    ]
    read = f"{opened.path}/submissions/{number}"
    assert_refused(await evaluator.get(read), 409, "not_evaluating")
    assert_refused(await opened.organiser.get(read), 404, "not_found")
    assert_refused(await opened.operator.get(read), 404, "not_found")
    for who in (opened.organiser, opened.operator, evaluator):
        answer = await who.get(f"{idea.path}/confidential-text")
        assert_refused(answer, 404, "not_disclosed")
    put = await author.put(f"{idea.path}/confidential-text", {"content": "better"})
    assert_refused(put, 409, "body_frozen")
    assert_refused(await idea.send(late["id"], b"abc"), 409, "body_frozen")
    withdrawn = await author.post(f"{idea.path}/withdraw-confidential")
    assert_refused(withdrawn, 409, "body_frozen")
    again = await author.post(f"{opened.path}/submissions", {"right_id": idea.right_id})
    assert_refused(again, 409, "already_submitted")
    assert (await ok(await author.get(f"{idea.path}/confidential-text")))["content"] == TEXT

    await ok(await author.post(f"{read}/withdraw"))
    await idea.put("better")
    assert await opened.enter(idea) == 2
    assert seen[0]["sha256"] not in (await client.get(f"{opened.path}/submissions")).text


async def test_the_database_keeps_the_seal_whoever_has_leave(
    opened: Task, author: Person, sessions: Sessions, clock: ShiftedClock
) -> None:
    idea = await Idea.of(author)
    await opened.enter(idea)
    grant = text(
        "INSERT INTO disclosure_grant (id, created_at, right_id, organisation_id, purpose,"
        " granted_by) VALUES (gen_random_uuid(), :now, :right_id, :org, 'deal:forged', :owner)"
    )
    organiser = opened.organiser
    values = {
        "now": clock.now(),
        "right_id": idea.right_id,
        "org": organiser.organisation_id,
        "owner": author.organisation_id,
    }
    async with sessions.begin() as session:
        await session.execute(grant, values)
    for sealed in ("confidential-text", "confidential-files"):
        refused = await organiser.get(f"{idea.path}/{sealed}")
        assert_refused(refused, 404, "not_disclosed")
    views = (await ok(await author.get(f"{idea.path}/disclosure-views")))["items"]
    assert views == []
    clock.offset += timedelta(days=OPEN_DAYS, seconds=1)
    assert (await organiser.get(f"{idea.path}/confidential-text")).is_success


@pytest.mark.parametrize(("seconds", "is_in_time"), [(0.9, True), (1.0, False)])
async def test_the_deadline_includes_its_second_and_no_more(
    opened: Task, author: Person, clock: ShiftedClock, seconds: float, is_in_time: bool
) -> None:
    idea = await Idea.of(author)
    solicitation = await ok(await author.get(opened.path))
    closes_at = datetime.fromisoformat(solicitation["closes_at"])
    clock.offset += closes_at + timedelta(seconds=seconds - 0.4 * is_in_time) - clock.now()
    answer = await author.post(f"{opened.path}/submissions", {"right_id": idea.right_id})
    if is_in_time:
        assert answer.status_code == 201
    else:
        assert_refused(answer, 409, "submissions_closed")


async def test_who_organises_or_judges_enters_nothing(
    opened: Task, author: Person, client: httpx2.AsyncClient, sessions: Sessions
) -> None:
    evaluator = await person(client, sessions)
    await opened.appoint(evaluator)
    for who in (opened.organiser, evaluator):
        idea = await Idea.of(who)
        answer = await who.post(f"{opened.path}/submissions", {"right_id": idea.right_id})
        assert_refused(answer, 409, "own_task")
    await opened.enter(await Idea.of(author))
    body = {"user_id": str(author.user_id), "organisation_id": str(author.organisation_id)}
    refused = await opened.organiser.post(f"{opened.path}/evaluators", body)
    assert_refused(refused, 422, "invalid_evaluator")
    empty = await Idea.of(author, None)
    answer = await author.post(f"{opened.path}/submissions", {"right_id": empty.right_id})
    assert_refused(answer, 409, "nothing_to_submit")
    foreign = await opened.organiser.post(
        f"{opened.path}/submissions", {"right_id": empty.right_id}
    )
    assert_refused(foreign, 404, "not_found")


async def test_who_judges_stands_with_nobody_who_enters(
    opened: Task, author: Person, client: httpx2.AsyncClient, sessions: Sessions
) -> None:
    """A person of two organisations, and two organisations of one group, are one side."""
    evaluator = await person(client, sessions, name="Institute")
    await opened.appoint(evaluator)
    idea = await Idea.of(author)
    enter = {"right_id": idea.right_id}
    await belong(sessions, evaluator, author)
    refused = await author.post(f"{opened.path}/submissions", enter)
    assert_refused(refused, 409, "own_task")
    await belong(sessions, evaluator, author, no_more=True)
    number = await opened.enter(idea)
    await belong(sessions, evaluator, author)
    judge = {"user_id": str(evaluator.user_id), "organisation_id": str(evaluator.organisation_id)}
    again = await opened.organiser.post(f"{opened.path}/evaluators", judge)
    assert_refused(again, 422, "invalid_evaluator")
    await opened.close()
    await opened.declare(evaluator)
    read = f"{opened.path}/submissions/{number}"
    scores = {"scores": [100, 100]}
    for answer in (await evaluator.get(read), await evaluator.put(f"{read}/evaluation", scores)):
        assert_refused(answer, 403, "conflict_of_interest")
    await belong(sessions, evaluator, author, no_more=True)
    assert (await evaluator.get(read)).is_success
    async with sessions.begin() as session:
        affiliation = Affiliation(
            created_at=now(session),
            parent_id=author.organisation_id,
            affiliate_id=evaluator.organisation_id,
            share_basis_points=6_000,
            valid_from=date(2000, 1, 1),
            evidence="annual report",
            recorded_by=opened.operator.user_id,
        )
        session.add(affiliation)
    for answer in (await evaluator.get(read), await evaluator.put(f"{read}/evaluation", scores)):
        assert_refused(answer, 403, "conflict_of_interest")


async def belong(sessions: Sessions, one: Person, other: Person, *, no_more: bool = False) -> None:
    """Make a person a member of another's organisation, without a say in it."""
    ids = {"user_id": one.user_id, "organisation_id": other.organisation_id}
    async with sessions.begin() as session:
        if no_more:
            await session.execute(delete(Membership).filter_by(**ids))
        else:
            session.add(Membership(created_at=now(session), role=MemberRole.VIEWER, **ids))


async def test_whoever_steps_back_reads_no_more(
    opened: Task, author: Person, client: httpx2.AsyncClient, sessions: Sessions
) -> None:
    other = await person(client, sessions, name="Other author")
    judge = await person(client, sessions)
    await opened.appoint(judge)
    first, second = await Idea.of(author), await Idea.of(other)
    assert [await opened.enter(idea) for idea in (first, second)] == [1, 2]
    await opened.close()
    await opened.declare(judge)
    await opened.score(judge, 2, 10, 10)
    for number, idea in ((1, first), (2, second)):
        await ok(await judge.get(f"{opened.path}/submissions/{number}"))
        assert (await judge.get(f"{idea.path}/confidential-text")).is_success

    await ok(await judge.put(f"{opened.path}/submissions/1/evaluation", {"recused": True}))
    await opened.declare(judge, other)

    for number, idea in ((1, first), (2, second)):
        for path in ("confidential-text", "confidential-text/copy", "confidential-files"):
            assert_refused(await judge.get(f"{idea.path}/{path}"), 404, "not_disclosed")
        refused = await judge.get(f"{opened.path}/submissions/{number}")
        assert_refused(refused, 403, "conflict_of_interest")
    ranked = await ok(await opened.organiser.get(f"{opened.path}/ranking"))
    assert [one["evaluations"] for one in ranked] == [0, 0]


async def test_judging_is_blind_without_conflicts_and_tells_how_far_apart(
    opened: Task, author: Person, client: httpx2.AsyncClient, sessions: Sessions
) -> None:
    other = await person(client, sessions, name="Other author")
    judges = [await person(client, sessions) for _ in range(3)]
    await opened.appoint(*judges)
    first, second = await Idea.of(author, "first"), await Idea.of(other, "second")
    assert [await opened.enter(idea) for idea in (first, second)] == [1, 2]
    await opened.close()
    assert await opened.state() == "evaluating"
    read = f"{opened.path}/submissions/1"
    assert_refused(await judges[0].get(read), 409, "conflicts_undeclared")
    await opened.declare(judges[0], other)
    await opened.declare(judges[1])
    await opened.declare(judges[2])

    seen = await judges[0].get(read)
    assert as_seen(seen.json()["content"]) == "first"
    for told in (author.organisation_id, author.user_id, "Author"):
        assert str(told) not in seen.text
    views = (await ok(await author.get(f"{first.path}/disclosure-views")))["items"]
    assert [view["copy_id"] for view in views] == [seen.json()["copy_id"]]
    barred = await judges[0].get(f"{opened.path}/submissions/2")
    assert_refused(barred, 403, "conflict_of_interest")
    evaluation = f"{opened.path}/submissions/2/evaluation"
    stepped = await ok(await judges[2].put(evaluation, {"recused": True}))
    assert stepped["recused"]
    for attempt in ({"scores": [1, 1]}, {"recused": True}):
        answer = await judges[2].put(evaluation, attempt)
        assert_refused(answer, 403, "conflict_of_interest")
    assert_refused(await judges[1].put(evaluation, {"scores": [1]}), 422, "invalid_scores")
    assert_refused(await judges[1].put(evaluation, {}), 422, "validation_failed")
    await opened.score(judges[0], 1, 80, 65)
    await opened.score(judges[1], 1, 10, 10)
    await opened.score(judges[1], 1, 60, 70)
    await opened.score(judges[1], 2, 90, 90)

    ranked = await ok(await opened.organiser.get(f"{opened.path}/ranking"))

    figures = [(r["number"], r["evaluations"], r["mean"], r["standard_deviation"]) for r in ranked]
    assert figures == [(2, 1, "90.0000", "0.0000"), (1, 2, "69.0000", "5.0000")]
    assert (ranked[1]["lowest"], ranked[1]["highest"]) == ("64.0000", "74.0000")
    assert_refused(await author.get(f"{opened.path}/ranking"), 404, "not_found")
    late = await author.post(f"{read}/withdraw")
    assert_refused(late, 409, "submissions_closed")

    await ok(await opened.organiser.post(f"{opened.path}/award-none"))
    assert_refused(await judges[0].get(read), 409, "not_evaluating")
    for judge in judges:
        refused = await judge.get(f"{first.path}/confidential-text")
        assert_refused(refused, 404, "not_disclosed")
    await first.put("my own again")


async def test_nothing_decided_in_time_is_no_award(opened: Task, author: Person) -> None:
    idea = await Idea.of(author)
    await opened.enter(idea)
    await opened.close()
    opened.clock.offset += timedelta(days=121)
    await run_due(opened.sessions, CLOCK)
    assert await opened.state() == "no_award"
    await idea.put("my own again")


async def test_a_cancellation_shuts_nobody_out(opened: Task, author: Person) -> None:
    """The rest is added to the deadline, ideas stay sealed through it, and it comes once."""
    first, second = await Idea.of(author), await Idea.of(author, "late")
    await opened.enter(first)
    cancel, go_on = f"{opened.path}/cancel", f"{opened.path}/go-on"
    closed_at = datetime.fromisoformat((await ok(await author.get(opened.path)))["closes_at"])
    opened.clock.offset += timedelta(days=OPEN_DAYS - 1)
    await ok(await opened.organiser.post(cancel))
    opened.clock.offset += timedelta(days=13)
    sealed = text("SELECT bool_and(sealed_until > :now) FROM confidential_hold")
    async with opened.sessions.begin() as session:
        assert (await session.execute(sealed, {"now": opened.clock.now()})).scalar_one()

    on = await ok(await opened.organiser.post(go_on))

    pause = datetime.fromisoformat(on["closes_at"]) - closed_at
    assert timedelta(days=13) <= pause <= timedelta(days=13, minutes=1)
    async with opened.sessions.begin() as session:
        query = text("SELECT DISTINCT sealed_until FROM confidential_hold")
        until = (await session.execute(query)).scalar_one()
    assert timedelta(0) < until - datetime.fromisoformat(on["closes_at"]) <= timedelta(seconds=1)
    refused = await opened.organiser.post(cancel)
    assert_refused(refused, 409, "cancellation_spent")
    assert await opened.state() == "open"
    opened.clock.offset += timedelta(hours=23)
    assert await opened.enter(second) == 2
    opened.clock.offset += timedelta(hours=2)
    await run_due(opened.sessions, CLOCK)
    assert await opened.state() == "evaluating"


@pytest.mark.parametrize(
    ("outcome", "parts", "is_taken"),
    [
        ({}, 1_000_000, True),
        ({}, 1_000_003, False),
        (CO_DEVELOPED, 1_000_003, True),
        (CO_DEVELOPED, 999_999_937, False),
    ],
)
async def test_shares_by_which_no_award_can_be_split_are_not_entered(
    opened: Task,
    author: Person,
    client: httpx2.AsyncClient,
    sessions: Sessions,
    outcome: dict[str, object],
    parts: int,
    is_taken: bool,
) -> None:
    if outcome:
        await opened.open(**outcome)
    mate = await person(client, sessions, name="Mate")
    owners = [
        {"organisation_id": str(one), "share": {"numerator": n, "denominator": parts}}
        for one, n in ((author.organisation_id, parts - 1), (mate.organisation_id, 1))
    ]
    idea = await Idea.of(author, owners=owners)
    answer = await author.post(f"{opened.path}/submissions", {"right_id": idea.right_id})
    if is_taken:
        assert answer.status_code == 201
    else:
        assert_refused(answer, 409, "shares_too_fine")
        seen = await ok(await author.get(f"{opened.path}/submissions"))
        assert seen["items"] == []


async def test_a_cancellation_that_is_not_paid_goes_on(
    opened: Task, author: Person, app: FastAPI, connection: AsyncConnection
) -> None:
    idea = await Idea.of(author)
    await opened.enter(idea)
    asked = await ok(await opened.organiser.post(f"{opened.path}/cancel"))
    assert asked["state"] == "cancelling"
    assert asked["payment"]["amount"] == {"amount_minor": 100_001, "currency": "KRW"}
    with pytest.raises(DBAPIError, match="takes no submissions"):
        async with opened.sessions.begin() as session:
            await session.execute(text("UPDATE submission SET withdrawn_at = created_at"))
    await ok(await opened.organiser.post(f"{opened.path}/go-on"))
    query = text("SELECT state FROM payment_request WHERE subject LIKE 'solicitation:%'")
    assert (await connection.execute(query)).scalar_one() == "cancelled"
    opened.clock.offset += timedelta(seconds=1)
    await opened.close()
    assert await opened.state() == "evaluating"
    refused = await opened.organiser.post(f"{opened.path}/cancel")
    assert_refused(refused, 409, "illegal_move")
