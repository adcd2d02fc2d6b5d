"""The OpenAPI document is a product: complete, true to the routes, and fit for generators."""

import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from fastapi.openapi.models import OpenAPI
from pydantic import TypeAdapter

from marketplace.accounts.permissions import PERSONAL, MemberRole, Permission
from marketplace.app import create_app
from marketplace.operations import HEALTH_PATHS
from marketplace.settings import Settings
from tests.factories.routes import Operation, operations
from tests.security.conftest import Scene

APP = create_app(Settings(_env_file=None), connect=False)
OPERATIONS = {op.name: op for op in operations(APP)}
PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
MEDIA_TYPES = {
    "application/json",
    "application/octet-stream",
    "application/pdf",
    "application/vnd.apache.parquet",
    "application/xml",
    "text/csv",
    "text/csv; charset=utf-8",
    "text/plain",
    "text/vtt",
    "video/mp4",
    "video/webm",
}


def each(check: Callable[[Operation], None]) -> Callable[[], None]:
    """One test that tells every operation which fails: a runner takes longer over thousands."""

    def test() -> None:
        wrong = {name: _failure_of(check, op) for name, op in OPERATIONS.items()}
        assert {name: failure for name, failure in wrong.items() if failure} == {}

    test.__name__ = check.__name__
    return test


def _failure_of(check: Callable[[Operation], None], op: Operation) -> str | None:
    try:
        check(op)
    except AssertionError as failure:
        return str(failure)
    return None


@cache
def document() -> dict[str, Any]:
    """The document as a client gets it."""
    loaded: dict[str, Any] = json.loads(json.dumps(APP.openapi()))
    return loaded


def described(op: Operation) -> dict[str, Any]:
    found: dict[str, Any] = document()["paths"][op.path][op.method.lower()]
    return found


async def test_it_is_served_to_everyone_and_the_pages_show_it(scene: Scene) -> None:
    served = await scene.world.client.get("/openapi.json")
    assert served.json() == document()
    page = await scene.world.client.get("/docs")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "script-src 'self';" in page.headers["content-security-policy"]
    assert re.findall(r"https?://|<script>|\son\w+=", page.text) == [], "all of it comes from here"
    loaded = re.findall(r'(?:href|src)="(/docs/[^"]+)"', page.text)
    for address in loaded:
        file = await scene.world.client.get(address)
        assert file.headers["content-encoding"] == "gzip"
        assert "immutable" in file.headers["cache-control"]
        plain = await scene.world.client.get(address, headers={"accept-encoding": "identity"})
        assert plain.content == file.content != b""
        assert plain.headers["content-type"].startswith(("text/css", "text/javascript"))
    assert len(loaded) == 3
    assert "/openapi.json" in plain.text
    assert (await scene.world.client.get("/docs/other.js")).status_code == 404


def test_it_has_the_form_of_openapi_3_1() -> None:
    OpenAPI.model_validate(document())
    assert document()["openapi"].startswith("3.1.")
    schemes = document()["components"]["securitySchemes"]
    assert set(schemes) == {"HTTPBearer", "OAuth2"}
    assert (schemes["HTTPBearer"]["type"], schemes["HTTPBearer"]["scheme"]) == ("http", "bearer")
    for flow in schemes["OAuth2"]["flows"].values():
        assert set(flow["scopes"]) == set(Permission) - PERSONAL
        assert all(len(about) > 20 for about in flow["scopes"].values())


def test_every_operation_is_in_it_once_under_a_name_of_its_own() -> None:
    listed = {
        f"{method.upper()} {path}"
        for path, methods in document()["paths"].items()
        for method in methods
    }
    assert listed == {op.label for op in OPERATIONS.values()}
    assert len(OPERATIONS) == len(operations(APP)) == len(listed)
    names = [described(op)["operationId"] for op in OPERATIONS.values()]
    assert sorted(names) == sorted(set(names))
    assert all(re.fullmatch(r"[a-z][a-z_]+", name) for name in names)


