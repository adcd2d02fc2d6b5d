"""The floor of reading: bare ASGI, an asyncpg pool without reset, ordinary SQL, dicts, orjson."""

import os
from typing import Any, Final
from uuid import UUID

import asyncpg
import orjson

POOL_SIZE: Final = 8
_COLUMNS: Final = """
    l.id, l.title, r.kind, r.office, r.classifications, l.region, l.language,
    l.asking_price_minor, l.currency, l.published_at
"""
_LIST: Final = f"""
    SELECT {_COLUMNS}, left(l.teaser, 200) AS excerpt
    FROM listing l JOIN ip_right r ON r.id = l.right_id
    WHERE l.state = 'published' AND (l.published_at, l.id) < (
        SELECT published_at, id FROM listing WHERE id = $1)
    ORDER BY l.published_at DESC, l.id DESC LIMIT 20
"""
_FIRST: Final = f"""
    SELECT {_COLUMNS}, left(l.teaser, 200) AS excerpt
    FROM listing l JOIN ip_right r ON r.id = l.right_id
    WHERE l.state = 'published' ORDER BY l.published_at DESC, l.id DESC LIMIT 20
"""
_DETAIL: Final = f"""
    SELECT {_COLUMNS}, l.teaser, r.abstract, r.legal_status, l.state, o.name AS seller,
        (SELECT array_agg(i.display) FROM right_identifier i WHERE i.right_id = r.id) AS identifiers
    FROM listing l JOIN ip_right r ON r.id = l.right_id
    JOIN organisation o ON o.id = l.organisation_id
    WHERE l.id = $1
"""
_HEADERS: Final = [(b"content-type", b"application/json")]


class Raw:
    """Answers `/list`, `/list/<id of the last listing seen>` and `/detail/<id>`."""

    def __init__(self) -> None:
        self.pool: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        _, what, *rest = scope["path"].split("/")
        body = orjson.dumps(await self._answer(what, rest), default=str)
        length = (b"content-length", str(len(body)).encode())
        start = {"type": "http.response.start", "status": 200, "headers": [*_HEADERS, length]}
        await send(start)
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, what: str, rest: list[str]) -> Any:
        if what == "detail":
            return dict(await self.pool.fetchrow(_DETAIL, UUID(rest[0])))
        query = (_LIST, UUID(rest[0])) if rest else (_FIRST,)
        return {"items": [dict(row) for row in await self.pool.fetch(*query)]}

    async def _live(self, receive: Any, send: Any) -> None:
        await receive()
        self.pool = await asyncpg.create_pool(
            os.environ["DATABASE_URL"], min_size=1, max_size=POOL_SIZE, reset=_nothing
        )
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.pool.close()
        await send({"type": "lifespan.shutdown.complete"})


async def _nothing(_: object) -> None:
    """Reading leaves nothing to reset."""


app = Raw()
