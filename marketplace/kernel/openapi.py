"""The OpenAPI document: what FastAPI derives from the routes, completed with what it cannot see.

Any body may be malformed or too large, any authenticated POST takes an Idempotency-Key, a token
needs the permission that its route asks for, and every refusal is a problem document.
"""

from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from functools import cache
from threading import Lock
from typing import Any, Final

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.routing import Route

from marketplace.kernel.errors import (
    MalformedBodyError,
    MalformedJsonError,
    MarketplaceError,
    TooLargeError,
    TooManyRequestsError,
    ValidationFailedError,
)
from marketplace.kernel.idempotency import (
    KEY_LENGTH_MAX,
    IdempotencyKeyReusedError,
    InvalidIdempotencyKeyError,
)
from marketplace.kernel.problems import PROBLEM_CONTENT, Problem, problems

Permissions = Callable[[Dependant], Sequence[str]]
"""The permissions of which a route asks for one; none where any token, or no token, will do."""
Guard = Callable[[str, Dependant], Sequence[type[MarketplaceError]]]
"""What a route that takes a token may answer, by its method, whatever it is for."""
Scheme = Mapping[str, Any]
"""An OAuth 2 security scheme; a permission that is none of its scopes is not for applications."""
SCHEME: Final = "OAuth2"
PATH: Final = "/openapi.json"

IDEMPOTENCY_KEY: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "sent again with the same key, a request gets its first answer; it is done once",
    "schema": {"type": "string", "minLength": 1, "maxLength": KEY_LENGTH_MAX},
    "example": "order-17-8f0d3a52",
}
ANY_OTHER: Final = {
    "description": "Any other failure, such as `unavailable` (503) or `internal_error` (500)",
    "content": PROBLEM_CONTENT,
}


def operation_id(route: APIRoute) -> str:
    """The handler's name: generated clients make it a method."""
    return route.name


def install(
    app: FastAPI,
    permissions: Permissions,
    oauth2: Scheme,
    *,
    guard: Guard,
    unlimited: Collection[str],
) -> None:
    """Serve the completed document; it is built on first use, beside the event loop, and kept.

    Args:
        app: the service, with all its routes.
        permissions: tells what a route asks for.
        oauth2: the security scheme whose scopes these are.
        guard: tells what an operation that takes a token may answer, whatever it is for.
        unlimited: paths without a rate limit.
    """
    derive, scopes = app.openapi, next(iter(oauth2["flows"].values()))["scopes"]

    @cache
    def openapi() -> dict[str, Any]:
        document = derive()
        for method, path, operation, dependant in _operations(app, document):
            _secure(operation, permissions(dependant), scopes)
            guarded = guard(method, dependant) if "security" in operation else ()
            _complete(method, operation, guarded, limited=path not in unlimited)
        return _with_schemas(document, oauth2)

    app.openapi = openapi  # type: ignore[method-assign] # the way that FastAPI documents
    app.router.routes.append(Route(PATH, _serving(openapi), include_in_schema=False))


def _serving(openapi: Callable[[], dict[str, Any]]) -> Callable[[Request], Awaitable[Response]]:
    """Answer with the document's bytes; whoever asks meanwhile waits for the same one."""
    building, content = Lock(), cache(lambda: orjson.dumps(openapi()))

    def built() -> bytes:
        with building:
            return content()

    async def serve(_: Request) -> Response:
        return Response(await run_in_threadpool(built), media_type="application/json")

    return serve


def _with_schemas(document: dict[str, Any], oauth2: Scheme) -> dict[str, Any]:
    document["components"]["securitySchemes"][SCHEME] = oauth2
    schemas = document["components"]["schemas"]
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= problem.pop("$defs") | {Problem.__name__: problem}
    for derived in ("HTTPValidationError", "ValidationError"):
        schemas.pop(derived, None)
    return document


def _operations(
    app: FastAPI, document: dict[str, Any]
) -> Iterator[tuple[str, str, dict[str, Any], Dependant]]:
    for route in iter_route_contexts(app.routes):
        if isinstance(route.original_route, APIRoute):
            for method in route.methods or ():
                path = route.original_route.path_format
                operation = document["paths"][path][method.lower()]
                yield method, path, operation, route.dependant


def _secure(operation: dict[str, Any], permissions: Sequence[str], scopes: Collection[str]) -> None:
    """Say what a token has to be able to do: as a scope, and in words for tokens without scopes."""
    if "security" not in operation:
        return
    if not permissions:
        operation["security"].append({SCHEME: []})
        return
    # One of them is enough, so each is an alternative.
    operation["security"] += [{SCHEME: [asked]} for asked in permissions if asked in scopes]
    wanted = " or ".join(f"`{permission}`" for permission in permissions)
    operation["description"] += f"\n\nIt takes {wanted}."


def _complete(
    method: str,
    operation: dict[str, Any],
    guarded: Sequence[type[MarketplaceError]],
    *,
    limited: bool,
) -> None:
    keyed = method == "POST" and "security" in operation
    if keyed:
        operation.setdefault("parameters", []).append(IDEMPOTENCY_KEY)
    responses = operation["responses"]
    if "application/json" in responses.get("422", {}).get("content", {}):
        del responses["422"]  # the validation error of FastAPI, which is never sent
    refusals = [*_refusals(operation, keyed=keyed, limited=limited)]
    refusals += guarded
    for status, refusal in problems(*refusals).items():
        declared = responses.setdefault(str(status), refusal)
        if declared is not refusal:
            declared["description"] += f"; {refusal['description']}"
    operation["responses"] = dict(sorted(responses.items())) | {"default": ANY_OTHER}


def _refusals(
    operation: dict[str, Any], *, keyed: bool, limited: bool
) -> Iterator[type[MarketplaceError]]:
    """What any operation of this shape may answer, beside what its route declares."""
    body = operation.get("requestBody", {}).get("content", {})
    if body or "parameters" in operation:
        yield ValidationFailedError
    if body:
        yield TooLargeError
    if "application/json" in body:
        yield from (MalformedJsonError, MalformedBodyError)
    if limited:
        yield TooManyRequestsError
    if keyed:
        yield from (InvalidIdempotencyKeyError, IdempotencyKeyReusedError)
