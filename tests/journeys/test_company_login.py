"""People sign in by a real OpenID provider, npm's oidc-provider, over real HTTP."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urljoin

import httpx2
import pytest

from tests.factories.company_logins import AWAY
from tests.factories.deals import ok
from tests.factories.npm import installed
from tests.factories.oauth import Flow, bearer, hidden, registered, sent_back
from tests.factories.people import Person, operator, person
from tests.factories.world import World

SCRIPT = Path(__file__).with_name("oidc_provider.mjs")
CALLBACK = "http://127.0.0.1:9/callback"
WEB = {
    "name": "Patent desk",
    "authentication": "client_secret_basic",
    "grant_types": ["authorization_code"],
    "redirect_uris": [CALLBACK],
    "scopes": ["openid", "email", "offline_access", "read"],
}
_ACTION = re.compile(r'<form[^>]* action="([^"]+)"')


@dataclass
class Company:
    """A company with an identity provider of its own, and the marketplace's operator."""

    world: World
    here: str
    issuer: str
    chief: Person
    owner: Person

    async def set_up(self, **changed: Any) -> dict[str, Any]:
        body = {
            "slug": "hanbit",
            "name": "Hanbit Materials",
            "issuer": self.issuer,
            "client_id": "by secret",
            "authentication": "client_secret_basic",
            "client_secret": "a secret: with %signs & such",
            "domains": ["hanbit.example"],
            "country": "KR",
            "organisation_id": str(self.owner.organisation_id),
            "role": "member",
        } | changed
        given = {name: value for name, value in body.items() if value is not None}
        made = await ok(await self.chief.post("/v1/identity-providers", given))
        own = f"/v1/identity-providers/{made['id']}"
        assert (await ok(await self.chief.get(f"{own}/check")))["problem"] is None
        return await ok(await self.chief.post(f"{own}/enable"))

    async def sign_in(
        self, browser: httpx2.AsyncClient, name: str, start: str = "/account"
    ) -> httpx2.Response:
        """From our page through theirs back to ours; gives our answer."""
        page = await browser.get(f"{self.here}{start}")
        form = hidden(page.text) | {"email": f"{name}@hanbit.example"}
        leaving = await browser.post(f"{self.here}/login/begin", data=form)
        away = AWAY.search(leaving.text)
        assert away, leaving.text
        return await self._at_provider(browser, unescape(away[1]), name)

    async def _at_provider(
        self, browser: httpx2.AsyncClient, url: str, name: str
    ) -> httpx2.Response:
        """Follow the provider's pages, filling in its forms, until it sends back here."""
        answer = await browser.get(url)
        for _ in range(20):
            if "location" in answer.headers:
                url = urljoin(str(answer.url), answer.headers["location"])
                answer = await browser.get(url)
                if url.startswith(self.here):
                    return answer
                continue
            action = _ACTION.search(answer.text)
            assert action, answer.text
            form = hidden(answer.text)
            prompt = re.search(r'name="prompt" value="(\w+)"', answer.text)
            assert prompt, answer.text
            form |= {"prompt": prompt[1]}
            if prompt[1] == "login":
                form |= {"login": name, "password": "any"}
            answer = await browser.post(urljoin(str(answer.url), action[1]), data=form)
        raise AssertionError("the provider never sends back")


@pytest.fixture
async def company(world_that_listens: World) -> AsyncIterator[Company]:
    world = world_that_listens
    here = world.settings.issuer
    library = await installed("oidc-provider@9.13.3", "lib/index.js")
    node = await asyncio.create_subprocess_exec(
        "node",
        str(SCRIPT),
        str(library),
        f"{here}/login/callback/hanbit",
        f"{here}/oauth/jwks",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert node.stdout
    issuer = json.loads(await node.stdout.readline())["issuer"]
    chief = await operator(world.client, world.sessions)
    owner = await person(world.client, world.sessions, name="Hanbit Materials")
    yield Company(world, here, issuer, chief, owner)
    node.terminate()
    await node.wait()


@pytest.fixture
async def browser() -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(trust_env=False, timeout=30) as browser:
        yield browser


async def token_of(company: Company, browser: httpx2.AsyncClient) -> str:
    page = await browser.get(f"{company.here}/account")
    chosen = re.findall(r'name="organisation_id" value="([^"]+)"', page.text)
    form = hidden(page.text) | {"organisation_id": chosen[0]}
    shown = await browser.post(f"{company.here}/account/token", data=form)
    found = re.search(r'value="(mp_[^"]+)"', shown.text)
    assert found, shown.text
    return found[1]


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"client_id": "by key", "authentication": "private_key_jwt", "client_secret": None},
    ],
    ids=["by secret", "by key"],
)
async def test_a_person_signs_in_by_their_company(
    company: Company, browser: httpx2.AsyncClient, changed: dict[str, Any]
) -> None:
    await company.set_up(**changed)
    answer = await company.sign_in(browser, "kim")
    assert (answer.status_code, answer.headers.get("location")) == (303, "/account"), answer.text
    mine = bearer(await token_of(company, browser))
    me = await ok(await browser.get(f"{company.here}/v1/sessions/current", headers=mine))
    assert (me["user"]["email"], me["user"]["display_name"]) == ("kim@hanbit.example", "User kim")

    needed = await browser.post(f"{company.here}/v1/users/me/erase", json={}, headers=mine)
    assert needed.json()["code"] == "fresh_login_needed"
    anew = await company.sign_in(browser, "kim", "/account?anew=1")
    assert anew.status_code == 303, anew.text
    fresh = bearer(await token_of(company, browser))
    erased = await browser.post(f"{company.here}/v1/users/me/erase", json={}, headers=fresh)
    assert erased.status_code == 200, erased.text


async def test_an_application_gets_its_tokens_after_the_companys_login(
    company: Company, browser: httpx2.AsyncClient
) -> None:
    await company.set_up()
    client = await registered(company.owner, WEB)
    flow = Flow(
        client,
        browser,
        company.owner.organisation_id,
        redirect_uri=CALLBACK,
        scope="openid email offline_access read",
    )
    start = f"/oauth/authorize?{urlencode(flow.request())}"
    answer = await company.sign_in(browser, "lee", start)
    consent = await browser.get(urljoin(company.here, answer.headers["location"]))
    chosen = {"organisation_id": str(company.owner.organisation_id), "decision": "allow"}
    allowed = await browser.post(
        f"{company.here}/oauth/consent", data=hidden(consent.text) | chosen
    )
    told = sent_back(allowed)
    assert told["iss"] == company.here
    redeemed = await browser.post(
        f"{company.here}/oauth/token", data=flow.redemption(told["code"]), headers=flow.proof
    )
    tokens = redeemed.json()
    current = f"{company.here}/v1/sessions/current"
    me = await ok(await browser.get(current, headers=bearer(tokens["access_token"])))
    assert (me["user"]["email"], me["role"]) == ("lee@hanbit.example", "member")


async def test_an_address_that_is_not_verified_there_opens_nothing(
    company: Company, browser: httpx2.AsyncClient
) -> None:
    await company.set_up()
    refused = await company.sign_in(browser, "unverified-kim")
    assert refused.status_code == 403
    assert "does not vouch" in refused.text
    members = f"/v1/organisations/{company.owner.organisation_id}/members"
    assert len((await ok(await company.owner.get(members)))["items"]) == 1
