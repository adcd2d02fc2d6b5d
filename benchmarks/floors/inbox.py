"""The floor of the inbox: a bare ASGI handler that inserts the body, and checks nothing."""

import os
from typing import Any, Final
from uuid import uuid4

import asyncpg

POOL_SIZE: Final = 8
_INSERT: Final = "INSERT INTO bare_event (id, body) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING"
_TABLE: Final = "CREATE TABLE IF NOT EXISTS bare_event (id text PRIMARY KEY, body bytea NOT NULL)"
_ANSWER: Final = b'{"received":true}'
_HEADERS: Final = [
    (b"content-type", b"application/json"),
    (b"content-length", str(len(_ANSWER)).encode()),
]


class Bare:
    def __init__(self) -> None:
        self.pool: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        if scope["method"] == "POST":
            body = b""
            more = True
            while more:
                message = await receive()
                body += message.get("body", b"")
                more = message.get("more_body", False)
            await self.pool.execute(_INSERT, uuid4().hex, body)
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        await send({"type": "http.response.body", "body": _ANSWER})

    async def _live(self, receive: Any, send: Any) -> None:
        await receive()
        self.pool = await asyncpg.create_pool(
            os.environ["DATABASE_URL"], min_size=1, max_size=POOL_SIZE, reset=_nothing
        )
        await self.pool.execute(_TABLE)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.pool.close()
        await send({"type": "lifespan.shutdown.complete"})


async def _nothing(_: object) -> None:
    """Inserting leaves nothing to reset."""


app = Bare()
