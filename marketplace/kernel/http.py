"""The outermost layers of every request: an id, limits, headers, a log line and figures."""

import re
import time
from collections.abc import Iterable, Mapping
from functools import lru_cache
from http import HTTPMethod
from secrets import token_hex
from typing import Any, Final

import structlog
from fastapi import FastAPI, Request
from prometheus_client import Counter, Histogram
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from marketplace.kernel.errors import TooLargeError
from marketplace.kernel.fast_lane import Fast, FastLane
from marketplace.kernel.logs import get_logger
from marketplace.kernel.problems import too_large, too_many_requests
from marketplace.kernel.rate_limits import STATE, Charge, RateLimits

logger = get_logger(__name__)

BODY_BYTES_MAX: Final = 3 * 1024 * 1024
"""Room for the longest confidential text, 200,000 characters, each written as JSON escapes."""
_REQUEST_ID: Final = re.compile(rb"[A-Za-z0-9._-]{8,64}")

REQUESTS: Final = Counter(
    "marketplace_http_requests_total", "Requests by route and status", ("method", "route", "status")
)
SECONDS: Final = Histogram(
    "marketplace_http_request_seconds",
    "Time to answer",
    ("route",),
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
SERIES_MAX: Final = 4_000
METHODS: Final = frozenset(HTTPMethod)
"""The methods that figures are kept by: callers must not be able to invent new series."""
SECURITY_HEADERS: Final = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "cache-control": "no-store",
}
_ENCODED: Final = [(name.encode(), value.encode()) for name, value in SECURITY_HEADERS.items()]


class Service(FastAPI):
    """FastAPI inside the envelope, so that its own answers (413, 500) carry the headers as well."""

    def __init__(
        self,
        *,
        log_requests: bool,
        fast: Mapping[str, Fast] | None = None,
        limits: RateLimits | None = None,
        trusted_proxies: str = "",
        **options: Any,
    ) -> None:
        self._log_requests = log_requests
        self._fast = fast or {}
        self._limits = limits
        self._trusted_proxies = trusted_proxies
        super().__init__(**options)

    def build_middleware_stack(self) -> ASGIApp:
        stack = FastLane(RefusalOfSize(super().build_middleware_stack()), self._fast)
        envelope = RequestEnvelope(stack, log_requests=self._log_requests, limits=self._limits)
        if not self._trusted_proxies:
            return envelope
        # Only what one of these says of a caller's address is believed.
        return ProxyHeadersMiddleware(envelope, self._trusted_proxies)  # type: ignore[arg-type,return-value]


class RefusalOfSize:
    """Puts a problem document in place of the plain text that refuses a Content-Length."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        replaced = False

        async def send_problem(message: Message) -> None:
            nonlocal replaced
            if message["type"] == "http.response.start" and _is_plain_refusal(message):
                replaced = True
                await too_large(Request(scope))(scope, receive, send)
            elif not replaced:
                await send(message)

        await self.app(scope, receive, send_problem)


class RequestEnvelope:
    """Pure ASGI middleware, because wrapping the response stream twice costs more than it does."""

    def __init__(
        self, app: ASGIApp, *, log_requests: bool, limits: RateLimits | None = None
    ) -> None:
        self.app = app
        self.log_requests = log_requests
        self.limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        request_id = _request_id(scope["headers"])
        state = scope.setdefault("state", {})
        state["request_id"] = request_id
        charge = self.limits.charge(scope) if self.limits else None
        state[STATE] = self.limits, charge
        structlog.contextvars.bind_contextvars(request_id=request_id)
        status = 500

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _add_headers(message, request_id, state[STATE][1])
            await send(message)

        try:
            app = too_many_requests(charge.seconds) if charge and charge.is_refused else self.app
            await app(scope, receive, send_with_headers)
        except Exception:
            logger.exception("request failed", method=scope["method"], route=_route(scope))
            raise
        finally:
            self._note(scope, status, time.perf_counter() - started)
            structlog.contextvars.unbind_contextvars("request_id")

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route, method = _route(scope), scope["method"]
        requests, durations = _figures(method if method in METHODS else "other", route, status)
        requests.inc()
        durations.observe(seconds)
        if self.log_requests:
            milliseconds = round(seconds * 1000, 2)
            logger.info("request", method=method, route=route, status=status, ms=milliseconds)


@lru_cache(maxsize=SERIES_MAX)
def _figures(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    """Found once, because looking them up costs more than counting."""
    return REQUESTS.labels(method, route, status), SECONDS.labels(route)


def _is_plain_refusal(message: Message) -> bool:
    media_type = Headers(raw=message["headers"]).get("content-type", "")
    return message["status"] == TooLargeError.status and media_type.startswith("text/plain")


def _route(scope: Scope) -> str:
    return getattr(scope.get("route"), "path", "unmatched")


def _request_id(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """The caller's own id when it is harmless to log, else a new one."""
    given = next((value for name, value in headers if name == b"x-request-id"), b"")
    return given.decode() if _REQUEST_ID.fullmatch(given) else token_hex(16)


def _add_headers(message: Message, request_id: str, charge: Charge | None) -> None:
    present = {name for name, _ in message["headers"]}
    limits = charge.headers() if charge else ()
    own = ((b"x-request-id", request_id.encode()), *limits, *_ENCODED)
    message["headers"] = [*message["headers"], *(one for one in own if one[0] not in present)]
