"""A new password: by the old one, or by the mailbox; guessable ones are refused."""

import asyncio
from collections import Counter
from datetime import timedelta

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from marketplace.accounts.mailed_tokens.models import Purpose
from marketplace.accounts.mailed_tokens.service import FORGOTTEN_AFTER, LIFETIMES, forget_old
from marketplace.accounts.passwords.errors import PasswordBreachedError
from marketplace.accounts.passwords.refusing import refuse_guessable
from marketplace.accounts.passwords.service import mail_resets
from marketplace.kernel.clock import ShiftedClock
from marketplace.kernel.db import Sessions
from tests.factories.accounts import NEW_PASSWORD, PASSWORD, Account, assert_refused, letters
from tests.factories.tables import contents
from tests.factories.world import World

CONFIRM = "/v1/password-resets/confirm"


@pytest.fixture
async def account(client: httpx2.AsyncClient, app: FastAPI) -> Account:
    return await Account.open(client, app)


async def ask(account: Account, email: str = "") -> httpx2.Response:
    """Ask for a link, and let the worker mail it."""
    body = {"email": email or account.email}
    answer = await account.client.post("/v1/password-resets", json=body)
    await mail_resets(account.sessions, letters(account.app))
    return answer


async def confirm(account: Account, token: str, password: str = NEW_PASSWORD) -> httpx2.Response:
    return await account.client.post(CONFIRM, json={"token": token, "password": password})


@pytest.mark.parametrize(
    "password",
    [
        "1234567890",
        "aaaaaaaaaaaa",
        "abcabcabcabc",
        "abcdefghijkl",
        "0987654321",
        "qwertyuiop",
        "Password123!",
        "P@ssw0rd2024",
        "1q2w3e4r5t",
        "dragon dragon",
        "dkssudgktpdy1",
        "woaini1314520",
        "inventor2026",
        "Example!!2026",
        "han jimin 1987",
        "한지민한지민한지민한",
        "한지민 1987-0105",
    ],
)
def test_what_attackers_try_first_is_refused(password: str) -> None:
    with pytest.raises(PasswordBreachedError):
        refuse_guessable(password, "inventor@example.com", "Han Jimin 한지민")


@pytest.mark.parametrize(
    "password",
    [
        "long and private",
        "correct horse",
        "change me soon",
        "keep this safe",
        "the inventor's moon garden",
        "8fK-qq2-LmZ-0w",
        "우산을 거꾸로 건다",
    ],
)
def test_what_nobody_guesses_is_taken(password: str) -> None:
    refuse_guessable(password, "inventor@example.com", "Han Jimin 한지민")


async def test_a_guessable_password_is_refused_at_every_door(
    account: Account, connection: AsyncConnection
) -> None:
    await ask(account)
    token = await account.mailed_token("reset-password")
    before = await contents(connection)
    for answer in (
        await account.client.post(
            "/v1/users",
            json={
                "email": "new@example.com",
                "password": "Password123!",
                "display_name": "N",
                "country": "KR",
            },
        ),
        await account.call(
            "PUT",
            "/v1/users/me/password",
            {"current_password": PASSWORD, "password": account.email},
        ),
        await confirm(account, token, "1q2w3e4r5t"),
    ):
        assert_refused(answer, 422, "password_breached")
    assert await contents(connection) == before
    assert (await confirm(account, token)).status_code == 204  # the link went on working


async def test_changing_it_takes_the_old_one_and_ends_every_other_session(
    account: Account, connection: AsyncConnection
) -> None:
    elsewhere = await account.sign_in()
    here = await account.sign_in()
    body = {"current_password": "not the password", "password": NEW_PASSWORD}
    before = await contents(connection)
    refused = await account.call("PUT", "/v1/users/me/password", body)
    assert_refused(refused, 401, "wrong_credentials")
    assert await contents(connection) == before

    body["current_password"] = PASSWORD
    assert (await account.call("PUT", "/v1/users/me/password", body)).status_code == 204

    assert await account.is_let_in(here)
    assert not await account.is_let_in(elsewhere)
    assert_refused(await account.try_to_sign_in(), 401, "wrong_credentials")
    await account.sign_in(password=NEW_PASSWORD)
    assert (await account.mailbox())[-1].subject.startswith("Your password was changed")


