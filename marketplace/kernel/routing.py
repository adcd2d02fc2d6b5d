"""One request is one transaction, committed before the answer leaves."""

from collections.abc import Awaitable, Callable, Coroutine
from functools import cached_property
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.routing import APIRoute
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.routing import Match, Route
from starlette.types import Receive, Scope, Send

from marketplace.kernel import idempotency
from marketplace.kernel.db import Sessions
from marketplace.kernel.driver_pools import Reads, Writes
from marketplace.kernel.idempotency import Replay


class TransactionalRoute(APIRoute):
    """Runs a handler inside a transaction, and stores its answer under the Idempotency-Key.

    The stored answer must commit together with the work, so the transaction has to enclose the
    rendering of the response; a dependency ends too early to see it (docs/decisions/0002).
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            sessions: Sessions = request.app.state.sessions
            try:
                async with sessions.begin() as session:
                    request.state.session = session
                    response = await handler(request)
                    await idempotency.store(session, request, response)
            except Replay as replay:
                return replay.response
            return response

        return handle


class DomainRouter(APIRouter):
    """Routes whose paths begin with one of a few nouns, as `/v1/deals`.

    A path that begins otherwise is not matched against each of them: what a request costs must
    not grow with the number of routes of the whole product.
    """

    @cached_property
    def _nouns(self) -> frozenset[str]:
        return frozenset(_noun(route.path) for route in self.routes if isinstance(route, Route))

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if _noun(scope["path"]) not in self._nouns:
            return Match.NONE, {}
        return super().matches(scope)


def _noun(path: str) -> str:
    """The second segment of a path, after the version of the API."""
    return path.split("/", maxsplit=3)[2] if path.count("/") > 1 else ""


def transactional_router(**options: Any) -> DomainRouter:
    return DomainRouter(route_class=TransactionalRoute, **options)


Answer = Callable[[Request, AsyncSession], Awaitable[Response]]


class PlainRoute:
    """Answers at one address inside a transaction, with whatever body it likes.

    For what is no part of the documented API: pages, and protocols with forms of their own.
    """

    def __init__(self, path: str, answer: Answer) -> None:
        self.path = path
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["route"] = self  # by which figures and the log name it
        request = Request(scope, receive)
        sessions: Sessions = request.app.state.sessions
        async with sessions.begin() as session:
            response = await self._answer(request, session)
        await response(scope, receive, send)


def plain_route(path: str, answer: Answer, *methods: str) -> Route:
    """A route that the API's document does not list; without `methods` it takes every one."""
    taken = methods or None
    return Route(path, PlainRoute(path, answer), methods=taken, include_in_schema=False)


async def _session(request: Request) -> AsyncSession:
    session: AsyncSession = request.state.session
    return session


async def _reads(request: Request) -> Reads:
    reads: Reads = request.app.state.reads
    return reads


async def _writes(request: Request) -> Writes:
    writes: Writes = request.app.state.writes
    return writes


Session = Annotated[AsyncSession, Depends(_session)]
HotReads = Annotated[Reads, Depends(_reads)]
HotWrites = Annotated[Writes, Depends(_writes)]


class StreamedRoute(APIRoute):
    """Lets a request in by a transaction, and leaves its body to be read without one.

    The handler ends that transaction by `let_in`, takes as long as the body takes, and writes what
    came of it by transactions of its own.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            sessions: Sessions = request.app.state.sessions
            async with sessions() as session:
                request.state.session = session
                return await handler(request)

        return handle


async def let_in(session: AsyncSession) -> None:
    """Keep what the first transaction of a streamed request wrote, and hold no connection."""
    await session.commit()


async def _sessions(request: Request) -> Sessions:
    sessions: Sessions = request.app.state.sessions
    return sessions


AllSessions = Annotated[Sessions, Depends(_sessions)]