def test_every_reference_leads_somewhere_and_every_schema_is_used() -> None:
    schemas = document()["components"]["schemas"]
    used = {value.removeprefix("#/components/schemas/") for value in _references(document())}
    assert used == set(schemas)
    assert not used & {"HTTPValidationError", "ValidationError"}


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        for item in value.values():
            yield from _references(item)
    elif isinstance(value, list):
        for item in value:
            yield from _references(item)


@each
def test_an_operation_says_what_it_is_for(op: Operation) -> None:
    operation = described(op)
    assert len(operation["description"]) > 20
    assert operation["summary"]
    assert len(operation["tags"]) == 1
    named = {
        parameter["name"]
        for parameter in operation.get("parameters", [])
        if parameter["in"] == "path"
    }
    assert named == set(re.findall(r"{(\w+)}", op.path)) == set(op.parameters)


@each
def test_an_operation_says_who_may_call_it(op: Operation) -> None:
    operation = described(op)
    may_send = op.needs_token or op.heeds_token
    ways: list[dict[str, list[str]]] = [{"HTTPBearer": []}] if may_send else []
    ways += [{}] if op.heeds_token else []
    asked = [[str(permission)] for permission in op.permissions if permission not in PERSONAL]
    if may_send and not op.permissions:
        asked = [[]]
    assert operation.get("security", []) == ways + [{"OAuth2": scopes} for scopes in asked]
    assert all(f"`{permission}`" in operation["description"] for permission in op.permissions)
    refused = {role for role in MemberRole if not op.lets(role)}
    assert ("`invalid_token`" in _codes(op, "401")) is may_send
    assert ("`organisation_suspended`" in _codes(op, "403")) is (may_send or op.name == "sign_in")
    assert ("`permission_missing`" in _codes(op, "403")) is (
        bool(refused) or bool(set(op.permissions) & PERSONAL) or op.name == "create_organisation"
    )


@each
def test_an_operation_says_how_it_refuses(op: Operation) -> None:
    operation, read = described(op), op.route.body_field is not None
    refusals = {s: r for s, r in operation["responses"].items() if not s.startswith("2")}
    assert {json.dumps(response["content"]) for response in refusals.values()} == {
        json.dumps(PROBLEM)
    }
    for status, response in refusals.items():
        codes = re.findall(r"`([a-z_]+)`", response["description"])
        assert codes, status
        assert len(codes) == len(set(codes)) or status == "default", codes
    assert "default" in refusals
    assert ("`too_many_requests`" in _codes(op, "429")) is (op.path not in HEALTH_PATHS)
    assert ("`malformed_json`" in _codes(op, "400")) is read
    assert ("`too_large`" in _codes(op, "413")) is ("requestBody" in operation)
    assert ("`validation_failed`" in _codes(op, "422")) is (read or "parameters" in operation)


def _codes(op: Operation, status: str) -> str:
    description: str = described(op)["responses"].get(status, {}).get("description", "")
    return description


@each
def test_an_operation_says_what_it_answers(op: Operation) -> None:
    (status,) = (s for s in described(op)["responses"] if s.startswith("2"))
    content = described(op)["responses"][status].get("content")
    assert (content is None) is (status == "204")
    for media_type, form in (content or {}).items():
        assert media_type in MEDIA_TYPES
        assert form.get("schema") != {}


@each
def test_a_post_with_a_token_takes_an_idempotency_key(op: Operation) -> None:
    keys = [p for p in described(op).get("parameters", []) if p["name"] == "Idempotency-Key"]
    assert len(keys) == (op.method == "POST" and op.needs_token)
    assert all(key["in"] == "header" and not key.get("required") for key in keys)
    assert ("`idempotency_key_reused`" in _codes(op, "409")) is bool(keys)


@each
def test_an_example_of_a_body_is_a_right_body(op: Operation) -> None:
    body = described(op).get("requestBody", {}).get("content", {})
    if op.route.body_field is None:
        return
    (name,) = (found.rpartition("/")[2] for found in _references(body))
    (example,) = document()["components"]["schemas"][name]["examples"]
    adapter: TypeAdapter[Any] = TypeAdapter(op.route.body_field.field_info.annotation)
    adapter.validate_json(json.dumps(example))
