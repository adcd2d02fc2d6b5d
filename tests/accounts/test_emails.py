"""An address is its person's once they opened what was mailed to it."""

from datetime import timedelta

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from marketplace.accounts.mailed_tokens.models import Purpose
from marketplace.accounts.mailed_tokens.service import LIFETIMES
from marketplace.kernel.clock import ShiftedClock
from tests.factories.accounts import NEW_PASSWORD, PASSWORD, Account, assert_refused
from tests.factories.deals import ok
from tests.factories.tables import contents

CONFIRM = "/v1/email-verifications/confirm"
NEW = "new@example.com"
LAB = {"name": "Lab", "kind": "company", "country": "KR"}


@pytest.fixture
async def account(client: httpx2.AsyncClient, app: FastAPI) -> Account:
    return await Account.open(client, app)


async def is_verified(account: Account) -> bool:
    me = await ok(await account.call("GET", "/v1/sessions/current"))
    return bool(me["user"]["email_verified"])


async def confirm(account: Account, token: str) -> httpx2.Response:
    return await account.client.post(CONFIRM, json={"token": token})


async def change(account: Account, email: str = NEW) -> httpx2.Response:
    body = {"email": email, "password": PASSWORD}
    return await account.call("PUT", "/v1/users/me/email", body)


async def test_opening_the_link_of_the_sign_up_verifies_once(
    account: Account, connection: AsyncConnection
) -> None:
    assert not await is_verified(account)
    token = await account.mailed_token("verify-email")
    assert_refused(await confirm(account, token[:-1]), 404, "link_invalid")

    assert (await confirm(account, token)).status_code == 204

    assert await is_verified(account)
    before = await contents(connection)
    assert_refused(await confirm(account, token), 404, "link_invalid")
    again = await account.call("POST", "/v1/email-verifications")
    assert_refused(again, 409, "email_verified")
    assert await contents(connection) == before
    told = text("SELECT type, data FROM event WHERE type LIKE 'user.%'")
    assert [tuple(row) for row in await connection.execute(told)] == [("user.verify_email", {})]


async def test_a_link_can_be_mailed_again_after_a_pause(
    account: Account, clock: ShiftedClock
) -> None:
    first = await account.mailed_token("verify-email")
    refused = await account.call("POST", "/v1/email-verifications")
    assert_refused(refused, 429, "mailed_lately")
    assert 0 < int(refused.headers["retry-after"]) <= 60
    clock.offset = timedelta(minutes=1)
    assert (await account.call("POST", "/v1/email-verifications")).status_code == 204
    assert_refused(await confirm(account, first), 404, "link_invalid")
    assert (await confirm(account, await account.mailed_token("verify-email"))).is_success


async def test_a_link_expires(account: Account, clock: ShiftedClock) -> None:
    token = await account.mailed_token("verify-email")
    clock.offset = LIFETIMES[Purpose.VERIFY_EMAIL]
    assert_refused(await confirm(account, token), 404, "link_invalid")


async def test_a_new_address_counts_once_it_is_verified_and_the_old_one_is_told(
    account: Account, connection: AsyncConnection
) -> None:
    old = account.email
    await account.verify()
    assert (await change(account)).status_code == 204
    me = await ok(await account.call("GET", "/v1/sessions/current"))
    assert me["user"]["email"] == old
    token = await account.mailed_token("verify-email", NEW)

    assert (await confirm(account, token)).status_code == 204

    me = await ok(await account.call("GET", "/v1/sessions/current"))
    assert (me["user"]["email"], me["user"]["email_verified"]) == (NEW, True)
    assert_refused(await account.try_to_sign_in(), 401, "wrong_credentials")
    await account.sign_in(email=NEW)
    subjects = [message.subject.split(" · ")[0] for message in await account.mailbox(old)]
    assert subjects[1:] == [
        "Another e-mail address for your account",
        "Your e-mail address was changed",
    ]
    assert all(NEW not in message.text for message in await account.mailbox(old))
    data = (await connection.execute(text("SELECT data::text FROM event"))).scalars()
    assert not any("example.com" in one for one in data)


async def test_changing_the_address_takes_the_password(
    account: Account, connection: AsyncConnection
) -> None:
    before = await contents(connection)
    body = {"email": NEW, "password": "not the password"}
    refused = await account.call("PUT", "/v1/users/me/email", body)
    assert_refused(refused, 401, "wrong_credentials")
    assert await contents(connection) == before


async def test_an_address_that_has_an_account_is_told_to_its_holder_alone(
    account: Account, client: httpx2.AsyncClient, app: FastAPI, connection: AsyncConnection
) -> None:
    other = await Account.open(client, app, "other@example.com")
    assert (await change(account, other.email)).status_code == 204
    token = await other.mailed_token("verify-email")
    before = await contents(connection)
    assert_refused(await confirm(account, token), 409, "email_taken")
    assert await contents(connection) == before


async def test_a_new_password_stops_a_change_of_address(account: Account) -> None:
    await change(account)
    token = await account.mailed_token("verify-email", NEW)
    body = {"current_password": PASSWORD, "password": NEW_PASSWORD}
    assert (await account.call("PUT", "/v1/users/me/password", body)).status_code == 204
    assert_refused(await confirm(account, token), 404, "link_invalid")


async def test_the_link_of_an_old_address_verifies_no_new_one(
    account: Account, client: httpx2.AsyncClient
) -> None:
    of_sign_up = await account.mailed_token("verify-email")
    await change(account)
    await confirm(account, await account.mailed_token("verify-email", NEW))
    assert_refused(await confirm(account, of_sign_up), 404, "link_invalid")


@pytest.mark.parametrize("email", ["a,b@example.com", "a(b)@example.com", '"a"@example.com'])
async def test_what_is_no_plain_address_signs_nobody_up(
    client: httpx2.AsyncClient, email: str
) -> None:
    body = {"email": email, "password": PASSWORD, "display_name": "N", "country": "KR"}
    assert_refused(await client.post("/v1/users", json=body), 422, "validation_failed")


async def test_by_a_setting_who_is_unverified_only_reads(
    account: Account, app: FastAPI, connection: AsyncConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    strict = app.state.settings.model_copy(update={"require_verified_email": True})
    monkeypatch.setitem(app.state._state, "settings", strict)
    before = await contents(connection)
    refused = await account.call("POST", "/v1/organisations", LAB)
    assert_refused(refused, 403, "email_unverified")
    assert await contents(connection) == before
    assert (await account.call("GET", "/v1/rights")).is_success

    await account.verify()

    assert (await account.call("POST", "/v1/organisations", LAB)).status_code == 201
