"""Reading the catalogue page by page."""

from typing import Any

import httpx2

from tests.factories.deals import ok

PATH = "/v1/listings"


async def page(client: httpx2.AsyncClient, **query: Any) -> dict[str, Any]:
    found: dict[str, Any] = await ok(await client.get(PATH, params=query))
    return found


async def walk(client: httpx2.AsyncClient, **query: Any) -> list[str]:
    """The ids of every page, in order."""
    ids: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        found = await page(client, **query, **cursor)
        ids += [item["id"] for item in found["items"]]
        if found["next"] is None:
            return ids
        cursor = {"cursor": found["next"]}
