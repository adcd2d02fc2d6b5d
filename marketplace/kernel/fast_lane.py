"""The hottest public reads, answered before the framework looks at the request.

The framework's routing and validation cost several times what such a read does. A fast read either
has the whole answer or none: what it does not answer (other parameters, a bad cursor, an unknown
id) goes on to the ordinary route, which says the same, more slowly, and explains what is wrong.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from starlette.types import ASGIApp, Receive, Scope, Send

from marketplace.kernel.driver_pools import Reads

Answer = Callable[[Reads, str, str], Awaitable[bytes | None]]
"""`async def (reads, last segment of the path, query string) -> JSON or None`."""


@dataclass(frozen=True, slots=True)
class FastRead:
    """`path` is that of the ordinary route, as figures and logs name it."""

    path: str
    answer: Answer


class FastLane:
    """Tries the fast read of a path, or of its parent when that ends in `/`."""

    def __init__(self, app: ASGIApp, fast: Mapping[str, FastRead]) -> None:
        self.app = app
        self.fast = fast

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await self._answer(scope)
        if body is None:
            await self.app(scope, receive, send)
            return
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, scope: Scope) -> bytes | None:
        if scope["type"] != "http" or scope["method"] != "GET":
            return None
        path: str = scope["path"]
        cut = path.rfind("/") + 1
        found = self.fast.get(path) or self.fast.get(path[:cut])
        if found is None:
            return None
        query = scope["query_string"].decode("latin-1")
        try:
            body = await found.answer(scope["app"].state.reads, path[cut:], query)
        except Exception:  # noqa: BLE001 - the ordinary route fails alike, and tells it properly
            return None
        if body is not None:
            scope["route"] = found
        return body
