from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from marketplace.kernel.clock import ShiftedClock
from marketplace.kernel.postgres import EmbeddedPostgres
from tests.conftest import _settings, clone
from tests.factories.deals import Market
from tests.factories.encumbrances import Register
from tests.factories.undone import undone
from tests.factories.world import World


@pytest.fixture
async def register(connection: AsyncConnection) -> Register:
    """The tables themselves, inside the test's own transaction."""
    raw = await connection.get_raw_connection()
    return await Register.open(raw.driver_connection)


@pytest.fixture(scope="session")
async def open_market(
    server: EmbeddedPostgres, template: str, folder: Path
) -> AsyncIterator[Market]:
    """A market that every test leaves as it found it."""
    await clone(server, template, "encumbered")
    world = await World.open(_settings(server, "encumbered", folder / "encumbered"), ShiftedClock())
    yield await Market.open(world)
    await world.close()


@pytest.fixture(scope="module")
async def kept_market(
    server: EmbeddedPostgres, template: str, folder: Path
) -> AsyncIterator[Market]:
    """A market for many examples of one property: what they do stays, and time may move."""
    await clone(server, template, "histories")
    world = await World.open(_settings(server, "histories", folder / "histories"), ShiftedClock())
    yield await Market.open(world)
    await world.close()


@pytest.fixture
async def market(open_market: Market) -> AsyncIterator[Market]:
    async with undone(open_market.world):
        yield open_market
