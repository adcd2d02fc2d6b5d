from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest

from marketplace.kernel.clock import ShiftedClock
from marketplace.kernel.postgres import EmbeddedPostgres
from tests.conftest import _settings, clone, copy_of
from tests.factories.stripe import StripeWorld


@pytest.fixture(scope="session")
async def stripe_place(
    server: EmbeddedPostgres, template: str, folder: Path
) -> AsyncIterator[StripeWorld]:
    await clone(server, template, "stripe")
    settings = _settings(server, "stripe", folder / "stripe")
    async with StripeWorld.open(settings, ShiftedClock()) as opened:
        yield opened


@pytest.fixture
async def stripe(stripe_place: StripeWorld) -> StripeWorld:
    """A market of its own in a place that tests share."""
    return await stripe_place.with_new_market()


@pytest.fixture
async def own_stripe(
    server: EmbeddedPostgres, template: str, folder: Path, clock: ShiftedClock
) -> AsyncIterator[StripeWorld]:
    """A place of its own, for tests that move the clock or look at everything."""
    name = f"stripe_{uuid4().hex}"
    settings = _settings(server, name, folder / name)
    async with copy_of(server, template, name), StripeWorld.open(settings, clock) as opened:
        yield opened
