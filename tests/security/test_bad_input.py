"""Whatever is sent, the answer is right or a problem document; a refusal changes nothing."""

import re
from collections.abc import Iterator
from itertools import product
from typing import Any

import httpx2
import pytest
from argon2 import PasswordHasher
from sqlalchemy.ext.asyncio import AsyncConnection

from marketplace.accounts.passwords import hashing
from marketplace.app import create_app
from marketplace.payments.providers.bank.statement import CONTENT_BYTES_MAX
from marketplace.settings import Settings
from tests.factories.deals import credit, statement
from tests.factories.routes import Operation, operations
from tests.factories.tables import contents
from tests.security import fuzz
from tests.security.conftest import Scene

OPERATIONS = {op.name: op for op in operations(create_app(Settings(_env_file=None), connect=False))}
TURNS = {name: turn for turn, name in enumerate(OPERATIONS)}
RESOURCES: dict[str, list[Operation]] = {}
"""The operations by the first part of their address: what is there is read once for many."""
for _operation in OPERATIONS.values():
    RESOURCES.setdefault(_operation.path.removeprefix("/v1/").split("/")[0], []).append(_operation)
TYPICAL = {
    "catalogue",
    "my_deals",
    "register_right",
    "sign_out",
    "put_confidential_text",
    "edit_listing",
}
QUOTING = {"invalid_identifier", "invalid_classification", "unknown_unit", "unknown_currency"}
"""Refusals that quote a public number or code back, cut short, so that its typist can see it."""


def _requests(op: Operation, ids: dict[str, str]) -> Iterator[fuzz.Request]:
    right = fuzz.Request(op.method, op.address(ids))
    if op.body is not None:
        right = fuzz.Request(
            op.method,
            right.path,
            content=fuzz.encoded(op.body),
            headers={"content-type": b"application/json"},
        )
    yield from _addressed(op, right, ids)
    yield from _headed(op, right)
    if op.body is not None:
        yield from _bodied(op, right)


def _addressed(op: Operation, right: fuzz.Request, ids: dict[str, str]) -> Iterator[fuzz.Request]:
    for turn, name in enumerate(op.parameters, TURNS[op.name]):
        for _, part in fuzz.share(fuzz.PATH_PARTS, turn):
            path = op.address({**ids, name: part})
            yield fuzz.Request(
                op.method, path, f"path {name}={part[:40]}", right.content, right.headers
            )
    for query in fuzz.queries(op.query):
        path = f"{right.path}?{query}"
        yield fuzz.Request(op.method, path, f"query {query[:60]}", right.content, right.headers)


def _headed(op: Operation, right: fuzz.Request) -> Iterator[fuzz.Request]:
    """What every route shares is tried on a few; versions and keys wherever they are read."""
    is_typical, turn = op.name in TYPICAL, TURNS[op.name]
    for _, (name, value) in (
        enumerate(fuzz.HEADERS) if is_typical else fuzz.share(fuzz.HEADERS, turn)
    ):
        shared = name not in {"if-match", "idempotency-key"}
        if not is_typical and (shared or op.method == "GET" or not op.parameters):
            continue
        yield right.with_headers(f"header {name}: {value[:40]!r}", **{name: value})


def _bodied(op: Operation, right: fuzz.Request) -> Iterator[fuzz.Request]:
    """Wrong values on every route; what is no JSON, which all routes read alike, on a few."""
    for about, body in fuzz.bodies(op.body, TURNS[op.name]):
        yield fuzz.Request(op.method, right.path, about, fuzz.encoded(body), right.headers)
    if op.name not in TYPICAL:
        return
    for about, content in fuzz.raw_bodies(right.content or b""):
        yield fuzz.Request(op.method, right.path, about, content, right.headers)
    for content_type in fuzz.CONTENT_TYPES:
        yield right.with_headers(f"as {content_type!r}", content_type=content_type)


async def _send(scene: Scene, op: Operation, request: fuzz.Request) -> httpx2.Response:
    headers = {"authorization": f"Bearer {scene.someone_for(op).token}".encode()}
    return await scene.bold.request(
        request.method, request.path, content=request.content, headers=headers | request.headers
    )


def _faults(document: dict[str, Any], op: Operation, answer: httpx2.Response) -> list[str]:
    """What is wrong with an answer."""
    if answer.is_success:
        return []
    if not 400 <= answer.status_code < 500:
        return [f"status {answer.status_code}"]
    if answer.headers.get("content-type") != "application/problem+json":
        return [f"media type {answer.headers.get('content-type')}"]
    if op.method == "HEAD":
        return ["a body"] if answer.content else []
    problem = answer.json()
    faults = []
    if problem["status"] != answer.status_code or not re.fullmatch(r"[a-z_]+", problem["code"]):
        faults.append(f"status and code {problem['status']} {problem['code']}")
    if problem["request_id"] != answer.headers["x-request-id"]:
        faults.append("another request id")
    if fuzz.MARK in answer.text and problem["code"] not in QUOTING:
        faults.append("repeats what was sent")
    if len(answer.content) > 4_000:
        faults.append(f"{len(answer.content)} bytes")
    declared = document["paths"][op.path][op.method.lower()]["responses"]
    if f"`{problem['code']}`" not in declared.get(str(answer.status_code), {}).get(
        "description", ""
    ):
        faults.append(f"undeclared {answer.status_code} {problem['code']}")
    return faults


