"""Solicitations: sealed until the close, judged blind, cancelled only for a compensation."""

from datetime import datetime, timedelta

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from marketplace.kernel.clock import ShiftedClock
from marketplace.kernel.clocks import run_due
from marketplace.kernel.db import Sessions
from tests.factories.accounts import assert_refused
from tests.factories.deals import ok
from tests.factories.ideas import TEXT, Idea
from tests.factories.people import Person, operator, person
from tests.factories.solicitations import CLOCK, OPEN_DAYS, Task, task


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
    assert seen.json()["content"] == "first"
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
    await opened.close()
    assert await opened.state() == "evaluating"
    refused = await opened.organiser.post(f"{opened.path}/cancel")
    assert_refused(refused, 409, "illegal_move")
