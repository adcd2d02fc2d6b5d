"""Where one is signed in, and how to end it."""

from datetime import datetime, timedelta

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from marketplace.accounts.callers import device_of
from marketplace.accounts.uses import COARSE
from marketplace.kernel.clock import ShiftedClock
from tests.factories.accounts import Account, assert_refused
from tests.factories.deals import ok
from tests.factories.tables import contents

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
async def account(client: httpx2.AsyncClient, app: FastAPI) -> Account:
    return await Account.open(client, app)


@pytest.mark.parametrize(
    ("user_agent", "device"),
    [
        (FIREFOX, "Firefox on Windows"),
        ("Mozilla/5.0 (Linux; Android 15) Chrome/140.0 Mobile Safari/537.36", "Chrome on Android"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140 Safari/537 Edg/140", "Edge on Windows"),
        ("curl/8.5.0", "curl"),
        ("python-httpx/0.28", "Python"),
        ("<script>alert(1)</script>", "another program"),
        ("", "another program"),
    ],
)
def test_a_device_is_told_in_fixed_words(user_agent: str, device: str) -> None:
    assert device_of(user_agent) == device


async def test_one_sees_ones_sessions_and_no_others(
    account: Account, client: httpx2.AsyncClient, app: FastAPI
) -> None:
    stranger = await Account.open(client, app, "stranger@example.com")
    client.headers["user-agent"] = FIREFOX
    await account.sign_in()
    found = await ok(await account.call("GET", "/v1/sessions"))
    assert [(one["device"], one["is_current"]) for one in found] == [
        ("Firefox on Windows", True),
        ("Python", False),
    ]
    assert len(await ok(await stranger.call("GET", "/v1/sessions"))) == 1
    for one in found:
        assert "token" not in one
        assert one["last_used_at"] == one["created_at"]


async def test_last_use_is_noted_off_the_path_of_requests_and_coarsely(
    account: Account, app: FastAPI, connection: AsyncConnection, clock: ShiftedClock
) -> None:
    async def last_used() -> datetime:
        (one,) = await ok(await account.call("GET", "/v1/sessions"))
        return datetime.fromisoformat(one["last_used_at"])

    signed_in_at, before = await last_used(), await contents(connection)
    for minutes in (1, 2, 4):
        clock.offset = timedelta(minutes=minutes)
        await account.call("GET", "/v1/sessions/current")
        await app.state.uses.write(app.state.sessions)
    assert await contents(connection) == before
    clock.offset = COARSE + timedelta(minutes=1)
    await account.call("GET", "/v1/sessions/current")
    assert await last_used() == signed_in_at

    await app.state.uses.write(app.state.sessions)

    assert timedelta(minutes=1) > (await last_used()) - signed_in_at - clock.offset
    written = await contents(connection)
    clock.offset += timedelta(hours=1)
    await app.state.uses.write(app.state.sessions)  # nothing was used meanwhile
    assert (await contents(connection)) == written or (await last_used()) > signed_in_at


async def test_one_session_is_ended_by_its_id(
    account: Account, connection: AsyncConnection
) -> None:
    lost = account.token
    await account.sign_in()
    (_, of_lost) = await ok(await account.call("GET", "/v1/sessions"))
    path = f"/v1/sessions/{of_lost['id']}"

    assert (await account.call("DELETE", path)).status_code == 204

    assert not await account.is_let_in(lost)
    assert await account.is_let_in()
    before = await contents(connection)
    assert_refused(await account.call("DELETE", path), 404, "not_found")
    assert await contents(connection) == before


async def test_anothers_session_is_not_there(
    account: Account, client: httpx2.AsyncClient, app: FastAPI
) -> None:
    stranger = await Account.open(client, app, "stranger@example.com")
    (theirs,) = await ok(await stranger.call("GET", "/v1/sessions"))
    refused = await account.call("DELETE", f"/v1/sessions/{theirs['id']}")
    assert_refused(refused, 404, "not_found")
    assert await stranger.is_let_in()


async def test_one_signs_out_everywhere_else(
    account: Account, client: httpx2.AsyncClient, app: FastAPI, connection: AsyncConnection
) -> None:
    stranger = await Account.open(client, app, "stranger@example.com")
    others = [account.token, await account.sign_in()]
    await account.sign_in()

    assert (await account.call("DELETE", "/v1/sessions")).status_code == 204

    assert [await account.is_let_in(token) for token in others] == [False, False]
    assert await account.is_let_in()
    assert await stranger.is_let_in()
    news = (await connection.execute(text("SELECT subject FROM revocation"))).scalars().all()
    assert len(news) == 2
    assert all(subject.startswith("session:") for subject in news)
