import asyncio
from pathlib import Path

import pytest

from marketplace.kernel.clock import ShiftedClock
from marketplace.kernel.postgres import EmbeddedPostgres
from marketplace.kernel.seals import seal_new_events
from tests.conftest import _settings, clone, opened
from tests.factories.deals import Market
from tests.processes.commands import Terminal, shell, with_copy

__all__ = ["shell"]


@pytest.fixture
def terminal(shell: Terminal, server: EmbeddedPostgres, template: str) -> Terminal:
    """A terminal with a new database."""
    return with_copy(shell, server, template)


@pytest.fixture(scope="session")
def sold(server: EmbeddedPostgres, template: str, folder: Path) -> str:
    """A database with one settled deal, one under way, and sealed events."""

    async def sell() -> None:
        await clone(server, template, "sold")
        settings = _settings(server, "sold", folder / "sold")
        async with opened(settings, ShiftedClock()) as world:
            market = await Market.open(world)
            await market.deal("settled")
            await market.deal("funded")
            await world.work()
            async with world.sessions.begin() as session:
                await seal_new_events(session)
            assert await world.proofs() == []

    asyncio.run(sell())
    return "sold"


@pytest.fixture
def books(shell: Terminal, server: EmbeddedPostgres, sold: str) -> Terminal:
    """A terminal with a copy of the database with a settled deal."""
    return with_copy(shell, server, sold)
