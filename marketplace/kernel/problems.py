"""Errors as RFC 9457 problem documents. No answer repeats what the caller sent or what broke."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException

from marketplace.kernel.errors import MarketplaceError, TooLargeError, UnavailableError
from marketplace.kernel.logs import get_logger

logger = get_logger(__name__)

ConstraintErrors = Mapping[str, type[MarketplaceError]]
"""Which error a violated constraint means, by constraint name."""

RETRYABLE_STATES: Final = frozenset({"40001", "40P01", "55P03", "57P01", "57P02", "57P03", "53300"})
"""Serialization failure, deadlock, lock timeout, server stopping, starting or full."""

HTTP_CODES: Final = {
    HTTPStatus.BAD_REQUEST: "malformed_body",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: TooLargeError.code,
}


class FieldProblem(BaseModel):
    field: str
    message: str


class Problem(BaseModel):
    """RFC 9457: `code` is stable and for programs, `detail` says what to do."""

    type: str = Field(examples=["urn:marketplace:problem:not_found"])
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
            "model": Problem,
            "description": "; ".join(f"`{e.code}`: {e.title}" for e in found),
            "content": {"application/problem+json": {}},
        }
        for status, found in by_status.items()
    }


def install(app: FastAPI, constraint_errors: ConstraintErrors) -> None:
    """Answer every failure of the app with a problem document."""

    async def on_refusal(request: Request, error: Exception) -> Response:
        assert isinstance(error, MarketplaceError)
        return render(request, error.status, error.code, error.title, str(error), **error.extra)

    async def on_database_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, DBAPIError)
        return await on_refusal(request, translate(error, constraint_errors))

    async def on_unreachable(request: Request, error: Exception) -> Response:
        return await on_refusal(request, UnavailableError("the database is not answering"))

    app.add_exception_handler(MarketplaceError, on_refusal)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(DBAPIError, on_database_error)
    for kind in (PoolTimeoutError, ConnectionError, TimeoutError):
        app.add_exception_handler(kind, on_unreachable)
    app.add_exception_handler(Exception, _on_bug)


def translate(error: DBAPIError, constraint_errors: ConstraintErrors) -> MarketplaceError:
    """What a database refusal means to the caller; anything unexpected is raised again."""
    cause = getattr(error.orig, "__cause__", None) or error.orig
    known = constraint_errors.get(getattr(cause, "constraint_name", None) or "")
    if known is not None:
        return known()
    if getattr(cause, "sqlstate", None) in RETRYABLE_STATES:
        return UnavailableError("somebody else was changing the same thing; send it again")
    if isinstance(error, InterfaceError | OperationalError) or error.connection_invalidated:
        return UnavailableError("the database is not answering")
    raise error


def render(  # the fields of the document, in its order
    request: Request, status: int, code: str, title: str, detail: str, **extra: object
) -> Response:
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
    if status == HTTPStatus.UNAUTHORIZED:
        headers["www-authenticate"] = "Bearer"
    return Response(
        orjson.dumps(body, default=str), status, headers, media_type="application/problem+json"
    )


async def _on_invalid(request: Request, error: Exception) -> Response:
    """Name the fields, never their values: what was sent may be confidential."""
    assert isinstance(error, RequestValidationError)
    if any(found["type"] == "json_invalid" for found in error.errors()):
        return render(request, 400, "malformed_json", "The body is not JSON", "send valid JSON")
    found = [
        {"field": ".".join(str(part) for part in item["loc"])[:200], "message": item["msg"][:200]}
        for item in error.errors()[:20]
    ]
    fields = ", ".join(item["field"] for item in found)
    detail = f"correct: {fields}"
    return render(request, 422, "validation_failed", "Some fields are wrong", detail, errors=found)


async def _on_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    status = HTTPStatus(error.status_code)
    code = HTTP_CODES.get(status, status.name.lower())
    response = render(request, status, code, status.phrase, status.description or status.phrase)
    response.headers.update(error.headers or {})
    return response


async def _on_bug(request: Request, error: Exception) -> Response:
    """The log has the trace; the caller gets the request id to quote."""
    detail = "this is our fault and has been logged; quote the request id"
    return render(request, 500, "internal_error", "Internal error", detail)
