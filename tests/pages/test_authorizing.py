"""The pages: what they refuse, where they send a browser, and what they let nobody do."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import httpx2
import pytest
import structlog
from argon2 import PasswordHasher
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from marketplace.accounts.passwords import hashing
from marketplace.accounts.permissions import KIND_PERMISSIONS, MemberRole, OpenIdScope
from marketplace.accounts.sessions.schemas import SignIn
from marketplace.kernel.clock import ShiftedClock
from marketplace.kernel.db import Sessions
from marketplace.pages.texts import LANGUAGES, TEXTS, accepted, preferred
from tests.factories.deals import ok
from tests.factories.oauth import (
    CALLBACK,
    COOKIE,
    ISSUER,
    NATIVE,
    Flow,
    bearer,
    browser_of,
    claims_of,
    flow_of,
    hidden,
    registered,
    sent_back,
    signed_in_browser,
)
from tests.factories.people import person
from tests.factories.tables import contents

PASSWORD = "long and private"


@pytest.fixture
async def flow(app: FastAPI, client: httpx2.AsyncClient, sessions: Sessions) -> Flow:
    return await flow_of(app, sessions, await person(client, sessions))


@pytest.fixture
async def native(app: FastAPI, client: httpx2.AsyncClient, sessions: Sessions) -> Flow:
    return await flow_of(app, sessions, await person(client, sessions), NATIVE)


async def assert_shown(flow: Flow, asked: str, connection: AsyncConnection) -> None:
    """The person is told, and nobody is sent anywhere."""
    before = await contents(connection)
    with structlog.testing.capture_logs() as logged:
        answer = await flow.browser.get(f"/oauth/authorize?{asked}")
    assert (answer.status_code, "location" in answer.headers) == (400, False)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "form-action 'self'" in answer.headers["content-security-policy"]
    assert [line["event"] for line in logged] == ["oauth refused"]
    assert await contents(connection) == before


@pytest.mark.parametrize(
    "uri",
    [
        None,
        "https://evil.example/callback",
        f"{CALLBACK}/",
        f"{CALLBACK}?next=https://evil.example",
        f"{CALLBACK}#fragment",
        f"{CALLBACK}/../other",
        f"{CALLBACK}%2f..",
        "https://app.example.com:8443/callback",
        "https://app.example.com.evil.example/callback",
        "https://app.example.com@evil.example/callback",
        "https://APP.example.com/callback",
        "http://app.example.com/callback",
        "//app.example.com/callback",
        "https:///app.example.com/callback",
        "https://app.example.com\\@evil.example/callback",
        "javascript:alert(1)",
        "data:text/html,x",
        'https://evil.example/"><script>',
        "https://evil.example/\u00e9",
        f"{CALLBACK} https://evil.example",
    ],
)
async def test_nobody_is_sent_to_an_address_that_is_not_registered(
    flow: Flow, connection: AsyncConnection, uri: str | None
) -> None:
    await assert_shown(flow, urlencode(flow.request(redirect_uri=uri)), connection)
    wrong = {"response_type": "token", "code_challenge": None, "scope": "everything"}
    await assert_shown(flow, urlencode(flow.request(redirect_uri=uri, **wrong)), connection)


@pytest.mark.parametrize(
    ("uri", "lets"),
    [
        ("http://127.0.0.1/callback", True),
        ("http://127.0.0.1:1/callback", True),
        ("http://127.0.0.1:65535/callback", True),
        ("http://127.0.0.1:51004/other", False),
        ("http://127.0.0.1:51004", False),
        ("http://127.0.0.1:51004/callback?x=1", False),
        ("http://127.0.0.1:/callback", False),
        ("http://127.0.0.1:1@evil.example/callback", False),
        ("http://127.0.0.1.evil.example/callback", False),
        ("http://127.0.0.2:1/callback", False),
        ("http://localhost:1/callback", False),
        ("http://[::1]:1/callback", False),
        ("https://127.0.0.1:1/callback", False),
    ],
)
async def test_only_the_port_of_a_loopback_address_is_free(
    native: Flow, uri: str, *, lets: bool
) -> None:
    answer = await native.open(redirect_uri=uri)
    assert answer.status_code == (200 if lets else 400)


async def test_a_confidential_clients_loopback_port_is_not_free(
    app: FastAPI, client: httpx2.AsyncClient, sessions: Sessions
) -> None:
    uri = "http://127.0.0.1:3000/callback"
    body = NATIVE | {"authentication": "client_secret_basic", "redirect_uris": [uri]}
    flow = await flow_of(app, sessions, await person(client, sessions), body, redirect_uri=uri)
    assert (await flow.open()).status_code == 200
    assert (await flow.open(redirect_uri="http://127.0.0.1:3001/callback")).status_code == 400


@pytest.mark.parametrize(
    "asked",
    [
        {"client_id": None},
        {"client_id": "nobody"},
        {"client_id": "00000000-0000-7000-8000-000000000000"},
        {"client_id": "'; DROP TABLE oauth_client; --"},
    ],
)
async def test_an_unknown_client_is_nobody(
    flow: Flow, connection: AsyncConnection, asked: dict[str, str | None]
) -> None:
    await assert_shown(flow, urlencode(flow.request(**asked)), connection)


@pytest.mark.parametrize("wrong", ["scope=read", "state=x", "nonce=x%00", "x=%ff", "&".join("abc")])
async def test_parameters_are_sent_once_and_readable(
    flow: Flow, connection: AsyncConnection, wrong: str
) -> None:
    asked = f"{urlencode(flow.request())}&{wrong}"
    if wrong == "a&b&c":  # without values, they count as left out
        assert (await flow.browser.get(f"/oauth/authorize?{asked}")).status_code == 200
        return
    await assert_shown(flow, asked, connection)


@pytest.mark.parametrize(
    ("error", "asked"),
    [
        ("unsupported_response_type", {"response_type": "token"}),
        ("unsupported_response_type", {"response_type": "code id_token"}),
        ("unsupported_response_type", {"response_type": None}),
        ("invalid_request", {"code_challenge": None}),
        ("invalid_request", {"code_challenge": None, "code_challenge_method": None}),
        ("invalid_request", {"code_challenge_method": "plain"}),
        ("invalid_request", {"code_challenge_method": None}),
        ("invalid_request", {"code_challenge_method": "s256"}),
        ("invalid_request", {"code_challenge": "x" * 42}),
        ("invalid_request", {"code_challenge": "x" * 44}),
        ("invalid_request", {"code_challenge": "!" * 43}),
        ("invalid_request", {"response_mode": "fragment"}),
        ("invalid_request", {"prompt": "none login"}),
        ("invalid_request", {"prompt": "create"}),
        ("invalid_request", {"max_age": "-1"}),
        ("invalid_request", {"max_age": "1e3"}),
        ("invalid_request", {"max_age": "9" * 10}),
        ("invalid_request", {"nonce": "x" * 501}),
        ("request_not_supported", {"request": "eyJ"}),
        ("request_uri_not_supported", {"request_uri": "https://evil.example/request"}),
        ("invalid_scope", {"scope": None}),
        ("invalid_scope", {"scope": "openid everything"}),
        ("invalid_scope", {"scope": "openid listings:write"}),
        ("invalid_scope", {"scope": "clients:manage"}),
        ("consent_required", {"prompt": "none"}),
        ("login_required", {"prompt": "none", "max_age": "0"}),
    ],
)
async def test_the_client_is_told_what_is_wrong_and_by_whom(
    flow: Flow, connection: AsyncConnection, error: str, asked: dict[str, str | None]
) -> None:
    before = await contents(connection)
    with structlog.testing.capture_logs() as logged:
        answer = await flow.open(**asked)
    assert answer.headers["location"].startswith(f"{CALLBACK}?")
    told = sent_back(answer)
    assert (told["error"], told["state"], told["iss"]) == (error, "st/at e+1", ISSUER)
    assert [(line["error"], line["client_id"]) for line in logged] == [(error, flow.client["id"])]
    assert await contents(connection) == before


async def test_a_client_that_works_alone_has_no_page(
    app: FastAPI, client: httpx2.AsyncClient, sessions: Sessions, connection: AsyncConnection
) -> None:
    member = await person(client, sessions)
    machine = await registered(member)
    browser = await signed_in_browser(app, sessions, member)
    flow = Flow(machine, browser, member.organisation_id, scope="read")
    await assert_shown(flow, urlencode(flow.request()), connection)


async def test_a_refusal_gives_no_code(flow: Flow, connection: AsyncConnection) -> None:
    before = await contents(connection)
    told = sent_back(await flow.decide("deny"))
    assert (told["error"], told["state"], told["iss"]) == ("access_denied", "st/at e+1", ISSUER)
    assert await contents(connection) == before


async def test_a_form_that_was_not_opened_here_is_not_taken(
    app: FastAPI,
    client: httpx2.AsyncClient,
    sessions: Sessions,
    connection: AsyncConnection,
    flow: Flow,
) -> None:
    form = hidden((await flow.open()).text)
    form |= {"organisation_id": str(flow.organisation_id), "decision": "allow"}
    other = await signed_in_browser(app, sessions, await person(client, sessions))
    theirs = hidden((await other.get(f"/oauth/authorize?{urlencode(flow.request())}")).text)
    before = await contents(connection)
    for browser, wrong in (
        (flow.browser, {"proof": ""}),
        (flow.browser, {"proof": theirs["proof"]}),
        (flow.browser, {"proof": form["proof"][:-1]}),
        (flow.browser, {"proof": "\u00e9"}),
        (other, {}),
        (browser_of(app), {}),
    ):
        answer = await browser.post("/oauth/consent", data=form | wrong)
        assert (answer.status_code, "location" in answer.headers) == (403, False)
    strange = await flow.browser.post("/oauth/consent", data=form | {"organisation_id": "x"})
    assert strange.headers["location"].startswith("/oauth/authorize?")
    foreign = theirs | {"organisation_id": str(flow.organisation_id), "decision": "allow"}
    assert (await other.post("/oauth/consent", data=foreign)).headers["location"][0] == "/"
    assert await contents(connection) == before
    assert "code" in sent_back(await flow.browser.post("/oauth/consent", data=form))


async def test_what_the_form_carries_is_checked_anew(
    flow: Flow, connection: AsyncConnection
) -> None:
    form = hidden((await flow.open()).text)
    form |= {"organisation_id": str(flow.organisation_id), "decision": "allow"}
    before = await contents(connection)
    evil = flow.request(redirect_uri="https://evil.example/callback")
    shown = await flow.browser.post("/oauth/consent", data=form | {"request": urlencode(evil)})
    assert (shown.status_code, "location" in shown.headers) == (400, False)
    more = flow.request(scope="openid clients:manage")
    told = await flow.browser.post("/oauth/consent", data=form | {"request": urlencode(more)})
    assert sent_back(told)["error"] == "invalid_scope"
    assert await contents(connection) == before


@pytest.fixture
def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(hashing, "_HASHER", hasher)
    monkeypatch.setattr(hashing, "_NOBODY", hasher.hash("nobody's"))


async def signed_up(client: httpx2.AsyncClient) -> dict[str, Any]:
    body = {"email": "ada@example.com", "password": PASSWORD, "display_name": "Ada"}
    made: dict[str, Any] = await ok(await client.post("/v1/users", json=body | {"country": "KR"}))
    return made


@pytest.mark.usefixtures("cheap_passwords")
async def test_a_person_signs_in_on_the_page_and_goes_on(
    app: FastAPI, client: httpx2.AsyncClient, flow: Flow, connection: AsyncConnection
) -> None:
    ada = await signed_up(client)
    flow.browser, flow.organisation_id = browser_of(app), ada["organisation"]["id"]
    page = await flow.open(prompt="login", max_age="0", login_hint="ada@example.com")
    assert 'value="ada@example.com"' in page.text
    form = hidden(page.text) | {"email": "ada@example.com"}
    before = await contents(connection)
    for email, password in (
        ("ada@example.com", "not the password"),
        ("nobody@example.com", PASSWORD),
        ("ada@example.com", "short"),
        ("no address", PASSWORD),
    ):
        wrong = form | {"email": email, "password": password}
        again = await flow.browser.post("/oauth/sign-in", data=wrong)
        assert (again.status_code, COOKIE in again.cookies) == (401, False)
        assert 'role="alert"' in again.text
        assert password not in again.text
    assert await contents(connection) == before

    onward = await flow.browser.post("/oauth/sign-in", data=form | {"password": PASSWORD})

    assert onward.status_code == 303
    assert onward.headers["location"].startswith("/oauth/authorize?response_type=code&")
    assert "prompt" not in onward.headers["location"]
    cookie = next(one for one in onward.headers.get_list("set-cookie") if COOKIE in one)
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    found = await flow.tokens()
    assert claims_of(found["access_token"])["sub"] == ada["user"]["id"]
    await _assert_no_api_behind_the_cookie(client, flow, connection)


async def _assert_no_api_behind_the_cookie(
    client: httpx2.AsyncClient, flow: Flow, connection: AsyncConnection
) -> None:
    cookie = flow.browser.cookies[COOKIE]
    assert (await client.get("/v1/sessions/current", headers=bearer(cookie))).status_code == 401
    assert (await flow.browser.get("/v1/sessions/current")).status_code == 401
    stored = text("SELECT b::text || s::text FROM browser_session b, login_session s")
    assert cookie not in "".join((await connection.execute(stored)).scalars())
    ended = text("UPDATE login_session SET revoked_at = now()")
    await connection.execute(ended)
    assert 'action="/oauth/sign-in"' in (await flow.open()).text


@pytest.mark.usefixtures("cheap_passwords")
async def test_signing_in_as_somebody_else_signs_the_first_out(
    client: httpx2.AsyncClient, flow: Flow
) -> None:
    await signed_up(client)
    first = flow.browser.cookies[COOKIE]
    page = await flow.open(prompt="select_account")
    form = hidden(page.text) | {"email": "ada@example.com", "password": PASSWORD}
    await flow.browser.post("/oauth/sign-in", data=form)
    assert "ada@example.com" in (await flow.open()).text
    flow.browser.cookies.clear()
    flow.browser.cookies.set(COOKIE, first, domain="127.0.0.1")
    assert 'action="/oauth/sign-in"' in (await flow.open()).text


async def test_the_form_asks_for_whatever_signing_in_takes(app: FastAPI, flow: Flow) -> None:
    flow.browser = browser_of(app)
    assert ('name="code"' in (await flow.open()).text) is ("code" in SignIn.model_fields)


async def test_how_long_ago_a_person_signed_in_counts_when_the_client_says_so(
    flow: Flow, clock: ShiftedClock
) -> None:
    clock.offset = timedelta(minutes=5)
    assert 'action="/oauth/consent"' in (await flow.open(max_age="600")).text
    assert 'action="/oauth/sign-in"' in (await flow.open(max_age="299")).text
    assert 'action="/oauth/sign-in"' in (await flow.open(prompt="login consent")).text
    clock.offset = timedelta(hours=12)
    assert 'action="/oauth/sign-in"' in (await flow.open()).text


async def test_a_request_may_be_posted(flow: Flow) -> None:
    answer = await flow.browser.post("/oauth/authorize", data=flow.request())
    assert answer.status_code == 303
    page = await flow.browser.get(answer.headers["location"])
    assert 'action="/oauth/consent"' in page.text


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_page_speaks_the_visitors_language_and_lets_nothing_run(
    app: FastAPI, client: httpx2.AsyncClient, sessions: Sessions, language: str
) -> None:
    body = NATIVE | {"name": '<b onclick="x">{evil}</b>', "redirect_uris": ["com.example.app:/cb"]}
    member = await person(client, sessions, name="<script>Lab</script>")
    uri = "com.example.app:/cb"
    flow = await flow_of(app, sessions, member, body, redirect_uri=uri)
    page = await flow.browser.get(
        f"/oauth/authorize?{urlencode(flow.request())}", headers={"accept-language": language}
    )
    by_link = await flow.open(ui_locales=f"xx {language}")
    for shown in (page, by_link):
        assert f'<html lang="{language}">' in shown.text
        assert TEXTS[language]["consent.allow"] in shown.text
        assert "<script" not in shown.text
        assert "<b onclick" not in shown.text
        assert "&lt;b onclick=&#34;x&#34;&gt;{evil}&lt;/b&gt;" in shown.text
        assert shown.text.count('aria-current="true"') == 1
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'; base-uri 'none'; ")
    assert "frame-ancestors 'none'" in policy
    assert policy.endswith("form-action 'self' com.example.app:")
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["x-frame-options"] == "DENY"


async def test_the_style_has_an_address_of_its_own(flow: Flow) -> None:
    page = (await flow.open()).text
    address = page.partition('<link rel="stylesheet" href="')[2].partition('"')[0]
    style = await flow.browser.get(address)
    assert (style.status_code, style.headers["content-type"]) == (200, "text/css; charset=utf-8")
    assert "immutable" in style.headers["cache-control"]


def test_every_language_says_everything() -> None:
    assert len({frozenset(texts) for texts in TEXTS.values()}) == 1
    grantable = {*OpenIdScope}.union(*KIND_PERMISSIONS.values())
    assert {f"scope.{scope}" for scope in grantable} <= TEXTS["en"].keys()
    assert {f"role.{role}" for role in MemberRole} <= TEXTS["en"].keys()


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("ko-KR,ko;q=0.9,en-US;q=0.8", "ko"),
        ("fr, zh-Hant;q=0.8, en;q=0.5", "zh"),
        ("en;q=0.1, ko;q=0.5", "ko"),
        ("ko;q=0, zh;q=0.1", "zh"),
        ("*;q=x, ;;;, ko;q=9", "en"),
        ("nan;q=nan, zh;q=nan", "en"),
    ],
)
def test_the_best_language_that_we_speak_is_chosen(header: str, language: str) -> None:
    assert preferred(*accepted(header)) == language


async def test_over_https_the_cookies_are_bound_to_this_host(
    app: FastAPI, flow: Flow, monkeypatch: pytest.MonkeyPatch
) -> None:
    safe = app.state.settings.model_copy(update={"public_url": "https://market.example.com"})
    monkeypatch.setitem(app.state._state, "settings", safe)
    page = await flow.open()
    (cookie,) = page.headers.get_list("set-cookie")
    assert cookie.startswith("__Host-marketplace_form=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=lax"} <= set(cookie.split("; "))
    assert "Domain" not in cookie
    assert 'action="/oauth/sign-in"' in page.text, "a cookie without the prefix is not believed"
    told = sent_back(await flow.open(prompt="none"))
    assert told["iss"] == "https://market.example.com"
