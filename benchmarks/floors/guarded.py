"""The product, with one route that does nothing, bare and behind the check of a credential."""

from typing import Final

from fastapi import FastAPI, Response
from sqlalchemy import Engine, event

from marketplace.accounts.access import CurrentActor
from marketplace.app import create_app
from marketplace.kernel.routing import transactional_router
from marketplace.settings import Settings

router: Final = transactional_router(prefix="/benchmark")
statements: Final = {"sent": 0}


def build() -> FastAPI:
    """The app, with every statement counted that goes to the database through its sessions."""
    app = create_app(Settings())
    app.include_router(router)
    event.listen(Engine, "before_cursor_execute", _count)
    return app


def _count(*_: object) -> None:
    statements["sent"] += 1


@router.get("/bare")
async def bare() -> Response:
    return Response(b"{}", media_type="application/json")


@router.get("/guarded")
async def guarded(actor: CurrentActor) -> Response:
    return Response(b"{}", media_type="application/json")


@router.get("/statements")
async def sent() -> dict[str, int]:
    return statements
