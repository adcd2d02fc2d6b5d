from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from marketplace.kernel.postgres import EmbeddedPostgres
from tests.conftest import new_world
from tests.factories.clocks import StoppedClock
from tests.factories.deals import Market
from tests.factories.people import Person, person


@pytest.fixture(scope="session")
async def market(server: EmbeddedPostgres, template: str, folder: Path) -> AsyncIterator[Market]:
    """One market for all tests of auctions: each has its own right, and time only goes on."""
    async with new_world(server, template, folder, "auctions", StoppedClock()) as world:
        yield await Market.open(world)


@pytest.fixture
async def rivals(market: Market) -> list[Person]:
    """Two new bidders, of whom nothing is known yet."""
    world = market.world
    return [await person(world.client, world.sessions, name=name) for name in ("One", "Two")]
