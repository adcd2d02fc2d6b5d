import asyncio
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Any

import httpx2
import pytest
import structlog
from fastapi import Query
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection

from marketplace.kernel import problems
from marketplace.kernel.clock import SystemClock
from marketplace.kernel.db import create_engine, create_sessions
from marketplace.kernel.driver_pools import ReadPool
from marketplace.kernel.errors import (
    ConflictError,
    MarketplaceError,
    NotFoundError,
    UnauthenticatedError,
)
from marketplace.kernel.http import Service
from marketplace.kernel.postgres import EmbeddedPostgres
from marketplace.kernel.routing import HotReads, Session, transactional_router
from marketplace.wiring import CONSTRAINT_ERRORS

SECRET = "the umbrella dries on a shelf"
RAISE = "DO $$ BEGIN RAISE EXCEPTION '{}' USING ERRCODE = '{}', CONSTRAINT = '{}'; END $$"
DIE = "SELECT pg_terminate_backend(pg_backend_pid())"
BUSY = (503, "unavailable")
BUG = (500, "internal_error")
GONE = {
    "pool": PoolTimeoutError(SECRET),
    "refused": ConnectionRefusedError(SECRET),
    "reset": ConnectionResetError(SECRET),
    "slow": TimeoutError(SECRET),
}


class SeatTakenError(ConflictError):
    code = "seat_taken"
    title = "Somebody sits there; take another seat"


router = transactional_router()
barrier = asyncio.Barrier(2)


@router.get("/sql")
async def run_sql(statement: str, session: Session) -> None:
    await session.execute(text(statement))


@router.get("/read")
async def run_read(statement: str, reads: HotReads) -> None:
    await reads.value(statement)


@router.get("/bug")
async def fail() -> None:
    raise RuntimeError(SECRET)


@router.get("/gone")
async def lose(kind: str) -> None:
    raise GONE[kind]


@router.get("/refuse")
async def refuse(count: int = Query(default=1, le=5)) -> None:
    raise SeatTakenError("take seat 7", seat=7)


@router.get("/sign-in")
async def sign_in() -> None:
    raise UnauthenticatedError


@router.get("/lock")
async def lock_both(first: int, second: int, session: Session) -> None:
    """Take two locks; two requests in opposite order wait for each other for ever."""
    take = text("SELECT pg_advisory_xact_lock(:key)")
    await session.execute(text("SET LOCAL deadlock_timeout = '10ms'"))
    await session.execute(take, {"key": first})
    await barrier.wait()
    await session.execute(take, {"key": second})


@pytest.fixture
async def app(server: EmbeddedPostgres) -> AsyncIterator[Service]:
    engine = create_engine(server.url("postgres"), pool_size=2)
    app = Service(log_requests=True)
    app.state.sessions = create_sessions(engine, SystemClock())
    address = server.url("postgres").replace("+asyncpg", "")
    app.state.reads = await ReadPool.open(address, size=1)
    app.include_router(router)
    problems.install(app, {"seat_unique": SeatTakenError})
    yield app
    await app.state.reads.close()
    await engine.dispose()


@pytest.fixture
async def client(app: Service) -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


def told(response: httpx2.Response) -> tuple[int, str]:
    """Status and code of a problem document that is whole, and tells nothing it should not."""
    document = response.json()
    assert response.headers["content-type"] == "application/problem+json"
    assert document["status"] == response.status_code
    assert document["type"] == f"urn:marketplace:problem:{document['code']}"
    assert document["request_id"] == response.headers["x-request-id"]
    assert document["title"]
    assert document["detail"]
    assert response.headers["x-content-type-options"] == "nosniff"
    assert SECRET not in response.text
    assert "Traceback" not in response.text
    retry_after = "1" if response.status_code == HTTPStatus.SERVICE_UNAVAILABLE else None
    assert response.headers.get("retry-after") == retry_after
    return response.status_code, document["code"]


async def test_a_refusal_says_what_to_do(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/refuse")
    assert told(answer) == (409, "seat_taken")
    document = answer.json()
    assert (document["title"], document["detail"]) == (SeatTakenError.title, "take seat 7")
    assert document["seat"] == 7


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/nothing", (404, "not_found")),
        ("POST", "/refuse", (405, "method_not_allowed")),
        ("GET", "/refuse?count=6", (422, "validation_failed")),
        ("GET", "/refuse?count=x", (422, "validation_failed")),
        ("GET", "/sql", (422, "validation_failed")),
        ("GET", "/sign-in", (401, "unauthenticated")),
    ],
)
async def test_refusals_of_the_framework_are_problems_too(
    client: httpx2.AsyncClient, method: str, path: str, expected: tuple[int, str]
) -> None:
    answer = await client.request(method, path)
    assert told(answer) == expected
    assert ("www-authenticate" in answer.headers) == (answer.status_code == 401)
    assert ("allow" in answer.headers) == (answer.status_code == 405)


