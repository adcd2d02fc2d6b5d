from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest

from marketplace.kernel.clock import ShiftedClock
from marketplace.kernel.postgres import EmbeddedPostgres
from tests.conftest import new_world
from tests.factories.deals import Market
from tests.factories.stage import Stage


@pytest.fixture(scope="session")
async def stage(server: EmbeddedPostgres, template: str, folder: Path) -> AsyncIterator[Stage]:
    """Made once for all tests of deals, which undo what they do to it."""
    async with new_world(server, template, folder, "stage", ShiftedClock()) as world:
        yield await Stage.build(world)


@pytest.fixture(scope="module")
async def market(server: EmbeddedPostgres, template: str, folder: Path) -> AsyncIterator[Market]:
    """A market for many examples of one property: what they do stays, and time may move."""
    async with new_world(
        server, template, folder, f"examples_{uuid4().hex}", ShiftedClock()
    ) as world:
        yield await Market.open(world)
