"""One request is one transaction, committed before the answer leaves."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.routing import APIRoute
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.routing import Match
from starlette.types import Scope

from marketplace.kernel import idempotency
from marketplace.kernel.db import Sessions
from marketplace.kernel.idempotency import Replay
from marketplace.kernel.reads import Reads


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
    """Routes that share the beginning of their paths.

    A path that begins otherwise is not matched against each of them: what a request costs must
    not grow with the number of routes of the whole product.
    """

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if not scope["path"].startswith(self.prefix.partition("{")[0]):
            return Match.NONE, {}
        return super().matches(scope)


def transactional_router(**options: Any) -> DomainRouter:
    return DomainRouter(route_class=TransactionalRoute, **options)


async def _session(request: Request) -> AsyncSession:
    session: AsyncSession = request.state.session
    return session


async def _reads(request: Request) -> Reads:
    reads: Reads = request.app.state.reads
    return reads


Session = Annotated[AsyncSession, Depends(_session)]
HotReads = Annotated[Reads, Depends(_reads)]