async def test_wrong_fields_are_named_and_their_values_are_not(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/refuse", params={"count": SECRET})
    assert told(answer) == (422, "validation_failed")
    (error,) = answer.json()["errors"]
    assert error["field"] == "query.count"
    assert answer.json()["detail"] == "correct: query.count"


async def test_a_bug_shows_only_an_id_under_which_the_log_has_it(
    client: httpx2.AsyncClient,
) -> None:
    merge = structlog.contextvars.merge_contextvars
    with structlog.testing.capture_logs(processors=[merge]) as lines:
        answer = await client.get("/bug", headers={"x-request-id": "quote-me-17"})
    assert told(answer) == BUG
    failed, done = lines
    assert (failed["event"], failed["exc_info"]) == ("request failed", True)
    assert (done["event"], done["status"], done["route"]) == ("request", 500, "/bug")
    assert failed["request_id"] == done["request_id"] == "quote-me-17"
    assert answer.json()["request_id"] == "quote-me-17"


STATES = {
    "serialization failure": ("40001", BUSY),
    "deadlock": ("40P01", BUSY),
    "lock timeout": ("55P03", BUSY),
    "statement timeout": ("57014", BUSY),
    "administrator shutdown": ("57P01", BUSY),
    "crash shutdown": ("57P02", BUSY),
    "starting": ("57P03", BUSY),
    "too many connections": ("53300", BUSY),
    "connection failure": ("08006", BUSY),
    "division by zero": ("22012", BUG),
    "undefined table": ("42P01", BUG),
    "check violation": ("23514", BUG),
}


@pytest.mark.parametrize("path", ["/sql", "/read"])
@pytest.mark.parametrize(("state", "expected"), STATES.values(), ids=STATES)
async def test_what_a_failure_of_the_database_means(
    client: httpx2.AsyncClient, path: str, state: str, expected: tuple[int, str]
) -> None:
    statement = RAISE.format(SECRET, state, "unknown")
    assert told(await client.get(path, params={"statement": statement})) == expected


@pytest.mark.parametrize("state", ["23505", "23P01", "23514", "23503"])
async def test_a_registered_constraint_is_the_error_it_means(
    client: httpx2.AsyncClient, state: str
) -> None:
    statement = RAISE.format(SECRET, state, "seat_unique")
    answer = await client.get("/sql", params={"statement": statement})
    assert told(answer) == (409, "seat_taken")
    assert answer.json()["detail"] == SeatTakenError.title


@pytest.mark.parametrize("path", ["/sql", "/read"])
async def test_a_lost_connection_is_worth_another_try(
    client: httpx2.AsyncClient, path: str
) -> None:
    assert told(await client.get(path, params={"statement": DIE})) == BUSY
    again = await client.get(path, params={"statement": "SELECT 1"})
    assert again.status_code == 200


@pytest.mark.parametrize("kind", GONE)
async def test_an_unreachable_database_is_worth_another_try(
    client: httpx2.AsyncClient, kind: str
) -> None:
    assert told(await client.get("/gone", params={"kind": kind})) == BUSY


async def test_a_real_lock_timeout(app: Service, client: httpx2.AsyncClient) -> None:
    wait = "SELECT set_config('lock_timeout', '10ms', true), pg_advisory_xact_lock(1)"
    async with app.state.sessions.begin() as session:
        await session.execute(text("SELECT pg_advisory_xact_lock(1)"))
        assert told(await client.get("/sql", params={"statement": wait})) == BUSY
    assert (await client.get("/sql", params={"statement": wait})).status_code == 200


async def test_a_real_deadlock_ends_one_of_two(client: httpx2.AsyncClient) -> None:
    answers = await asyncio.gather(
        client.get("/lock", params={"first": 1, "second": 2}),
        client.get("/lock", params={"first": 2, "second": 1}),
    )
    done, refused = sorted(answers, key=lambda answer: answer.status_code)
    assert done.status_code == 200
    assert told(refused) == BUSY


async def test_an_error_of_the_database_never_quotes_parameters(app: Service) -> None:
    async with app.state.sessions() as session:
        with pytest.raises(DBAPIError) as failed:
            await session.execute(text("SELECT 1 / 0, CAST(:value AS text)"), {"value": SECRET})
    assert SECRET not in str(failed.value)


@pytest.mark.parametrize("name", CONSTRAINT_ERRORS)
async def test_every_registered_constraint_exists(connection: AsyncConnection, name: str) -> None:
    query = text(
        "SELECT (SELECT count(*) FROM pg_constraint WHERE conname = :name)"
        " + (SELECT count(*) FROM pg_indexes WHERE indexname = :name AND indexdef LIKE '%UNIQUE%')"
        " + (SELECT count(*) FROM pg_proc WHERE prosrc ~ :raised)"
    )
    values = {"name": name, "raised": f"CONSTRAINT = [^;]*'{name}'"}
    found = (await connection.execute(query, values)).scalar_one()
    assert found > 0
    assert issubclass(CONSTRAINT_ERRORS[name], MarketplaceError)


def test_declared_refusals_are_grouped_by_status() -> None:
    declared: Any = problems.problems(ConflictError, SeatTakenError, NotFoundError)
    assert list(declared) == [409, 404]
    assert "`seat_taken`" in declared[409]["description"]
    assert "`conflict`" in declared[409]["description"]
    assert list(declared[404]["content"]) == ["application/problem+json"]
