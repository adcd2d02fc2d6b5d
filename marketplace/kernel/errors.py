"""Errors a caller can act on; anything else is a bug and becomes a 500.

MarketplaceError
├── BadRequestError       400  the request cannot be understood
├── UnauthenticatedError  401  no valid token
├── ForbiddenError        403  known to you, but not yours to do
├── NotFoundError         404  unknown, or not visible to you
├── ConflictError         409  the present state refuses it
├── TooLargeError         413  over a size limit
├── UnprocessableError    422  well-formed JSON with impossible values
├── TooManyRequestsError  429  over a rate limit; wait as Retry-After says
└── UnavailableError      503  try again in a moment

Each domain derives its own from these in its `errors.py`, with a stable `code`.
"""

from http import HTTPStatus
from typing import ClassVar


class MarketplaceError(Exception):
    """An expected refusal. The message tells the caller what to do about it."""

    status: ClassVar[HTTPStatus] = HTTPStatus.BAD_REQUEST
    code: ClassVar[str] = "error"
    title: ClassVar[str] = "The request was refused"

    def __init__(self, detail: str = "", **extra: object) -> None:
        super().__init__(detail or self.title)
        self.extra = extra


class BadRequestError(MarketplaceError):
    status = HTTPStatus.BAD_REQUEST
    code = "bad_request"
    title = "The request could not be understood"


class MalformedJsonError(BadRequestError):
    code = "malformed_json"
    title = "The body is not JSON"


class MalformedBodyError(BadRequestError):
    code = "malformed_body"
    title = "The body cannot be read: it is no UTF-8, or is nested too deeply"


class UnauthenticatedError(MarketplaceError):
    status = HTTPStatus.UNAUTHORIZED
    code = "unauthenticated"
    title = "A valid bearer token is needed"


class ForbiddenError(MarketplaceError):
    status = HTTPStatus.FORBIDDEN
    code = "forbidden"
    title = "Your role does not allow this"


class NotFoundError(MarketplaceError):
    status = HTTPStatus.NOT_FOUND
    code = "not_found"
    title = "There is no such thing, or you may not see it"


class ConflictError(MarketplaceError):
    status = HTTPStatus.CONFLICT
    code = "conflict"
    title = "The present state does not allow this"


class TooLargeError(MarketplaceError):
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    code = "too_large"
    title = "The request is larger than the limit"


class UnprocessableError(MarketplaceError):
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "invalid"
    title = "A value is not acceptable"


class ValidationFailedError(UnprocessableError):
    code = "validation_failed"
    title = "Some fields are wrong"


class TooManyRequestsError(MarketplaceError):
    status = HTTPStatus.TOO_MANY_REQUESTS
    code = "too_many_requests"
    title = "You send more requests than you may"


class UnavailableError(MarketplaceError):
    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "unavailable"
    title = "Try again in a moment"