async def test_asking_for_a_link_says_and_does_the_same_for_any_address(
    account: Account, connection: AsyncConnection
) -> None:
    told = []
    for email in (account.email, "nobody@example.com"):
        answer = await account.client.post("/v1/password-resets", json={"email": email})
        rows = (await connection.execute(text("SELECT * FROM password_reset_request"))).all()
        told.append((answer.status_code, answer.content, len(rows)))
        await mail_resets(account.sessions, letters(account.app))
    assert told == [(204, b"", 1)] * 2
    assert (await contents(connection))["password_reset_request"] == (0, None)
    assert await account.mailbox("nobody@example.com") == []


async def test_a_link_sets_a_new_password_once_and_signs_everybody_out(
    account: Account, connection: AsyncConnection
) -> None:
    await ask(account)
    token = await account.mailed_token("reset-password")
    stored = (await connection.execute(text("SELECT t::text FROM mailed_token t"))).scalars()
    assert token not in "".join(stored)

    assert (await confirm(account, token)).status_code == 204

    assert not await account.is_let_in()
    before = await contents(connection)
    assert_refused(await confirm(account, token, PASSWORD), 404, "link_invalid")
    assert await contents(connection) == before
    await account.sign_in(password=NEW_PASSWORD)
    me = (await account.call("GET", "/v1/sessions/current")).json()
    assert me["user"]["email_verified"] is True


async def test_a_link_lasts_an_hour(account: Account, clock: ShiftedClock) -> None:
    await ask(account)
    token = await account.mailed_token("reset-password")
    lifetime = LIFETIMES[Purpose.RESET_PASSWORD]
    for offset, status in ((lifetime, 404), (lifetime - timedelta(seconds=30), 204)):
        clock.offset = offset
        assert (await confirm(account, token)).status_code == status


@pytest.mark.parametrize("token", ["ml_unknown", "x", "ml_" + "A" * 43])
async def test_an_unknown_link_is_refused(account: Account, token: str) -> None:
    assert_refused(await confirm(account, token), 404, "link_invalid")


async def test_a_link_for_another_purpose_opens_nothing(account: Account) -> None:
    token = await account.mailed_token("verify-email")
    assert_refused(await confirm(account, token), 404, "link_invalid")
    await ask(account)
    reset = await account.mailed_token("reset-password")
    answer = await account.client.post("/v1/email-verifications/confirm", json={"token": reset})
    assert_refused(answer, 404, "link_invalid")


async def test_a_mailbox_is_not_flooded(
    account: Account, clock: ShiftedClock, sessions: Sessions
) -> None:
    def links() -> int:
        return len([message for message in mailbox if "reset-password?" in message.text])

    sent = []
    for minutes in (0, 0.5, 1.1, 2, 3.2, 5, 8):
        clock.offset = timedelta(minutes=minutes)
        await ask(account)
        mailbox = await account.mailbox()
        sent.append(links())
    assert sent == [1, 1, 2, 2, 3, 3, 4]  # a minute, two minutes, four …
    clock.offset += FORGOTTEN_AFTER * 2
    async with sessions.begin() as session:
        await forget_old(session)
    for _ in range(2):
        await ask(account)
    mailbox = await account.mailbox()
    assert links() == 5


async def test_a_newer_link_ends_the_older(account: Account, clock: ShiftedClock) -> None:
    await ask(account)
    older = await account.mailed_token("reset-password")
    clock.offset = timedelta(minutes=2)
    await ask(account)
    newer = await account.mailed_token("reset-password")
    assert_refused(await confirm(account, older), 404, "link_invalid")
    assert (await confirm(account, newer)).status_code == 204


async def test_of_two_that_use_one_link_at_once_one_succeeds(world: World) -> None:
    account = await Account.open(world.client, world.app)
    await account.client.post("/v1/password-resets", json={"email": account.email})
    await world.work()
    token = await account.mailed_token("reset-password")
    answers = await asyncio.gather(
        *(confirm(account, token, f"{NEW_PASSWORD} {number}") for number in range(4))
    )
    assert Counter(answer.status_code for answer in answers) == {204: 1, 404: 3}
    winner = [answer.status_code for answer in answers].index(204)
    await account.sign_in(password=f"{NEW_PASSWORD} {winner}")
