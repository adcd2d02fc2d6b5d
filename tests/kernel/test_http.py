from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx2
import pytest
from prometheus_client import REGISTRY
from sqlalchemy import text

from marketplace.kernel.db import Sessions
from marketplace.kernel.http import BODY_BYTES_MAX, SECURITY_HEADERS
from marketplace.payments.providers.bank.statement import CONTENT_BYTES_MAX
from tests.factories.people import operator

HARMLESS = ("abcdefgh", "Trace.0_1-2", "0" * 64)
EVIL = (
    b"",
    b"short",
    b"x" * 65,
    b"a b c d e f g h",
    b"abcdefgh\nlevel=info",
    b"abcdefgh\r\nset-cookie: a=b",
    b"<script>alert(1)</script>",
    b"${jndi:ldap://x/y}",
    "식별자식별자".encode(),
    b"\x00" * 10,
    b"\xff" * 10,
)


@pytest.mark.parametrize("given", HARMLESS)
async def test_a_harmless_request_id_is_kept(client: httpx2.AsyncClient, given: str) -> None:
    for path in ("/healthz", "/nothing"):
        answer = await client.get(path, headers={"x-request-id": given})
        assert answer.headers["x-request-id"] == given
    assert answer.json()["request_id"] == given


@pytest.mark.parametrize("given", EVIL)
async def test_an_evil_request_id_is_replaced(client: httpx2.AsyncClient, given: bytes) -> None:
    headers: Any = [(b"x-request-id", given)]
    first = await client.get("/healthz", headers=headers)
    second = await client.get("/healthz", headers=headers)
    ids = [answer.headers["x-request-id"] for answer in (first, second)]
    assert [len(bytes.fromhex(found)) for found in ids] == [16, 16]
    assert ids[0] != ids[1]


@pytest.mark.parametrize("path", ["/healthz", "/nothing", "/openapi.json", "/v1/deals"])
async def test_every_answer_carries_the_security_headers(
    client: httpx2.AsyncClient, path: str
) -> None:
    answer = await client.get(path)
    assert {name: answer.headers[name] for name in SECURITY_HEADERS} == SECURITY_HEADERS


async def pieces(size: int) -> AsyncIterator[bytes]:
    """A chunked body, whose size nobody announces."""
    for start in range(0, size, 65_536):
        yield b"x" * min(65_536, size - start)


Body = Callable[[int], Any]
ANNOUNCED: Body = lambda size: b"x" * size  # noqa: E731
BODIES: dict[str, Body] = {"announced": ANNOUNCED, "chunked": pieces}
OVER = BODY_BYTES_MAX + 1


def refused_for_size(answer: httpx2.Response) -> bool:
    if answer.status_code != 413:
        return False
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert (document["status"], document["code"]) == (413, "too_large")
    assert document["request_id"] == answer.headers["x-request-id"]
    assert {name: answer.headers[name] for name in SECURITY_HEADERS} == SECURITY_HEADERS
    return True


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
async def test_a_body_over_the_limit_is_refused_and_changes_nothing(
    client: httpx2.AsyncClient, sessions: Sessions, body: Body
) -> None:
    people = text("SELECT count(*) FROM user_account")
    async with sessions() as session:
        before = (await session.execute(people)).scalar()
    assert refused_for_size(await client.post("/v1/users", content=body(OVER)))
    at_limit = await client.post("/v1/users", content=body(BODY_BYTES_MAX))
    assert at_limit.status_code in {400, 422}
    async with sessions() as session:
        assert (await session.execute(people)).scalar() == before


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/healthz"),
        ("POST", "/nothing"),
        ("PUT", "/healthz"),
        ("POST", "/v1/deals/01890a5d-0000-7000-8000-000000000001/release"),
    ],
)
async def test_an_announced_size_is_refused_where_no_body_is_read(
    client: httpx2.AsyncClient, method: str, path: str
) -> None:
    assert refused_for_size(await client.request(method, path, content=b"x" * OVER))


async def test_an_announced_size_that_is_a_lie_helps_nobody(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/v1/users", content=pieces(OVER), headers={"content-length": "10"})
    assert refused_for_size(answer)


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
async def test_a_route_may_have_a_limit_of_its_own(
    client: httpx2.AsyncClient, sessions: Sessions, body: Body
) -> None:
    someone = await operator(client, sessions)
    headers = someone.headers | {"content-type": "text/csv"}
    path = "/v1/bank-statements"
    within = await client.post(path, content=body(OVER), headers=headers)
    assert (within.status_code, within.json()["code"]) == (422, "malformed_statement")
    beyond = await client.post(path, content=body(CONTENT_BYTES_MAX + 1), headers=headers)
    assert refused_for_size(beyond)


MALFORMED = {
    "no JSON": (b"{", (400, "malformed_json")),
    "no UTF-8": (b'{"email": "\xff"}', (400, "malformed_body")),
    "depth": (b"[" * 100_000, (400, "malformed_body")),
    "a number of ten thousand digits": (b"1" * 10_000, (400, "malformed_body")),
    "a list": (b"[]", (422, "validation_failed")),
    "null": (b"null", (422, "validation_failed")),
    "half a surrogate pair as a name": (b'{"\\ud800": 1}', (422, "validation_failed")),
    "half a surrogate pair": (b'{"email": "\\ud800"}', (422, "validation_failed")),
    "NUL as a name": (b'{"\\u0000": 1}', (422, "validation_failed")),
    "not a number": (b'{"email": NaN}', (422, "validation_failed")),
    "nothing": (b"", (422, "validation_failed")),
}


@pytest.mark.parametrize(("content", "expected"), MALFORMED.values(), ids=MALFORMED)
async def test_a_malformed_body_is_a_problem_of_the_sender(
    client: httpx2.AsyncClient, content: bytes, expected: tuple[int, str]
) -> None:
    headers = {"content-type": "application/json"}
    answer = await client.post("/v1/users", content=content, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == expected


async def test_callers_cannot_invent_figures(client: httpx2.AsyncClient) -> None:
    for number in range(3):
        await client.request(f"BREW{number}", "/healthz")
    methods = {
        sample.labels["method"]
        for metric in REGISTRY.collect()
        for sample in metric.samples
        if sample.name == "marketplace_http_requests_total"
    }
    assert "other" in methods
    assert not any(method.startswith("BREW") for method in methods)
