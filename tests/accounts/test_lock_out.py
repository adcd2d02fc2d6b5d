"""Guessing gets slower and slower, for one account and for many, and locks no owner out."""

from datetime import timedelta

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from marketplace.accounts.attempts import service
from marketplace.accounts.attempts.rules import (
    ACCOUNT_FREE,
    ADDRESS_FREE,
    FORGOTTEN_AFTER,
    KNOWN_FOR,
    PAIR_FREE,
    WAIT_MAX,
)
from marketplace.accounts.passwords.service import mail_resets
from marketplace.app import create_app
from marketplace.kernel.clock import ShiftedClock
from marketplace.kernel.db import Sessions, create_engine, create_sessions
from tests.factories.accounts import (
    NEW_PASSWORD,
    Account,
    assert_refused,
    client_from,
    letters,
)
from tests.factories.clocks import StoppedClock
from tests.factories.world import World

WRONG = "this is not it at all"


@pytest.fixture
def clock() -> ShiftedClock:
    return StoppedClock()


@pytest.fixture
async def owner(client: httpx2.AsyncClient, app: FastAPI) -> Account:
    return await Account.open(client, app)


async def fail(account: Account, times: int) -> None:
    for _ in range(times):
        assert_refused(await account.try_to_sign_in(password=WRONG), 401, "wrong_credentials")


async def test_after_some_failures_even_the_right_password_waits_ever_longer(
    owner: Account, clock: ShiftedClock
) -> None:
    await fail(owner, PAIR_FREE)
    for seconds in (1, 2, 4, 8):
        refused = await owner.try_to_sign_in()
        assert_refused(refused, 429, "too_many_attempts")
        assert refused.headers["retry-after"] == str(seconds)
        assert refused.json()["retry_after_seconds"] == seconds
        clock.offset += timedelta(seconds=seconds)
        await fail(owner, 1)
    clock.offset += WAIT_MAX

    await owner.sign_in()

    await fail(owner, PAIR_FREE)  # the success reset the count
    assert_refused(await owner.try_to_sign_in(), 429, "too_many_attempts")


async def test_an_unknown_account_is_locked_like_a_known_one(owner: Account, app: FastAPI) -> None:
    told = []
    for number, email in enumerate((owner.email, "nobody@example.com")):
        async with client_from(app, f"203.0.113.{number}") as client:
            guesser = Account(app, client, owner.sessions, email)
            answers = [await guesser.try_to_sign_in(password=WRONG) for _ in range(PAIR_FREE + 1)]
        told.append(
            [
                (a.status_code, a.json() | {"request_id": ""}, a.headers.get("retry-after"))
                for a in answers
            ]
        )
    assert told[0] == told[1]
    assert [status for status, _, _ in told[0]] == [401] * PAIR_FREE + [429]


async def test_a_stranger_never_keeps_the_owner_out_of_where_they_always_sign_in_from(
    owner: Account, app: FastAPI
) -> None:
    for number in range(ACCOUNT_FREE):
        async with client_from(app, f"203.0.113.{number}") as client:
            await fail(owner.at(client), 1)
    async with client_from(app, "198.51.100.7") as client:
        assert_refused(await owner.at(client).try_to_sign_in(), 429, "too_many_attempts")

    await owner.sign_in()


async def test_a_new_address_is_opened_by_the_mailbox(
    owner: Account, app: FastAPI, sessions: Sessions
) -> None:
    async with client_from(app, "198.51.100.7") as client:
        elsewhere = owner.at(client)
        await fail(elsewhere, PAIR_FREE)
        assert_refused(await elsewhere.try_to_sign_in(), 429, "too_many_attempts")
        await client.post("/v1/password-resets", json={"email": owner.email})
        await mail_resets(sessions, letters(app))
        body = {"token": await owner.mailed_token("reset-password"), "password": NEW_PASSWORD}
        assert (await client.post("/v1/password-resets/confirm", json=body)).status_code == 204

        await elsewhere.sign_in(password=NEW_PASSWORD)


async def test_one_address_does_not_try_one_password_on_everybody(
    owner: Account, app: FastAPI, clock: ShiftedClock
) -> None:
    async with client_from(app, "203.0.113.9") as client:
        for number in range(ADDRESS_FREE):
            await fail(Account(app, client, owner.sessions, f"n{number}@example.com"), 1)
        fresh = Account(app, client, owner.sessions, "another@example.com")
        assert_refused(await fresh.try_to_sign_in(), 429, "too_many_attempts")
        clock.offset += FORGOTTEN_AFTER
        await fail(fresh, 1)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("203.0.113.1", "203.0.113.2", False),
        ("203.0.113.1", "::ffff:203.0.113.1", True),
    ],
)
async def test_the_addresses_of_one_customer_are_one(
    owner: Account, app: FastAPI, one: str, other: str, *, same: bool
) -> None:
    async with client_from(app, one) as client:
        await fail(owner.at(client), PAIR_FREE)
    async with client_from(app, other) as client:
        answer = await owner.at(client).try_to_sign_in()
    assert answer.status_code == (429 if same else 201)


async def test_neither_addresses_nor_emails_are_kept_and_old_counts_go(
    owner: Account, connection: AsyncConnection, sessions: Sessions, clock: ShiftedClock
) -> None:
    await fail(Account(owner.app, owner.client, sessions, "nobody@example.com"), 2)
    rows = text("SELECT c::text FROM attempt_count c")
    stored = list((await connection.execute(rows)).scalars())
    assert len(stored) == 5
    for word in ("127.0.0.1", "example.com", owner.email.encode().hex()):
        assert not any(word in row for row in stored)

    for days, left in ((timedelta(0), 5), (FORGOTTEN_AFTER, 2), (KNOWN_FOR, 0)):
        clock.offset = days + timedelta(seconds=60)
        async with sessions.begin() as session:
            await service.forget_old(session)
        assert len((await connection.execute(rows)).all()) == left


async def test_processes_share_the_count_and_a_killed_one_leaves_it(world: World) -> None:
    account = await Account.open(world.client, world.app)
    await fail(account, PAIR_FREE)
    engine = create_engine(world.settings.sqlalchemy_url(), pool_size=2)
    app = create_app(world.settings, connect=False)
    app.state.sessions = create_sessions(engine, world.clock)
    app.state.keyring = world.app.state.keyring

    async with client_from(app, "127.0.0.1") as client:
        answer = await account.at(client).try_to_sign_in()
    await engine.dispose()

    assert_refused(answer, 429, "too_many_attempts")
