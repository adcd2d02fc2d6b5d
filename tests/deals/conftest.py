from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from marketplace.kernel.clock import ShiftedClock
from marketplace.kernel.postgres import EmbeddedPostgres
from tests.conftest import _settings, clone
from tests.factories.deals import Market
from tests.factories.stage import Stage
from tests.factories.world import World


@pytest.fixture(scope="session")
async def stage(server: EmbeddedPostgres, template: str, folder: Path) -> AsyncIterator[Stage]:
    """Made once for all tests of deals, which undo what they do to it."""
    await clone(server, template, "stage")
    world = await World.open(_settings(server, "stage", folder / "stage"), ShiftedClock())
    yield await Stage.build(world)
    await world.close()


@pytest.fixture(scope="module")
async def market(server: EmbeddedPostgres, template: str, folder: Path) -> AsyncIterator[Market]:
    """A market for many examples of one property: what they do stays, and time may move."""
    await clone(server, template, "examples")
    world = await World.open(_settings(server, "examples", folder / "examples"), ShiftedClock())
    yield await Market.open(world)
    await world.close()
