"""Errors as RFC 9457 problem documents.

An answer never says what broke inside, nor repeats the content of a field. It may repeat what names
things: a field, a state, a number of a publication or an office that is not known.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from http import HTTPMethod, HTTPStatus
from typing import Any, Final

import asyncpg
import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException
from starlette.routing import Match
from starlette.types import ASGIApp, Receive, Scope, Send

from marketplace.kernel.database_errors import DatabaseError, constraint_of, is_transient
from marketplace.kernel.errors import (
    MalformedBodyError,
    MalformedJsonError,
    MarketplaceError,
    NotFoundError,
    TooLargeError,
    TooManyRequestsError,
    UnavailableError,
    ValidationFailedError,
)
from marketplace.kernel.logs import get_logger
from marketplace.kernel.vault import DecryptionError

logger = get_logger(__name__)

ConstraintErrors = Mapping[str, type[MarketplaceError]]
"""Which error a violated constraint means, by constraint name."""

MEDIA_TYPE: Final = "application/problem+json"
PROBLEM_CONTENT: Final = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
RETRY_AFTER: Final = "retry_after_seconds"
"""What else an error says, which is a header as well."""
FIELD_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,40}")
WRONG_TAG: Final = "union_tag_invalid"
TAG: Final = re.compile(r"'([^']*)'")
HTTP_ERRORS: Final = {e.status: e for e in (MalformedBodyError, NotFoundError, TooLargeError)}
"""What the framework's own refusals mean."""


class FieldProblem(BaseModel):
    field: str
    message: str


class Problem(BaseModel):
    """RFC 9457: `code` is stable and for programs, `detail` says what to do."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "urn:marketplace:problem:validation_failed",
                    "title": "Some fields are wrong",
                    "status": 422,
                    "detail": "correct: body.currency",
                    "code": "validation_failed",
                    "request_id": "5f0c2c9f3a3e4b7d8a1b2c3d4e5f6071",
                    "errors": [{"field": "body.currency", "message": "Field required"}],
                }
            ]
        }
    )

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str | None = None
    errors: list[FieldProblem] | None = None


def problems(*errors: type[MarketplaceError]) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route: every refusal it may give, by status, with its codes."""
    by_status: dict[int | str, list[type[MarketplaceError]]] = {}
    for error in errors:
        by_status.setdefault(int(error.status), []).append(error)
    return {
        status: {
            "description": "; ".join(f"`{e.code}`: {e.title}" for e in found),
            "content": PROBLEM_CONTENT,
        }
        for status, found in by_status.items()
    }


def install(app: FastAPI, constraint_errors: ConstraintErrors) -> None:
    """Answer every failure of the app with a problem document."""

    async def on_refusal(request: Request, error: Exception) -> Response:
        assert isinstance(error, MarketplaceError)
        return _refuse(request, error)

    async def on_database_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, DatabaseError)
        return _refuse(request, translate(error, constraint_errors))

    async def on_unreachable(request: Request, error: Exception) -> Response:
        return _refuse(request, UnavailableError("the database is not answering"))

    app.add_exception_handler(MarketplaceError, on_refusal)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http_exception)
    for refused in (DBAPIError, asyncpg.PostgresError, asyncpg.InterfaceError):
        app.add_exception_handler(refused, on_database_error)
    for lost in (PoolTimeoutError, ConnectionError, TimeoutError):
        app.add_exception_handler(lost, on_unreachable)
    app.add_exception_handler(DecryptionError, _on_undecipherable)
    app.add_exception_handler(Exception, _on_bug)


def translate(error: DatabaseError, constraint_errors: ConstraintErrors) -> MarketplaceError:
    """What a database refusal means to the caller; anything unexpected is raised again."""
    known = constraint_errors.get(constraint_of(error))
    if known is not None:
        return known()
    if is_transient(error):
        return UnavailableError("the database is busy or starting; send it again")
    raise error


def too_large(request: Request) -> Response:
    return _refuse(request, TooLargeError())


