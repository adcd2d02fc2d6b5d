"""Links in letters lead to forms that work in any browser, and do nothing by being opened."""

import re

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncConnection

from marketplace.accounts.passwords.service import mail_resets
from tests.factories.accounts import NEW_PASSWORD, Account, letters
from tests.factories.tables import contents


@pytest.fixture
async def account(client: httpx2.AsyncClient, app: FastAPI) -> Account:
    return await Account.open(client, app)


def status_of(answer: httpx2.Response) -> tuple[int, str]:
    found = re.search(r'<p role="status">(.*?)</p>', answer.text, re.DOTALL)
    return answer.status_code, found[1] if found else ""


async def test_a_button_verifies_and_opening_does_not(
    account: Account, connection: AsyncConnection
) -> None:
    token = await account.mailed_token("verify-email")
    before = await contents(connection)
    opened = await account.client.get("/verify-email", params={"token": token})
    assert opened.status_code == 200
    assert f'value="{token}"' in opened.text
    assert "<script" not in opened.text
    assert opened.headers["referrer-policy"] == "no-referrer"
    assert opened.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in opened.headers["content-security-policy"]
    assert await contents(connection) == before

    pressed = await account.client.post("/verify-email", data={"token": token})

    assert pressed.status_code == 200
    me = (await account.call("GET", "/v1/sessions/current")).json()
    assert me["user"]["email_verified"] is True
    again = await account.client.post("/verify-email", data={"token": token})
    assert status_of(again)[0] == 404
    assert "was used" in status_of(again)[1]


async def test_a_forgotten_password_is_replaced_in_the_browser_alone(
    account: Account, app: FastAPI, connection: AsyncConnection
) -> None:
    client, path = account.client, "/reset-password"
    assert 'type="email"' in (await client.get(path)).text
    asked = await client.post(path, data={"email": account.email})
    unknown = await client.post(path, data={"email": "nobody@example.com"})
    assert (asked.status_code, asked.text) == (unknown.status_code, unknown.text)
    await mail_resets(account.sessions, letters(app))
    token = await account.mailed_token("reset-password")
    link = {"token": token}
    assert 'type="password"' in (await client.get(path, params=link)).text
    before = await contents(connection)
    for password, status in (("1q2w3e4r5t", 422), ("short", 422), ("", 422)):
        refused = await client.post(path, params=link, data=link | {"password": password})
        assert refused.status_code == status
        assert f'value="{token}"' in refused.text  # to try again
    assert await contents(connection) == before

    done = await client.post(path, params=link, data=link | {"password": NEW_PASSWORD})

    assert done.status_code == 200
    assert not await account.is_let_in()
    await account.sign_in(password=NEW_PASSWORD)


@pytest.mark.parametrize(
    ("wish", "title"),
    [
        ("ko-KR,ko;q=0.9", "이메일 주소 확인"),
        ("fr, zh-CN;q=0.8", "确认邮箱地址"),
        ("fr", "Confirm your e-mail address"),
        ("", "Confirm your e-mail address"),
    ],
)
async def test_pages_speak_the_browsers_language(
    client: httpx2.AsyncClient, wish: str, title: str
) -> None:
    answer = await client.get("/verify-email", headers={"accept-language": wish})
    assert f"<h1>{title}</h1>" in answer.text


@pytest.mark.parametrize("hostile", ['"><script>alert(1)</script>', "x" * 5_000, "%00", "\ud800"])
async def test_what_stands_in_a_link_is_never_markup(
    client: httpx2.AsyncClient, hostile: str
) -> None:
    token = hostile.encode("utf-8", "surrogatepass").decode("latin-1")
    for path in ("/verify-email", "/reset-password"):
        opened = await client.get(path, params={"token": token})
        assert opened.status_code == 200
        assert "<script" not in opened.text
        sent = await client.post(path, params={"token": token}, data={"token": token})
        assert sent.status_code in {404, 422}
        assert "<script" not in sent.text
