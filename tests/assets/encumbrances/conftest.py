from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from marketplace.kernel.clock import ShiftedClock
from marketplace.kernel.postgres import EmbeddedPostgres
from tests.conftest import new_world
from tests.factories.deals import Market
from tests.factories.encumbrances import Register
from tests.factories.undone import undone


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
    async with new_world(server, template, folder, "encumbered", ShiftedClock()) as world:
        yield await Market.open(world)


@pytest.fixture(scope="module")
async def kept_market(
    server: EmbeddedPostgres, template: str, folder: Path
) -> AsyncIterator[Market]:
    """A market for many examples of one property: what they do stays, and time may move."""
    async with new_world(server, template, folder, "histories", ShiftedClock()) as world:
        yield await Market.open(world)


@pytest.fixture
async def market(open_market: Market) -> AsyncIterator[Market]:
    async with undone(open_market.world):
        yield open_market
