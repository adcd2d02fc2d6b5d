"""The cumulative table as those read it who may see this moment's figures."""

from typing import Any

from tests.factories.deals import ok
from tests.factories.people import operator
from tests.factories.world import World


async def live_table(world: World, **query: Any) -> dict[str, Any]:
    reader = await operator(world.client, world.sessions)
    found: dict[str, Any] = await ok(await reader.get("/v1/statistics/deals", **query))
    return found
