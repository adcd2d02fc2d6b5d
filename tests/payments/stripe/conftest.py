from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest

from marketplace.kernel.clock import ShiftedClock
from marketplace.kernel.postgres import EmbeddedPostgres
from tests.conftest import _settings, clone
from tests.factories.stripe import StripeWorld


@pytest.fixture
async def stripe(
    server: EmbeddedPostgres, template: str, folder: Path, clock: ShiftedClock
) -> AsyncIterator[StripeWorld]:
    """A service on a database of its own, with Stripe's fake beside it."""
    name = f"stripe_{uuid4().hex}"
    await clone(server, template, name)
    async with StripeWorld.open(_settings(server, name, folder / name), clock) as opened:
        yield opened