@pytest.fixture
def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes as cheap as can be: hundreds of requests here are well-formed sign-ups."""
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(hashing, "_HASHER", hasher)
    monkeypatch.setattr(hashing, "_NOBODY", hasher.hash("nobody's"))


@pytest.mark.usefixtures("cheap_passwords")
@pytest.mark.parametrize("resource", RESOURCES)
async def test_bad_input_is_refused_or_harmless(
    scene: Scene, nothing_stays: AsyncConnection, resource: str
) -> None:
    document, before, faults = scene.world.app.openapi(), await contents(nothing_stays), []
    for op, request in _requests_to(resource, scene.ids):
        one = await nothing_stays.begin_nested()
        answer = await _send(scene, op, request)
        found = _faults(document, op, answer)
        if found:
            faults.append(f"{op.name}, {request.about}: {', '.join(found)}")
        await (one.rollback() if answer.is_success else one.commit())
    assert faults == []
    assert await contents(nothing_stays) == before


def _requests_to(resource: str, ids: dict[str, str]) -> Iterator[tuple[Operation, fuzz.Request]]:
    for op in RESOURCES[resource]:
        yield from ((op, request) for request in _requests(op, ids))


def _integers(value: Any, place: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if type(value) is int:
        yield place
    for key, item in value.items() if isinstance(value, dict) else ():
        yield from _integers(item, (*place, key))


NO_INTEGERS = (True, "1", 1.0, 1.5, -1, 10**30, fuzz.Raw("1e400"))


@pytest.mark.parametrize("resource", RESOURCES)
async def test_a_number_is_never_guessed(
    scene: Scene, nothing_stays: AsyncConnection, resource: str
) -> None:
    before, headers = await contents(nothing_stays), {"content-type": b"application/json"}
    for op, place, wrong in _guesses(resource):
        content = fuzz.encoded(fuzz.replaced(op.body, place, wrong))
        request = fuzz.Request(op.method, op.address(scene.ids), "", content, headers)

        answer = await _send(scene, op, request)

        problem = answer.json()
        told = (answer.status_code, problem["code"])
        assert told == (422, "validation_failed"), (op.name, place, wrong)
        assert [error["field"] for error in problem["errors"]] == [".".join(("body", *place))]
    assert await contents(nothing_stays) == before


def _guesses(resource: str) -> Iterator[tuple[Operation, tuple[str, ...], Any]]:
    for op in RESOURCES[resource]:
        for place, wrong in product(_integers(op.body), NO_INTEGERS):
            yield op, place, wrong


STATEMENTS = {
    "empty": b"",
    "no statement": fuzz.MARK.encode(),
    "JSON": b'{"entries": []}',
    "broken UTF-8": statement(credit(1, "a")) + b"\xff\xfe",
    "no header": credit(1, "a").encode(),
    "a header alone": statement(),
    "a cell too many": statement(credit(1, "a") + ",,,,,"),
    "nothing for an amount": statement(credit(1, "a").replace(",1,", ",,")),
    "a fraction of a won": statement(credit(1, "a").replace(",1,", ",1.5,")),
    "a huge amount": statement(credit(10**30, "a")),
    "a negative amount": statement(credit(-1, "a")),
    "no currency": statement(credit(1, "a", currency="ZZZ")),
    "no date": statement(credit(1, "a").replace("2026-01-05", "2026-13-45")),
    "an entity bomb": b'<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]><D>&c;</D>',
    "a file of ours": b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><D>&b;</D>',
    "XML cut short": b"<Document",
    "very deep XML": b"<a>" * 100_000,
    "over the limit": b"x" * (CONTENT_BYTES_MAX + 1),
}


@pytest.mark.parametrize("content", STATEMENTS.values(), ids=STATEMENTS)
async def test_what_is_no_statement_is_refused(
    scene: Scene, nothing_stays: AsyncConnection, content: bytes
) -> None:
    op, before = OPERATIONS["import_bank_statement"], await contents(nothing_stays)
    answer = await scene.market.operator.upload(op.path, content)
    assert answer.is_client_error, answer.text
    assert _faults(scene.world.app.openapi(), op, answer) == []
    assert await contents(nothing_stays) == before


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "X" * 300])
async def test_another_method_is_refused(scene: Scene, method: str) -> None:
    for path in ("/v1/users", "/v1/rights/1", "/healthz", "/nowhere"):
        answer = await scene.bold.request(method, path)
        assert answer.status_code in {404, 405}
        assert answer.headers["content-type"] == "application/problem+json"


async def test_of_a_page_one_may_ask_the_headers_alone(scene: Scene) -> None:
    answer = await scene.bold.request("HEAD", "/")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert (await scene.bold.request("OPTIONS", "/")).status_code == 405


@pytest.mark.parametrize(
    "path",
    [
        "/v1/rights/",
        "/V1/rights",
        "//v1/rights",
        "/v1//rights",
        "/v1/rights;a=b",
        "/v1/rights/%2e%2e",
    ],
)
async def test_an_address_has_one_spelling(scene: Scene, path: str) -> None:
    answer = await scene.bold.get(path, headers=scene.market.seller.headers)
    assert answer.is_client_error
    assert answer.json()["code"] in {"not_found", "validation_failed"}
