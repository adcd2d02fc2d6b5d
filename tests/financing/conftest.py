from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from marketplace.kernel.clock import ShiftedClock
from marketplace.kernel.postgres import EmbeddedPostgres
from tests.conftest import _settings, clone
from tests.factories.financing import Desk
from tests.factories.world import World


@pytest.fixture(scope="session")
async def desk(server: EmbeddedPostgres, template: str, folder: Path) -> AsyncIterator[Desk]:
    """One market for all tests of financing: each makes its own rights, and time only goes on."""
    await clone(server, template, "financing")
    world = await World.open(_settings(server, "financing", folder / "financing"), ShiftedClock())
    yield await Desk.open(world)
    await world.close()
