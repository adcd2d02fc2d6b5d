"""Two processes remember a credential; what one revokes the other forgets within a second."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.authentication import Authenticator, Found
from marketplace.accounts.errors import InvalidTokenError
from marketplace.accounts.revocations import LIVE_SECONDS, Revocations
from marketplace.accounts.sessions.service import PREFIX, find_session
from tests.factories.people import person
from tests.factories.world import World


class Process:
    """What one API process has: a feed, a memory, and a finder that counts its questions."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.asked = 0
        self.revocations = Revocations()
        self.authenticator = Authenticator({PREFIX: self._find}, self.revocations)

    async def _find(self, session: AsyncSession, token: str) -> Found | None:
        self.asked += 1
        return await find_session(session, token)

    async def lets_in(self, token: str) -> bool:
        async with self.world.sessions() as session:
            try:
                await self.authenticator.actor(session, token)
            except InvalidTokenError:
                return False
        return True


@asynccontextmanager
async def running(world: World) -> AsyncIterator[Process]:
    process = Process(world)
    url = world.settings.asyncpg_url()
    task = asyncio.create_task(process.revocations.follow(url))
    try:
        await until(lambda: process.revocations.are_live)
        yield process
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(holds: object, seconds: float = 5) -> float:
    """Wait for a condition; returns how long it took."""
    started = time.monotonic()
    while not holds():  # type: ignore[operator]
        assert time.monotonic() - started < seconds
        await asyncio.sleep(0.005)
    return time.monotonic() - started


async def test_a_token_is_asked_about_once_until_it_is_revoked(world: World) -> None:
    one = await person(world.client, world.sessions)
    async with running(world) as here, running(world) as there:
        for process in (here, there):
            assert [await process.lets_in(one.token) for _ in range(3)] == [True] * 3
            assert process.asked == 1
        other, heard = await person(world.client, world.sessions), here.revocations.heard
        signed_out = await world.client.delete("/v1/sessions/current", headers=other.headers)
        assert signed_out.status_code == 204
        await until(lambda: min(p.revocations.heard for p in (here, there)) > heard)
        assert await here.lets_in(one.token)
        assert here.asked == 1, "another's revocation concerns nobody else"

        heard = here.revocations.heard
        await world.client.delete("/v1/sessions/current", headers=one.headers)

        assert await until(lambda: here.revocations.heard > heard) < 1
        await until(lambda: there.revocations.heard > heard)
        assert not await here.lets_in(one.token)
        assert not await there.lets_in(one.token)
        assert here.revocations.touch({f"user:{one.user_id}"}) is False


async def test_without_news_the_database_is_asked_every_time(world: World) -> None:
    one = await person(world.client, world.sessions)
    async with running(world) as process:
        assert await process.lets_in(one.token)
        admin = await asyncpg.connect(world.settings.asyncpg_url())
        cut = (
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE query IN ('SELECT 1', 'SELECT 1;') AND datname = current_database()"
        )
        assert await admin.fetchval(cut) >= 1
        await admin.execute("UPDATE login_session SET revoked_at = now()")
        await admin.close()

        assert await until(lambda: not process.revocations.are_live) < LIVE_SECONDS + 0.25
        assert not await process.lets_in(one.token)
        await until(lambda: process.revocations.are_live)
        assert not await process.lets_in(one.token)


@pytest.mark.parametrize("subject", ["user", "organisation", "membership", "session"])
async def test_everything_a_token_depends_on_can_end_it(world: World, subject: str) -> None:
    one = await person(world.client, world.sessions)
    async with world.sessions() as session:
        found = await find_session(session, one.token)
    assert found is not None
    assert sorted(name.split(":")[0] for name in found.depends_on) == [
        "membership",
        "organisation",
        "session",
        "user",
    ]
    process = Process(world)
    process.authenticator._remember(b"key", found)
    process.revocations._tell(f"{subject}:somebody else")
    assert process.authenticator._remembered
    (name,) = (name for name in found.depends_on if name.startswith(f"{subject}:"))
    process.revocations._tell(name)
    assert not process.authenticator._remembered
