"""Signing in by a company's own identity provider: who is let in, as whom, and who is not."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import urlencode

import httpx2
import pytest
import structlog
from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.responses import JSONResponse, RedirectResponse, Response

from marketplace.accounts.identity_providers.metadata import Directory
from marketplace.kernel.clock import ShiftedClock
from marketplace.kernel.db import Sessions, create_engine, create_sessions
from marketplace.kernel.outbound import ANSWER_BYTES_MAX
from marketplace.pages.account_texts import TEXTS
from marketplace.worker import FORGETTING
from tests.factories.accounts import PASSWORD, Account, assert_refused
from tests.factories.company_logins import DOMAIN, KIM, Visit, enabled, reason
from tests.factories.deals import ok
from tests.factories.oauth import (
    WEB,
    Flow,
    bearer,
    confused,
    hidden,
    registered,
    sent_back,
    unsigned,
)
from tests.factories.people import Person, operator, person
from tests.factories.refusals import nothing_changes
from tests.factories.tables import contents, values
from tests.factories.world import World
from tests.fakes.identity_provider import (
    SECRET,
    Claims,
    Employee,
    FakeProvider,
    listening,
    new_key,
    sign,
)


@pytest.fixture
async def provider(app: FastAPI, clock: ShiftedClock) -> AsyncIterator[FakeProvider]:
    app.state.identity_providers = Directory(loopback=True)
    async with listening(lambda: clock.now().timestamp()) as provider:
        yield provider


@pytest.fixture
async def chief(client: httpx2.AsyncClient, sessions: Sessions) -> Person:
    return await operator(client, sessions)


@pytest.fixture
async def company(client: httpx2.AsyncClient, sessions: Sessions) -> Person:
    """The owner of the company whose people sign in."""
    return await person(client, sessions, name="Hanbit Materials")


@pytest.fixture
async def hanbit(chief: Person, company: Person, provider: FakeProvider) -> dict[str, Any]:
    organisation_id = str(company.organisation_id)
    return await enabled(chief, provider, organisation_id=organisation_id, role="member")


@pytest.fixture
def visit(app: FastAPI, provider: FakeProvider, hanbit: dict[str, Any]) -> Visit:
    return Visit(app, provider)


async def let_in(visit: Visit, employee: Employee = KIM, **told: Any) -> dict[str, Any]:
    """Sign in, and ask the API who that is."""
    answer = await visit.sign_in(employee, **told)
    assert (answer.status_code, answer.headers.get("location")) == (303, "/account"), answer.text
    return await who_is(visit, await visit.token())


async def who_is(visit: Visit, token: str) -> dict[str, Any]:
    found: dict[str, Any] = await ok(
        await visit.browser.get("/v1/sessions/current", headers=bearer(token))
    )
    return found


async def test_a_first_login_makes_the_person_and_a_later_one_finds_them(
    visit: Visit, company: Person, provider: FakeProvider, connection: AsyncConnection
) -> None:
    me = await let_in(visit)
    assert me["user"] | {"id": ""} == {
        "id": "",
        "email": KIM.email,
        "email_verified": True,
        "display_name": KIM.name,
    }
    assert (me["organisation"]["kind"], me["organisation"]["name"]) == ("person", KIM.name)
    members = await ok(await company.get(f"/v1/organisations/{company.organisation_id}/members"))
    roles = {one["email"]: one["role"] for one in members["items"]}
    assert roles[KIM.email] == "member"
    told = await connection.execute(
        text("SELECT type FROM event WHERE actor = :actor ORDER BY sequence"),
        {"actor": f"user:{me['user']['id']}"},
    )
    assert set(told.scalars()) == {
        "organisation.found",
        "organisation.add_member",
        "user.link_identity",
    }

    married = Employee(KIM.subject, f"lee@{DOMAIN.upper()}", name="Somebody else")
    again = await let_in(Visit(visit.app, provider), married)
    assert again["user"] == me["user"], "the subject is who it is, whatever the address is"
    assert provider.paths.count("/.well-known/openid-configuration") == 1
    assert provider.paths.count("/jwks") == 1


async def test_who_was_taken_out_of_the_organisation_stays_out(
    visit: Visit, company: Person
) -> None:
    me = await let_in(visit)
    members = f"/v1/organisations/{company.organisation_id}/members"
    gone = await visit.browser.delete(f"{members}/{me['user']['id']}", headers=company.headers)
    assert gone.status_code == 204
    await let_in(Visit(visit.app, visit.provider))
    assert len((await ok(await company.get(members)))["items"]) == 1


async def test_an_account_with_a_confirmed_address_is_linked_and_told(
    visit: Visit, app: FastAPI, client: httpx2.AsyncClient
) -> None:
    account = await Account.open(client, app, KIM.email or "")
    await account.verify()
    me = await let_in(visit)
    assert me["user"]["display_name"] == "한지민", "the account's own name stays"
    assert await account.is_let_in()
    await account.sign_in()
    subjects = [message.subject for message in await account.mailbox()]
    assert "company's login" in subjects[-1]


async def test_an_account_that_waits_for_its_owner_is_taken_from_the_stranger(
    visit: Visit, app: FastAPI, client: httpx2.AsyncClient
) -> None:
    stranger = await Account.open(client, app, KIM.email or "")
    body = {"name": "later", "scopes": ["read"], "lifetime_days": 300}
    key = (await ok(await stranger.call("POST", "/v1/api-keys", body)))["key"]
    await client.post("/v1/password-resets", json={"email": KIM.email})

    me = await let_in(visit)

    assert me["user"]["email_verified"]
    assert not await stranger.is_let_in()
    assert not await stranger.is_let_in(key)
    assert_refused(await stranger.try_to_sign_in(), 401, "wrong_credentials")


Change = Callable[[FakeProvider], None]


def forged(write: Callable[[Claims, ECKey], str]) -> Change:
    def change(provider: FakeProvider) -> None:
        provider.forge = write

    return change


def claiming(**claims: Any) -> Change:
    return lambda provider: provider.changed.update(claims)


def describing(**document: Any) -> Change:
    return lambda provider: provider.document.update(document)


def answering(path: str, answer: Response) -> Change:
    return lambda provider: provider.answers.update({path: answer})


def _only_in_userinfo(provider: FakeProvider) -> None:
    provider.in_token, provider.userinfo_of = False, "somebody else"


OTHER = new_key("one")
WRONG_ANSWERS: dict[str, Change] = {
    "unsigned": forged(lambda claims, key: unsigned(claims, kid=key.kid)),
    "unsigned under another name": forged(
        lambda claims, key: unsigned(claims, kid=key.kid, alg="None")
    ),
    "signed with our public key for a secret": forged(
        lambda claims, key: confused(claims, key, kid=key.kid)
    ),
    "signed with our client secret": forged(lambda claims, _: _hs256(claims, SECRET)),
    "signed by another key under the same name": forged(lambda claims, _: sign(claims, OTHER)),
    "signed by a key that it brings along": forged(
        lambda claims, key: jwt.encode(
            {"alg": "ES256", "kid": key.kid, "jwk": OTHER.as_dict(private=False)}, claims, OTHER
        )
    ),
    "signed by a key that nobody knows": forged(lambda claims, _: sign(claims, new_key("two"))),
    "cut short": forged(lambda claims, key: sign(claims, key)[:-9]),
    "no token": forged(lambda *_: ""),
    "no JWT": forged(lambda *_: "a.b.c"),
    "nested without end": forged(
        lambda *_: f"{base64.urlsafe_b64encode(b'[' * 9_000).decode()}.e30.x"
    ),
    "a huge one": forged(lambda claims, key: sign(claims | {"x": "x" * 40_000}, key)),
    "another nonce": claiming(nonce="x" * 43),
    "no nonce": claiming(nonce=None),
    "another audience": claiming(aud="somebody else"),
    "no audience": claiming(aud=None),
    "several audiences without a party": claiming(aud=["marketplace:at%the+company", "other"]),
    "another party": claiming(azp="other"),
    "another issuer": claiming(iss="https://evil.example"),
    "no issuer": claiming(iss=None),
    "no end": claiming(exp=None),
    "expired": claiming(exp=1),
    "an end beyond time": claiming(exp=10**30, nbf=10**29),
    "no start": claiming(iat=None),
    "from the future": claiming(iat=4_000_000_000, nbf=4_000_000_000),
    "another access token": claiming(at_hash="AAAAAAAAAAAAAAAAAAAAAA"),
    "no subject": claiming(sub=None),
    "an empty subject": claiming(sub=""),
    "a number for a subject": claiming(sub=17),
    "a subject of several lines": claiming(sub="a\nb"),
    "a long subject": claiming(sub="x" * 256),
    "a moment beyond time": claiming(auth_time=10**30),
    "a userinfo of somebody else": _only_in_userinfo,
}
FOREIGN_EMAILS: dict[str, Change] = {
    "unverified": claiming(email_verified=False),
    "not said to be verified": claiming(email_verified=None),
    "one for true": claiming(email_verified=1),
    "a list for true": claiming(email_verified=[True]),
    "another spelling of true": claiming(email_verified="TRUE"),
    "another domain": claiming(email="kim@other.example"),
    "a domain below": claiming(email=f"kim@evil.{DOMAIN}"),
    "a domain above": claiming(email="kim@example"),
    "two domains": claiming(email=f"kim@evil.example@{DOMAIN}"),
    "two addresses": claiming(email=f"kim@evil.example,kim@{DOMAIN}"),
    "a look-alike": claiming(email="kim@hаnbit.example"),
    "a list": claiming(email=[f"kim@{DOMAIN}"]),
    "no address": claiming(email=""),
}
UNUSABLE: dict[str, Change] = {
    "no tokens": answering("/token", Response("<html>", 502)),
    "no JSON": answering("/token", Response("later", 200)),
    "nested without end": answering("/token", Response(b"[" * 200_000)),
    "no object": answering("/token", JSONResponse(["x"])),
    "a redirect": answering("/token", RedirectResponse("http://127.0.0.1/", 307)),
    "a long answer": answering("/token", Response(b" " * (ANSWER_BYTES_MAX + 1))),
    "a packed answer": answering("/token", Response(b"x", headers={"content-encoding": "gzip"})),
    "no keys": answering("/jwks", JSONResponse({"keys": []})),
    "keys of no list": answering("/jwks", JSONResponse({"keys": "many"})),
    "a shared secret for a key": answering(
        "/jwks", JSONResponse({"keys": [{"kty": "oct", "k": "AAAA"}, 7, {"kty": "EC"}]})
    ),
    "keys elsewhere": answering("/jwks", RedirectResponse("/elsewhere")),
}


def _hs256(claims: Claims, secret: str) -> str:
    signed = f"{_encoded({'alg': 'HS256'})}.{_encoded(claims)}"
    digest = hmac.digest(secret.encode(), signed.encode(), hashlib.sha256)
    return f"{signed}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"


def _encoded(part: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


async def assert_kept_out(
    visit: Visit, connection: AsyncConnection, change: Change, status: int, code: str
) -> None:
    """The page tells why, the log does as well, and nothing else is left of it."""
    change(visit.provider)
    async with nothing_changes(connection):
        with structlog.testing.capture_logs() as logged:
            answer = await visit.sign_in()
        assert reason(answer) == (status, TEXTS["en"][f"login_failed.{code}"])
    assert "set-cookie" not in answer.headers
    assert [(line["event"], line["provider"], line["code"]) for line in logged] == [
        ("company login refused", "hanbit", code)
    ]
    told = json.dumps(logged, default=str)
    assert not any(part in told for part in (SECRET, KIM.email or "", "eyJ"))


@pytest.mark.parametrize("change", WRONG_ANSWERS.values(), ids=WRONG_ANSWERS)
async def test_a_token_that_does_not_hold_lets_nobody_in(
    visit: Visit, connection: AsyncConnection, change: Change
) -> None:
    await assert_kept_out(visit, connection, change, 401, "wrong_answer")


@pytest.mark.parametrize("change", FOREIGN_EMAILS.values(), ids=FOREIGN_EMAILS)
async def test_an_address_that_the_provider_cannot_vouch_for_lets_nobody_in(
    visit: Visit, connection: AsyncConnection, change: Change
) -> None:
    await assert_kept_out(visit, connection, change, 403, "foreign_email")


@pytest.mark.parametrize("change", UNUSABLE.values(), ids=UNUSABLE)
async def test_a_provider_that_does_not_answer_lets_nobody_in(
    visit: Visit, connection: AsyncConnection, change: Change
) -> None:
    await assert_kept_out(visit, connection, change, 503, "identity_provider_unusable")


@pytest.mark.parametrize(
    "change",
    [
        claiming(email_verified="true"),
        claiming(aud=["marketplace:at%the+company"]),
        claiming(azp="marketplace:at%the+company"),
        claiming(name=None),
        claiming(name="\u202egnp.exe"),
        claiming(auth_time=4_000_000_000),
        lambda provider: setattr(provider, "in_token", False),
        lambda provider: provider.document.update(
            {"authorization_response_iss_parameter_supported": None}
        ),
    ],
)
async def test_what_providers_do_differently_is_understood(visit: Visit, change: Change) -> None:
    change(visit.provider)
    await let_in(visit)


async def test_a_new_key_of_the_provider_is_found(visit: Visit, clock: ShiftedClock) -> None:
    """Its keys are looked for again once a token names another one, though not at every token."""
    await let_in(visit)
    visit.provider.key = new_key("two")
    visit.app.state.identity_providers._known[visit.provider.issuer].keys_at -= 60
    await let_in(Visit(visit.app, visit.provider))
    assert visit.provider.paths.count("/jwks") == 2


async def test_rsa_is_understood(visit: Visit) -> None:
    key = RSAKey.generate_key(2048, parameters={"kid": "r"}, private=True)
    visit.provider.document["id_token_signing_alg_values_supported"] = ["RS256"]
    visit.provider.answers["/jwks"] = JSONResponse({"keys": [key.as_dict(private=False)]})
    visit.provider.forge = lambda claims, _: jwt.encode({"alg": "RS256", "kid": "r"}, claims, key)
    await let_in(visit)


@pytest.mark.parametrize(
    ("told", "status", "code"),
    [
        ({"iss": "https://evil.example"}, 401, "wrong_answer"),
        ({"iss": None}, 401, "wrong_answer"),
        ({"code": None}, 401, "wrong_answer"),
        ({"code": None, "error": "access_denied"}, 403, "provider_refused"),
        ({"error": "<script>"}, 403, "provider_refused"),
        ({"iss": None, "error": "access_denied"}, 401, "wrong_answer"),
        ({"code": "made up"}, 403, "provider_refused"),
        ({"state": "made up"}, 401, "login_expired"),
        ({"state": None}, 401, "login_expired"),
    ],
)
async def test_an_answer_of_another_or_for_another_lets_nobody_in(
    visit: Visit, connection: AsyncConnection, told: dict[str, Any], status: int, code: str
) -> None:
    before = await contents(connection)
    answer = await visit.sign_in(**told)
    assert reason(answer) == (status, TEXTS["en"][f"login_failed.{code}"])
    if code != "login_expired":
        assert await contents(connection) == before
    assert visit.provider.paths.count("/token") == ("made up" in str(told.get("code")))


async def test_an_answer_works_once_in_one_browser_and_at_one_address(
    visit: Visit, chief: Person, clock: ShiftedClock, connection: AsyncConnection
) -> None:
    expired = (401, TEXTS["en"]["login_failed.login_expired"])
    other = visit.provider
    await enabled(chief, other, slug="other", domains=["other.example"])
    first = other.sign_in(await visit.leave(), KIM)
    stranger = Visit(visit.app, other)
    await stranger.leave()

    before = await contents(connection)
    assert reason(await stranger.back(first)) == expired, "another browser"
    assert reason(await stranger.back(first + "&state=x")) == expired, "twice the same name"
    assert await contents(connection) == before
    assert (await visit.back(first)).status_code == 303
    before = await contents(connection)
    assert reason(await visit.back(first)) == expired, "replayed"
    assert await contents(connection) == before

    elsewhere = other.sign_in(await visit.leave(), KIM).replace("/hanbit?", "/other?")
    assert reason(await visit.back(elsewhere)) == expired, "another provider's address"
    assert reason(await visit.back(elsewhere.replace("/other?", "/hanbit?"))) == expired

    late = other.sign_in(await visit.leave(), KIM)
    clock.offset += timedelta(minutes=11)
    assert reason(await visit.back(late)) == expired, "too late"


async def test_two_browsers_that_first_come_back_at_once_are_one_person(world: World) -> None:
    world.app.state.identity_providers = Directory(loopback=True)
    async with listening(lambda: world.clock.now().timestamp()) as provider:
        await enabled(await operator(world.client, world.sessions), provider)
        visits = [Visit(world.app, provider) for _ in range(4)]
        answers = [provider.sign_in(await visit.leave(), KIM) for visit in visits]
        came = await asyncio.gather(
            *(visit.back(answer) for visit, answer in zip(visits, answers, strict=True)),
            *(visit.back(answer) for visit, answer in zip(visits, answers, strict=True)),
        )
        assert sorted(answer.status_code for answer in came) == [303] * 4 + [401] * 4
        people = {(await who_is(visit, await visit.token()))["user"]["id"] for visit in visits}
        assert len(people) == 1


async def test_an_address_that_went_to_somebody_else_gives_them_no_account(
    visit: Visit, chief: Person, hanbit: dict[str, Any], connection: AsyncConnection
) -> None:
    me = await let_in(visit)
    successor = Employee("user-18", KIM.email)
    before = await contents(connection)
    refused = await Visit(visit.app, visit.provider).sign_in(successor)
    assert reason(refused) == (409, TEXTS["en"]["login_failed.identity_taken"])
    assert await contents(connection) == before

    token = await visit.token()
    path = f"/v1/identity-providers/{hanbit['id']}/unlink"
    unknown = await chief.post(path, {"email": "nobody@example.com"})
    assert_refused(unknown, 404, "not_found")
    assert (await chief.post(path, {"email": KIM.email})).status_code == 204
    me_now = await visit.browser.get("/v1/sessions/current", headers=bearer(token))
    assert_refused(me_now, 401, "invalid_token")
    assert (await let_in(Visit(visit.app, visit.provider), successor))["user"] == me["user"]


async def test_nobody_signs_in_by_a_disabled_provider(
    visit: Visit, chief: Person, hanbit: dict[str, Any], connection: AsyncConnection
) -> None:
    answer = visit.provider.sign_in(await visit.leave(), KIM)
    path = f"/v1/identity-providers/{hanbit['id']}"
    await ok(await chief.post(f"{path}/disable"))
    assert reason(await visit.back(answer)) == (
        401,
        TEXTS["en"]["login_failed.login_expired"],
    )
    page = await visit.browser.get("/account")
    assert "/login/begin" not in page.text, "where there is none, none is offered"
    refused = await visit.browser.post(
        "/login/begin", data=hidden(page.text) | {"email": KIM.email}
    )
    assert reason(refused) == (403, TEXTS["en"]["refused.no_company_login"])
    await ok(await chief.post(f"{path}/enable"))
    await let_in(visit)


async def test_a_suspended_organisation_lets_nobody_in(
    visit: Visit, chief: Person, company: Person, connection: AsyncConnection
) -> None:
    suspended = (403, TEXTS["en"]["login_failed.organisation_suspended"])
    path = f"/v1/organisations/{company.organisation_id}"
    await ok(await chief.post(f"{path}/suspend", {"reason": "forged recordals"}))
    before = await contents(connection)
    assert reason(await visit.sign_in()) == suspended
    assert await contents(connection) == before

    await ok(await chief.post(f"{path}/lift-suspension", {"reason": "they were another's"}))
    me = await let_in(visit)
    own = f"/v1/organisations/{me['organisation']['id']}/suspend"
    await ok(await chief.post(own, {"reason": "a person who forges"}))
    before = await contents(connection)
    assert reason(await Visit(visit.app, visit.provider).sign_in()) == suspended
    assert await contents(connection) == before


async def test_a_second_factor_of_ours_is_asked_for_as_well(
    visit: Visit, app: FastAPI, client: httpx2.AsyncClient, clock: ShiftedClock
) -> None:
    account = await Account.open(client, app, KIM.email or "")
    await account.verify()
    totp, recovery = await account.add_second_factor(lambda totp: totp.at(clock.now()))

    async def show(page: httpx2.Response, code: str) -> httpx2.Response:
        return await visit.browser.post("/login/code", data=hidden(page.text) | {"code": code})

    page = await visit.sign_in()
    assert page.status_code == 200
    assert "mpb_" not in str(visit.browser.cookies), "nobody is signed in yet"
    assert "/oauth/sign-in" in (await visit.browser.get("/account")).text
    for code, told in (
        ("", "second_factor_needed"),
        ("000000", "wrong_second_factor"),
        (totp.at(clock.now()), "wrong_second_factor"),  # used when it was set up
    ):
        former, page = page, await show(page, code)
        assert reason(page) == (401, TEXTS["en"][f"code.refused.{told}"])
        assert reason(await show(former, recovery[0]))[0] == 401, "each form works once"
    clock.offset += timedelta(seconds=60)
    stranger = Visit(app, visit.provider)
    await stranger.leave()
    theirs = hidden((await stranger.browser.get("/account")).text)
    stolen = theirs | {"state": hidden(page.text)["state"], "code": totp.at(clock.now())}
    assert reason(await stranger.browser.post("/login/code", data=stolen))[0] == 401
    answer = await show(page, totp.at(clock.now()))
    assert (answer.status_code, answer.headers["location"]) == (303, "/account")
    assert await visit.token()


async def test_an_application_gets_its_tokens_by_the_ordinary_flow(
    visit: Visit, company: Person, app: FastAPI, provider: FakeProvider
) -> None:
    """The pending request of a client goes on after the login, and everything else is as ever."""
    client = await registered(company, WEB)
    flow = Flow(client, visit.browser, company.organisation_id)
    start = f"/oauth/authorize?{urlencode(flow.request())}"
    answer = await visit.sign_in(start=start)
    assert (answer.status_code, answer.headers["location"].split("?")[0]) == (
        303,
        "/oauth/authorize",
    )
    assert "max_age" not in provider.asked[-1]
    tokens = await flow.tokens()
    me = await who_is(visit, tokens["access_token"])
    assert (me["user"], me["role"]) == (None, "member")
    assert me["organisation"]["id"] == str(company.organisation_id)
    assert (await flow.refresh(tokens["refresh_token"])).status_code == 200

    again = f"/oauth/authorize?{urlencode(flow.request(max_age='0'))}"
    silent = await visit.browser.get(f"{again}&prompt=none")
    assert sent_back(silent)["error"] == "login_required"
    answer = await visit.sign_in(start=again)
    assert provider.asked[-1]["max_age"] == "0", "who wants the person anew, gets them anew"
    assert provider.asked[-1]["prompt"] == "login"
    assert "max_age" not in answer.headers["location"]
    assert 'action="/oauth/consent"' in (await visit.browser.get(answer.headers["location"])).text


@pytest.mark.parametrize(
    "request_",
    [
        "next=https://evil.example",
        "redirect_uri=https://evil.example",
        "client_id=x&redirect_uri=https://evil.example",
    ],
)
async def test_nobody_is_sent_anywhere_but_to_the_provider(
    visit: Visit, connection: AsyncConnection, request_: str
) -> None:
    form = hidden((await visit.browser.get("/account")).text)
    before = await contents(connection)
    sent = form | {"request": request_, "email": KIM.email}
    answer = await visit.browser.post("/login/begin", data=sent)
    assert (answer.status_code, "location" in answer.headers) == (400, False)
    for wrong in ({"proof": ""}, {"proof": "x" * 64}):
        refused = await visit.browser.post("/login/begin", data=form | wrong | {"email": KIM.email})
        assert refused.status_code == 403
    assert await contents(connection) == before
    assert visit.provider.paths == []


@pytest.mark.parametrize("email", ["kim@other.example", "kim", "", f"kim@{DOMAIN} "])
async def test_an_address_without_a_provider_is_told_so(visit: Visit, email: str) -> None:
    answer = await visit.ask(email)
    if email.endswith(" "):
        assert answer.status_code == 200, "a blank at the end is no other address"
        return
    assert reason(answer) == (403, TEXTS["en"]["refused.no_company_login"])
    assert f'value="{email}"' in answer.text


async def test_the_pages_speak_each_language_and_run_nothing(visit: Visit) -> None:
    for language, texts in TEXTS.items():
        assert texts.keys() == TEXTS["en"].keys(), language
        page = await visit.browser.get(f"/account?ui_locales={language}")
        assert texts["sign_in.company"] in unescape(page.text)
        form = hidden(page.text) | {"email": KIM.email}
        assert form["request"] == f"ui_locales={language}"
        leaving = await visit.browser.post("/login/begin", data=form)
        assert texts["leaving.go"] in unescape(leaving.text)
        state = visit.provider.sign_in(_link(leaving.text), KIM, code=None, error="access_denied")
        failed = await visit.back(state)
        assert texts["login_failed.provider_refused"] in unescape(failed.text)
        for shown in (page, leaving, failed):
            policy = shown.headers["content-security-policy"]
            assert policy.startswith("default-src 'none'")
            assert "script" not in shown.text


def _link(page: str) -> str:
    return unescape(page.split('<a class="button" href="')[1].split('"', maxsplit=1)[0])


ACTS = [
    ("POST", "/v1/users/me/erase", {}, 200),
    ("PUT", "/v1/users/me/password", {"password": "longer and more private"}, 204),
    ("PUT", "/v1/users/me/email", {"email": "kim@elsewhere.example"}, 204),
    ("PUT", "/v1/users/me/second-factor/enrolment", {}, 200),
]


@pytest.mark.parametrize(("method", "path", "body", "status"), ACTS)
async def test_a_fresh_login_stands_in_for_a_password(
    visit: Visit,
    clock: ShiftedClock,
    connection: AsyncConnection,
    method: str,
    path: str,
    body: dict[str, Any],
    status: int,
) -> None:
    async def act(token: str) -> httpx2.Response:
        return await visit.browser.request(method, path, json=body, headers=bearer(token))

    await let_in(visit)
    unsaid = await visit.token()
    assert_refused(await act(unsaid), 401, "fresh_login_needed")

    await visit.sign_in(start="/account?anew=1")
    assert (visit.provider.asked[-1]["prompt"], visit.provider.asked[-1]["max_age"]) == (
        "login",
        "0",
    )
    fresh = await visit.token()
    before = await contents(connection)
    clock.offset += timedelta(minutes=10, seconds=1)
    assert_refused(await act(fresh), 401, "fresh_login_needed")
    assert_refused(await act(unsaid), 401, "fresh_login_needed")
    assert await contents(connection) == before
    clock.offset -= timedelta(minutes=2)
    assert (await act(fresh)).status_code == status


async def test_a_provider_that_lets_in_whom_it_knows_did_not_make_sure_anew(visit: Visit) -> None:
    visit.provider.auth_time = visit.provider.clock() - 300
    refused = await visit.sign_in(start="/account?anew=1")
    assert reason(refused) == (401, TEXTS["en"]["login_failed.wrong_answer"])
    visit.provider.auth_time = None
    visit.provider.changed["auth_time"] = None
    refused = await visit.sign_in(start="/account?anew=1")
    assert reason(refused) == (401, TEXTS["en"]["login_failed.wrong_answer"])


async def test_a_password_account_gains_nothing_by_leaving_the_password_out(
    app: FastAPI, client: httpx2.AsyncClient, connection: AsyncConnection
) -> None:
    account = await Account.open(client, app)
    before = await contents(connection)
    for method, path, body, _ in ACTS:
        refused = await account.call(method, path, body)
        code = "email_unverified" if "second" in path else "fresh_login_needed"
        assert refused.json()["code"] == code
    assert await contents(connection) == before


async def test_an_erased_person_is_nobody_to_their_provider(
    visit: Visit, connection: AsyncConnection
) -> None:
    await visit.sign_in(start="/account?anew=1")
    fresh = await visit.token()
    me = await who_is(visit, fresh)
    export = await visit.browser.get("/v1/users/me/export", headers=bearer(fresh))
    (mine,) = export.json()["sections"]["company_logins"]
    assert (mine["subject"], mine["email"]) == (KIM.subject, KIM.email)
    erased = await visit.browser.post("/v1/users/me/erase", json={}, headers=bearer(fresh))
    assert erased.status_code == 200, erased.text
    kept = [column async for column, value in values(connection) if value == KIM.email]
    assert kept == []
    again = await let_in(Visit(visit.app, visit.provider))
    assert again["user"]["id"] != me["user"]["id"]


async def test_the_account_page_is_for_who_is_signed_in_here(visit: Visit) -> None:
    await let_in(visit)
    page = await visit.browser.get("/account")
    form = hidden(page.text)
    stranger = Visit(visit.app, visit.provider)
    await stranger.browser.get("/account")
    for path in ("/account/token", "/account/sign-out"):
        assert (await stranger.browser.post(path, data=form)).status_code == 403
    forged_ = form | {"organisation_id": "00000000-0000-7000-8000-000000000007"}
    refused = await visit.browser.post("/account/token", data=forged_)
    assert (refused.status_code, refused.headers["location"]) == (303, "/account")

    token = await visit.token()
    left = await visit.browser.post("/account/sign-out", data=form)
    assert (left.status_code, left.headers["location"]) == (303, "/account")
    assert "/oauth/sign-in" in (await visit.browser.get("/account")).text
    assert (await who_is(visit, token))["user"]["email"] == KIM.email


async def test_a_password_opens_the_account_page_as_well(
    app: FastAPI, client: httpx2.AsyncClient, provider: FakeProvider
) -> None:
    account = await Account.open(client, app)
    visit = Visit(app, provider)
    form = hidden((await visit.browser.get("/account")).text)
    sent = form | {"email": account.email, "password": PASSWORD}
    answer = await visit.browser.post("/oauth/sign-in", data=sent)
    assert (answer.status_code, answer.headers["location"]) == (303, "/account")
    assert (await who_is(visit, await visit.token()))["user"]["email"] == account.email


async def test_nothing_is_held_while_the_provider_is_asked(world: World) -> None:
    """One connection is enough for everything, and it is free whenever the provider answers."""
    engine = create_engine(world.settings.sqlalchemy_url(), pool_size=1)
    world.app.state.sessions = create_sessions(engine, world.clock)
    world.app.state.identity_providers = Directory(loopback=True)
    held: list[int] = []
    async with listening(lambda: world.clock.now().timestamp()) as provider:
        provider.at_token = lambda: held.append(engine.pool.checkedout())  # type: ignore[attr-defined]
        await enabled(await operator(world.client, world.sessions), provider)
        visit = Visit(world.app, provider)
        await let_in(visit)
    assert held == [0]
    await engine.dispose()


async def test_who_never_came_back_is_forgotten(
    visit: Visit, sessions: Sessions, clock: ShiftedClock, connection: AsyncConnection
) -> None:
    await visit.leave()
    clock.offset += timedelta(hours=1)
    async with sessions.begin() as session:
        for forget in FORGETTING:
            await forget(session)
    left = await connection.execute(text("SELECT count(*) FROM external_login"))
    assert left.scalar_one() == 0


async def test_secrets_are_in_no_event_and_no_column(
    visit: Visit, connection: AsyncConnection
) -> None:
    await let_in(visit)
    asked = visit.provider.asked[-1]
    needles = (SECRET, asked["state"], asked["nonce"], visit.browser.cookies["marketplace_form"])
    kept = [
        column
        async for column, value in values(connection)
        if any(needle in str(value) for needle in needles)
    ]
    assert kept == []
