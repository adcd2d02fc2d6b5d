"""Real commits: what is used by many at once is used once, and what ends, ends everywhere."""

import asyncio
from collections import Counter

import httpx2
import pytest
from sqlalchemy import text

from marketplace.accounts.authentication import Authenticator
from marketplace.accounts.errors import InvalidTokenError
from marketplace.accounts.oauth.finding import TokenFinder
from marketplace.accounts.oauth.tokens import PREFIX
from marketplace.accounts.revocations import Revocations
from marketplace.accounts.signing_keys import service as signing_keys
from tests.concurrency.test_revocations import until
from tests.factories.oauth import (
    ISSUER,
    Flow,
    assertion,
    bearer,
    flow_of,
    keyed,
    machine_token,
    own_key,
    registered,
)
from tests.factories.people import Person, person
from tests.factories.world import World

MANY = 8
ALONE = {"grant_type": "client_credentials"}


def told(answers: list[httpx2.Response]) -> Counter[str]:
    return Counter(answer.json().get("error", "given") for answer in answers)


async def test_a_code_redeemed_by_many_at_once_gives_nothing_that_lasts(world: World) -> None:
    flow = await flow_of(world.app, world.sessions, await person(world.client, world.sessions))
    form = flow.redemption(await flow.code())

    answers = await asyncio.gather(*(flow.post("/oauth/token", form) for _ in range(MANY)))

    assert told(answers) == {"given": 1, "invalid_grant": MANY - 1}
    (given,) = (answer.json() for answer in answers if answer.is_success)
    closed = await world.client.get("/v1/sessions/current", headers=bearer(given["access_token"]))
    assert closed.status_code == 401
    assert (await flow.refresh(given["refresh_token"])).status_code == 400
    async with world.sessions() as session:
        revoked = "SELECT count(*) FROM event WHERE type = 'oauth_grant.revoke'"
        assert (await session.execute(text(revoked))).scalar_one() == 1


async def test_a_refresh_token_used_by_many_at_once_is_a_stolen_one(world: World) -> None:
    flow = await flow_of(world.app, world.sessions, await person(world.client, world.sessions))
    first = (await flow.tokens())["refresh_token"]

    answers = await asyncio.gather(*(flow.refresh(first) for _ in range(MANY)))

    assert told(answers) == {"given": 1, "invalid_grant": MANY - 1}
    (given,) = (answer.json() for answer in answers if answer.is_success)
    assert (await flow.refresh(given["refresh_token"])).status_code == 400


async def test_an_assertion_sent_many_times_at_once_works_once(world: World) -> None:
    key = own_key()
    desk = await registered(await person(world.client, world.sessions), keyed(key))
    form = ALONE | assertion(key, desk["id"], world.clock.now().timestamp())

    answers = await asyncio.gather(
        *(world.client.post("/oauth/token", data=form) for _ in range(MANY))
    )

    assert told(answers) == {"given": 1, "invalid_client": MANY - 1}


async def test_processes_that_start_at_once_agree_on_the_first_key(world: World) -> None:
    async def ask() -> str | None:
        async with world.sessions.begin() as session:
            return (await signing_keys.signing_key(session, world.app.state.keyring)).kid

    assert len(set(await asyncio.gather(*(ask() for _ in range(MANY))))) == 1


async def test_keys_rotated_at_once_leave_one_that_signs(world: World) -> None:
    async def rotate() -> None:
        async with world.sessions.begin() as session:
            await signing_keys.rotate(session, world.app.state.keyring, compromised=False)

    await asyncio.gather(*(rotate() for _ in range(MANY)))
    async with world.sessions.begin() as session:
        signing = "SELECT count(*) FROM signing_key WHERE signs"
        assert (await session.execute(text(signing))).scalar_one() == 1
        await signing_keys.signing_key(session, world.app.state.keyring)


async def test_secrets_rotated_at_once_leave_two_at_most(world: World) -> None:
    owner = await person(world.client, world.sessions)
    desk = await registered(owner)
    path = f"/v1/clients/{desk['id']}/rotate-secret"
    answers = await asyncio.gather(*(owner.post(path, {"overlap_days": 1}) for _ in range(MANY)))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: MANY - 1}


class Process:
    """Another process, which verifies tokens and hears the news."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.feed = Revocations()
        finder = TokenFinder(ISSUER, self.feed)
        self.authenticator = Authenticator({PREFIX: finder}, self.feed)

    async def lets_in(self, token: str) -> bool:
        async with self.world.sessions() as session:
            try:
                await self.authenticator.actor(session, token)
            except InvalidTokenError:
                return False
        return True


@pytest.mark.parametrize("what", ["client", "token", "family", "key"])
async def test_what_one_process_ends_another_refuses_within_a_second(
    world: World, what: str
) -> None:
    owner = await person(world.client, world.sessions)
    flow = await flow_of(world.app, world.sessions, owner)
    other = await machine_token(world.client, await registered(owner))
    found = await flow.tokens()
    process = Process(world)
    follower = asyncio.create_task(process.feed.follow(world.settings.asyncpg_url()))
    try:
        await until(lambda: process.feed.are_live)
        for token in (found["access_token"], other):
            assert await process.lets_in(token)
        heard = process.feed.heard
        await _end(what, world, owner, flow, found)
        assert await until(lambda: process.feed.heard > heard) < 1
        assert not await process.lets_in(found["access_token"])
        assert await process.lets_in(other) is (what != "key"), "nobody else is concerned"
    finally:
        follower.cancel()
        await asyncio.gather(follower, return_exceptions=True)


async def _end(what: str, world: World, owner: Person, flow: Flow, found: dict[str, str]) -> None:
    if what == "client":
        assert (await owner.post(f"/v1/clients/{flow.client['id']}/revoke")).is_success
    elif what == "key":
        async with world.sessions.begin() as session:
            await signing_keys.rotate(session, world.app.state.keyring, compromised=True)
    else:
        name = {"token": "access_token", "family": "refresh_token"}[what]
        assert (await flow.post("/oauth/revoke", {"token": found[name]})).is_success
