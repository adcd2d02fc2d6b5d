"""A refusal is its status, its code, and that nothing changed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.factories.tables import contents


def told(answer: httpx2.Response) -> tuple[int, str | None]:
    """The status of an answer and its code, which a success has not."""
    body = answer.json() if answer.content else None
    return answer.status_code, body.get("code") if isinstance(body, dict) else None


@asynccontextmanager
async def nothing_changes(connection: AsyncConnection) -> AsyncIterator[None]:
    before = await contents(connection)
    yield
    assert await contents(connection) == before