def too_many_requests(wait_seconds: int) -> ASGIApp:
    """The answer to whoever sends more than they may, as an app."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        detail = f"wait {wait_seconds} s; RateLimit-Policy says how much you may send"
        response = _refuse(Request(scope), TooManyRequestsError(detail))
        response.headers["retry-after"] = str(wait_seconds)
        await response(scope, receive, send)

    return answer


def _refuse(request: Request, error: MarketplaceError) -> Response:
    return render(request, error.status, error.code, error.title, str(error), **error.extra)


def render(  # the fields of the document, in its order
    request: Request, status: int, code: str, title: str, detail: str, **extra: object
) -> Response:
    """A problem document (RFC 9457) with the headers of its status; `extra` are more members."""
    body = {
        "type": f"urn:marketplace:problem:{code}",
        "title": title,
        "status": int(status),
        "detail": detail,
        "code": code,
        "request_id": getattr(request.state, "request_id", None),
        **extra,
    }
    headers = {}
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["retry-after"] = "1"
    if RETRY_AFTER in extra:
        headers["retry-after"] = str(extra[RETRY_AFTER])
    if status == HTTPStatus.UNAUTHORIZED:
        headers["www-authenticate"] = "Bearer"
    return Response(orjson.dumps(body, default=str), status, headers, media_type=MEDIA_TYPE)


async def _on_invalid(request: Request, error: Exception) -> Response:
    """Name the fields, never their values: what was sent may be confidential."""
    assert isinstance(error, RequestValidationError)
    if any(found["type"] == "json_invalid" for found in error.errors()):
        return _refuse(request, MalformedJsonError("send valid JSON"))
    found = [
        {"field": _field(_location(item, error.body)), "message": _message(item)[:400]}
        for item in error.errors()[:20]
    ]
    fields = ", ".join(item["field"] for item in found)
    return _refuse(request, ValidationFailedError(f"correct: {fields}", errors=found))


def _location(found: Mapping[str, Any], body: Any) -> Iterator[object]:
    """Where a field is; a tag that chooses no type is a field as well."""
    yield from _as_sent(found["loc"], body)
    if found["type"] == WRONG_TAG:
        yield found["ctx"]["discriminator"].strip("'")


def _message(found: Mapping[str, Any]) -> str:
    """What is wrong with a field; of a wrong tag pydantic would repeat what was sent."""
    if found["type"] == WRONG_TAG:
        known = TAG.findall(found["ctx"]["expected_tags"])
        return f"Input should be one of: {', '.join(known)}"
    message: str = found["msg"]
    return message


def _as_sent(location: Sequence[object], body: Any) -> Iterator[object]:
    """The path of a field in the body itself, without the tags by which a type was chosen."""
    yield from location[:1]
    inner: Any = body if location[:1] == ("body",) else None
    for left, part in zip(range(len(location) - 2, -1, -1), location[1:], strict=True):
        if isinstance(inner, dict) and left and part not in inner and part in inner.values():
            continue
        yield part
        try:
            inner = inner[part]
        except (TypeError, LookupError):
            inner = None


def _field(location: Iterable[object]) -> str:
    """The path of a field. A name that the caller made up is shown if it reads as a name."""
    parts = (str(part) for part in location)
    return ".".join(part if FIELD_NAME.fullmatch(part) else "?" for part in parts)[:200]


async def _on_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    status = HTTPStatus(error.status_code)
    if known := HTTP_ERRORS.get(status):
        return _refuse(request, known())
    code = status.name.lower()
    response = render(request, status, code, status.phrase, status.description or status.phrase)
    response.headers.update(error.headers or {})
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        response.headers["allow"] = ", ".join(_methods_of(request))
    return response


def _methods_of(request: Request) -> list[str]:
    """What the path takes; the router itself knows only the first of its routes with that path."""
    scopes = {method: {**request.scope, "method": method} for method in sorted(HTTPMethod)}
    routes = request.app.routes
    return [
        method
        for method, scope in scopes.items()
        if any(route.matches(dict(scope))[0] is Match.FULL for route in routes)
    ]


async def _on_undecipherable(request: Request, error: Exception) -> Response:
    """A key is missing or bytes were changed: the operator can mend that, no trace would help."""
    logger.error("cannot decrypt", error=type(error).__name__, reason=str(error))
    detail = "what is encrypted cannot be read until the operator mends it; quote the request id"
    return _refuse(request, UnavailableError(detail))


async def _on_bug(request: Request, error: Exception) -> Response:
    """The log has the trace; the caller gets the request id to quote."""
    detail = "this is our fault and has been logged; quote the request id"
    return render(request, 500, "internal_error", "Internal error", detail)
