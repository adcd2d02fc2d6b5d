import asyncio
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import text

from marketplace.accounts.permissions import MemberRole
from marketplace.kernel.clock import ShiftedClock
from marketplace.kernel.db import Sessions
from marketplace.kernel.idempotency import KEPT, forget_old
from tests.factories.deals import idea_body, right_body
from tests.factories.people import Person, person
from tests.factories.world import World

KEY = "order-17"


@pytest.fixture
async def owner(client: httpx2.AsyncClient, sessions: Sessions) -> Person:
    return await person(client, sessions)


async def register(
    owner: Person, body: Any, key: str | bytes = KEY, path: str = "/v1/rights"
) -> httpx2.Response:
    headers: Any = [*owner.headers.items(), ("idempotency-key", key)]
    return await owner.client.post(path, json=body, headers=headers)


async def counts(sessions: Sessions) -> tuple[int, ...]:
    """Rights, events and keys there are."""
    query = text(
        "SELECT (SELECT count(*) FROM ip_right), (SELECT count(*) FROM event),"
        " (SELECT count(*) FROM idempotency_key)"
    )
    async with sessions() as session:
        return tuple((await session.execute(query)).one())


def refusal(response: httpx2.Response) -> tuple[int, str]:
    assert response.headers["content-type"] == "application/problem+json"
    return response.status_code, response.json()["code"]


async def test_the_same_request_gets_the_stored_answer(owner: Person, sessions: Sessions) -> None:
    body = idea_body()
    first = await register(owner, body)
    after = await counts(sessions)
    again = await register(owner, body)

    assert first.status_code == again.status_code == 201
    assert first.content == again.content
    assert first.headers["content-type"] == again.headers["content-type"] == "application/json"
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert first.headers["x-request-id"] != again.headers["x-request-id"]
    assert await counts(sessions) == after


async def test_without_a_key_each_request_is_its_own(owner: Person, sessions: Sessions) -> None:
    body = idea_body()
    ids = {(await owner.post("/v1/rights", body)).json()["id"] for _ in range(2)}
    assert len(ids) == 2
    assert (await counts(sessions))[2] == 0


async def test_another_request_may_not_use_the_key(owner: Person, sessions: Sessions) -> None:
    body = idea_body()
    await register(owner, body)
    before = await counts(sessions)
    for path, other in (
        ("/v1/rights", idea_body(title="another")),
        ("/v1/rights?x=1", body),
        ("/v1/organisations", body),
    ):
        reused = await register(owner, other, path=path)
        assert refusal(reused) == (409, "idempotency_key_reused")
    assert await counts(sessions) == before


async def test_keys_of_two_actors_do_not_collide(
    client: httpx2.AsyncClient, sessions: Sessions, owner: Person
) -> None:
    stranger = await person(client, sessions)
    colleague = await person(
        client, sessions, organisation_id=owner.organisation_id, role=MemberRole.MEMBER
    )
    body = idea_body()
    answers = [await register(who, body) for who in (owner, stranger, colleague)]

    assert [answer.status_code for answer in answers] == [201, 201, 201]
    assert len({answer.json()["id"] for answer in answers}) == 3
    assert not any("idempotency-replayed" in answer.headers for answer in answers)


async def test_a_refused_request_frees_its_key(
    client: httpx2.AsyncClient, sessions: Sessions, owner: Person
) -> None:
    taken = right_body()
    assert (await owner.post("/v1/rights", taken)).status_code == 201
    viewer = await person(
        client, sessions, organisation_id=owner.organisation_id, role=MemberRole.VIEWER
    )
    before = await counts(sessions)
    for who, body, expected in (
        (owner, {"kind": "idea"}, (422, "validation_failed")),
        (owner, taken, (409, "right_already_registered")),
        (viewer, idea_body(), (403, "permission_missing")),
    ):
        assert refusal(await register(who, body)) == expected
        assert await counts(sessions) == before

    corrected = await register(owner, idea_body())
    assert corrected.status_code == 201
    assert "idempotency-replayed" not in corrected.headers


@pytest.mark.parametrize(
    "key", [b"", b"x" * 201, "schlüssel".encode(), b"\xff", b"a\x00b", b"a\tb", b"\x7f", b"a\nb"]
)
async def test_a_bad_key_is_refused(owner: Person, sessions: Sessions, key: bytes) -> None:
    before = await counts(sessions)
    answer = await register(owner, idea_body(), key)
    assert refusal(answer) == (400, "invalid_idempotency_key")
    assert await counts(sessions) == before


@pytest.mark.parametrize("key", ["x", "x" * 200, "a b", "' OR 1=1; --", "!~"])
async def test_printable_ascii_is_a_key(owner: Person, key: str) -> None:
    body = idea_body()
    first = await register(owner, body, key)
    again = await register(owner, body, key)
    assert (first.status_code, again.content) == (201, first.content)


async def test_a_key_needs_a_token(client: httpx2.AsyncClient, sessions: Sessions) -> None:
    before = await counts(sessions)
    answer = await client.post("/v1/rights", json=idea_body(), headers={"idempotency-key": KEY})
    assert refusal(answer) == (401, "invalid_token")
    assert await counts(sessions) == before


async def test_a_key_is_forgotten_after_thirty_days(
    owner: Person, sessions: Sessions, clock: ShiftedClock
) -> None:
    body = idea_body()
    first = await register(owner, body)
    for offset, kept in ((KEPT - timedelta(minutes=1), 1), (KEPT, 0)):
        clock.offset = offset
        async with sessions.begin() as session:
            await forget_old(session)
        assert (await counts(sessions))[2] == kept

    anew = await register(owner, body)
    assert anew.status_code == 201
    assert anew.json()["id"] != first.json()["id"]


async def test_concurrent_sends_are_executed_once(world: World) -> None:
    owner = await person(world.client, world.sessions)
    before = await counts(world.sessions)
    body = idea_body()

    answers = await asyncio.gather(*(register(owner, body) for _ in range(12)))

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotency-replayed" not in answer.headers for answer in answers) == 1
    rights, events, keys = await counts(world.sessions)
    assert (rights, events, keys) == (before[0] + 1, before[1] + 1, 1)


async def test_a_refusal_lets_a_waiting_send_try_itself(world: World) -> None:
    """Two sends with one key that both fail: neither gets the other's stored nothing."""
    owner = await person(world.client, world.sessions)
    taken = right_body()
    await owner.post("/v1/rights", taken)
    before = await counts(world.sessions)

    answers = await asyncio.gather(*(register(owner, taken) for _ in range(6)))

    assert {refusal(answer) for answer in answers} == {(409, "right_already_registered")}
    assert await counts(world.sessions) == before
