"""The hottest doors, answered before the framework looks at the request.

The framework's routing and validation cost several times what such a request does. A fast answer
is the whole one or none: what it does not answer (other parameters, a bad cursor, an unknown id, a
wrong signature) goes on to the ordinary route, which does the same, more slowly, and explains what
is wrong.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from marketplace.kernel.driver_pools import Reads

NOT_MODIFIED: Final = 304

Answer = Callable[[Reads, str, str], Awaitable[bytes | None]]
"""`async def (reads, last segment of the path, query string) -> JSON or None`."""


@dataclass(frozen=True, slots=True)
class FastRead:
    """`path` is that of the ordinary route, as figures and logs name it."""

    path: str
    answer: Answer


@dataclass(frozen=True, slots=True)
class Ready:
    """A whole answer, headers and all."""

    status: int
    headers: Sequence[tuple[bytes, bytes]]
    body: bytes


Show = Callable[[Any, Headers, str], Awaitable[Ready | None]]
"""`async def (state of the app, headers, query string) -> page or None`."""


@dataclass(frozen=True, slots=True)
class FastPage:
    """A page that processes keep rendered; `path` is that of the ordinary route."""

    path: str
    show: Show


Write = Callable[[Any, Headers, bytes], Awaitable[bytes]]
"""`async def (state of the app, headers, body) -> JSON`; whatever it raises, it wrote nothing."""


@dataclass(frozen=True, slots=True)
class FastWrite:
    """A POST to exactly this path with at most so many bytes, that may be tried twice."""

    path: str
    bytes_max: int
    write: Write


Fast = FastRead | FastPage | FastWrite


class FastLane:
    """Tries the fast read of a path, or of its parent when that ends in `/`; or its fast write."""

    def __init__(self, app: ASGIApp, fast: Mapping[str, Fast]) -> None:
        self.app = app
        self.pages = {name: one for name, one in fast.items() if isinstance(one, FastPage)}
        self.reads = {name: one for name, one in fast.items() if isinstance(one, FastRead)}
        self.writes = {name: one for name, one in fast.items() if isinstance(one, FastWrite)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "POST":
            found = self.writes.get(scope["path"])
            if found:
                body, receive = await self._write(found, scope, receive)
            else:
                body = None
        elif ready := await self._page(scope):
            await _send(ready, send)
            return
        else:
            body = await self._answer(scope)
        if body is None:
            await self.app(scope, receive, send)
            return
        await _send(Ready(200, ((b"content-type", b"application/json"),), body), send)

    async def _page(self, scope: Scope) -> Ready | None:
        if scope["type"] != "http" or scope["method"] != "GET":
            return None
        found = self.pages.get(scope["path"])
        if found is None:
            return None
        query = scope["query_string"].decode("latin-1")
        try:
            ready = await found.show(scope["app"].state, Headers(scope=scope), query)
        except Exception:  # noqa: BLE001 - the ordinary route fails alike, and tells it properly
            return None
        if ready:
            scope["route"] = found
        return ready

    async def _answer(self, scope: Scope) -> bytes | None:
        if scope["type"] != "http" or scope["method"] != "GET":
            return None
        path: str = scope["path"]
        cut = path.rfind("/") + 1
        found = self.reads.get(path) or self.reads.get(path[:cut])
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

    async def _write(
        self, found: FastWrite, scope: Scope, receive: Receive
    ) -> tuple[bytes | None, Receive]:
        """The answer, if there is one, and a way to receive the request once more if there is not.

        A body that is too long is not read to its end; the ordinary route refuses it.
        """
        messages: list[Message] = []
        body, more = b"", True
        while more and len(body) <= found.bytes_max:
            message = await receive()
            messages.append(message)
            body += message.get("body", b"")
            more = message.get("more_body", False)
        if not more and len(body) <= found.bytes_max:
            try:
                answer = await found.write(scope["app"].state, Headers(scope=scope), body)
            except Exception:  # noqa: BLE001 - the ordinary route fails alike, and tells it properly
                return None, _again(messages, receive)
            scope["route"] = found
            return answer, receive
        return None, _again(messages, receive)


async def _send(ready: Ready, send: Send) -> None:
    headers = [*ready.headers]
    if ready.status != NOT_MODIFIED:
        headers.append((b"content-length", str(len(ready.body)).encode()))
    await send({"type": "http.response.start", "status": ready.status, "headers": headers})
    await send({"type": "http.response.body", "body": ready.body})


def _again(messages: list[Message], receive: Receive) -> Receive:
    waiting = iter(messages)

    async def again() -> Message:
        for message in waiting:
            return message
        return await receive()

    return again
