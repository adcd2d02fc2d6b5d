"""A service that listens, for programs that this project did not write."""

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest
import uvicorn

from marketplace.kernel.clock import ShiftedClock
from marketplace.kernel.postgres import EmbeddedPostgres
from tests.conftest import _settings, copy_of
from tests.factories.world import World


@pytest.fixture
async def world_that_listens(
    server: EmbeddedPostgres, template: str, folder: Path, clock: ShiftedClock
) -> AsyncIterator[World]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        name = f"world_{uuid4().hex}"
        port = {"port": listener.getsockname()[1], "loopback_providers": True}
        settings = _settings(server, name, folder / name).model_copy(update=port)
        async with copy_of(server, template, name):
            world = await World.open(settings, clock)
            config = uvicorn.Config(world.app, log_config=None, lifespan="off", access_log=False)
            service = uvicorn.Server(config)
            serving = asyncio.create_task(service.serve(sockets=[listener]))
            yield world
            service.should_exit = True
            await serving
            await world.close()
