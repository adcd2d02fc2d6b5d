"""`/metrics` tells what waits, and goes on answering while the database is away."""

from datetime import timedelta

import asyncpg
import pytest
from sqlalchemy import text

from marketplace import backlog
from marketplace.kernel.events import Consumer, deliver, publish
from tests.factories.world import World


class NoReads:
    async def rows(self, _: str) -> list[asyncpg.Record]:
        raise ConnectionRefusedError


async def figures(world: World) -> dict[str, float]:
    lines = (await world.client.get("/metrics")).text.splitlines()
    told = (line.rpartition(" ") for line in lines if line.startswith("marketplace_"))
    return {name: float(value) for name, _, value in told}


async def test_metrics_tell_what_waits(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backlog, "FRESH_SECONDS", 0.0)
    lag, aside = 'marketplace_event_lag_seconds{consumer="deals"}', "events set aside"
    world.clock.offset = timedelta(minutes=-10)  # what happens now happened ten minutes ago
    async with world.sessions.begin() as session:
        publish(session, "test.told", subject="test:1", actor="clock", data={})
        await session.execute(
            text("INSERT INTO event_failure VALUES ('deals', 1, 5, 'ValueError', now(), true)")
        )

    waiting = await figures(world)
    assert 590 < waiting[lag] < 700
    assert waiting[f'marketplace_waiting{{what="{aside}"}}'] == 1
    assert waiting['marketplace_waiting{what="mail to send"}'] == 0

    while await deliver(world.sessions, Consumer("deals")):
        pass
    assert (await figures(world))[lag] == 0

    world.app.state.reads, reads = NoReads(), world.app.state.reads
    away = await figures(world)
    world.app.state.reads = reads
    assert lag not in away
    assert any(name.startswith("marketplace_http_requests_total{") for name in away)
