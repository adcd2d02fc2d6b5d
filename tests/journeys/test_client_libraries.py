"""Libraries that this project did not write discover, log in, call and refresh, over real HTTP."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet
from oauthlib.oauth2 import BackendApplicationClient
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session

from tests.factories.npm import installed
from tests.factories.oauth import (
    COOKIE,
    MACHINE,
    NATIVE,
    WEB,
    hidden,
    keyed,
    own_key,
    registered,
    signed_in_browser,
)
from tests.factories.people import Person, person
from tests.factories.world import World

SCRIPT = Path(__file__).with_name("openid_client.mjs")
CALLBACK = "http://127.0.0.1:9/callback"


@dataclass
class Site:
    """A service that listens, a person with a browser, and clients of their organisation."""

    issuer: str
    member: Person
    browser: httpx2.AsyncClient
    web: dict[str, Any]
    native: dict[str, Any]
    machine: dict[str, Any]
    desk: dict[str, Any]
    key: ECKey

    async def allow(self, url: str) -> str:
        """What the person does: read the page, and press the button. Gives where that leads."""
        page = await self.browser.get(url)
        form = hidden(page.text) | {
            "organisation_id": str(self.member.organisation_id),
            "decision": "allow",
        }
        answer = await self.browser.post(f"{self.issuer}/oauth/consent", data=form)
        assert answer.status_code == 303, answer.text
        return str(answer.headers["location"])


@pytest.fixture
async def site(world_that_listens: World) -> AsyncIterator[Site]:
    world, issuer = world_that_listens, world_that_listens.settings.issuer
    member, key = await person(world.client, world.sessions), own_key()
    inside = await signed_in_browser(world.app, world.sessions, member)
    both = WEB | {"redirect_uris": [CALLBACK]}
    async with httpx2.AsyncClient(trust_env=False) as browser:
        browser.cookies.set(COOKIE, inside.cookies[COOKIE], domain="127.0.0.1")
        yield Site(
            issuer,
            member,
            browser,
            await registered(member, both),
            await registered(member, NATIVE),
            await registered(member, MACHINE),
            await registered(member, keyed(key)),
            key,
        )


async def test_authlib_logs_in_calls_and_refreshes(site: Site) -> None:
    async with AsyncOAuth2Client(
        site.native["id"],
        token_endpoint_auth_method="none",
        redirect_uri=CALLBACK,
        scope="openid profile offline_access read",
        code_challenge_method="S256",
        trust_env=False,
    ) as client:
        found = (
            await client.request(
                "GET", f"{site.issuer}/.well-known/openid-configuration", withhold_token=True
            )
        ).json()
        client.metadata |= found
        verifier = "v" * 64
        url, state = client.create_authorization_url(
            found["authorization_endpoint"], code_verifier=verifier, nonce="n-1"
        )
        callback = await site.allow(url)
        token = await client.fetch_token(
            found["token_endpoint"],
            authorization_response=callback,
            state=state,
            code_verifier=verifier,
        )
        keys = KeySet.import_key_set(
            (await client.request("GET", found["jwks_uri"], withhold_token=True)).json()
        )
        decoded = jwt.decode(
            token["id_token"], keys, found["id_token_signing_alg_values_supported"]
        )
        told = {
            "nonce": "n-1",
            "client_id": site.native["id"],
            "access_token": token["access_token"],
        }
        claims = CodeIDToken(decoded.claims, decoded.header, params=told)
        claims.validate()
        assert claims["sub"] == str(site.member.user_id)
        assert (await client.get(found["userinfo_endpoint"])).json()["name"] == "Somebody"

        client.token["expires_at"] = 1  # the library refreshes what has expired by itself
        me = await client.get(f"{site.issuer}/v1/sessions/current")
        assert me.json()["permissions"] == ["read"]
        assert client.token["access_token"] != token["access_token"]
        assert client.token["refresh_token"] != token["refresh_token"]
        await client.revoke_token(found["revocation_endpoint"], client.token["refresh_token"])
        closed = await client.get(f"{site.issuer}/v1/sessions/current")
        assert closed.status_code == 401


async def test_authlib_proves_a_client_with_its_key(site: Site) -> None:
    endpoint = f"{site.issuer}/oauth/token"
    async with AsyncOAuth2Client(
        site.desk["id"],
        site.key,
        token_endpoint_auth_method=PrivateKeyJWT(
            endpoint, headers={"kid": site.key.kid}, alg="ES256"
        ),
        trust_env=False,
    ) as client:
        await client.fetch_token(endpoint, grant_type="client_credentials")
        me = (await client.get(f"{site.issuer}/v1/sessions/current")).json()
    assert (me["user"], me["permissions"]) == (None, ["listings:write", "read"])


async def test_requests_oauthlib_logs_in_calls_and_refreshes(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")  # it takes no http, not even loopback
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    scope = ["openid", "email", "offline_access", "read"]
    session = OAuth2Session(site.web["id"], redirect_uri=CALLBACK, scope=scope, pkce="S256")

    def get(path: str) -> Any:
        return session.get(f"{site.issuer}{path}", timeout=10)

    found = (await asyncio.to_thread(_discover, site.issuer)).json()
    url, _ = session.authorization_url(found["authorization_endpoint"])
    callback = await site.allow(url)
    first = await asyncio.to_thread(
        session.fetch_token,
        found["token_endpoint"],
        authorization_response=callback,
        client_secret=site.web["client_secret"],
    )
    me = await asyncio.to_thread(get, "/v1/sessions/current")
    assert me.json()["user"]["id"] == str(site.member.user_id)
    told = await asyncio.to_thread(get, "/oauth/userinfo")
    assert told.json()["email"].endswith("@example.com")
    second = await asyncio.to_thread(
        session.refresh_token,
        found["token_endpoint"],
        auth=HTTPBasicAuth(site.web["id"], site.web["client_secret"]),
    )
    assert second["refresh_token"] != first["refresh_token"]
    assert (await asyncio.to_thread(get, "/v1/sessions/current")).status_code == 200
    session.close()


def _discover(issuer: str) -> Any:
    with OAuth2Session() as anonymous:
        return anonymous.request(
            "GET", f"{issuer}/.well-known/openid-configuration", withhold_token=True, timeout=10
        )


async def test_requests_oauthlib_works_alone(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")

    def work() -> Any:
        alone = BackendApplicationClient(site.machine["id"], scope=["read"])
        with OAuth2Session(client=alone) as session:
            session.fetch_token(
                f"{site.issuer}/oauth/token",
                client_id=site.machine["id"],
                client_secret=site.machine["client_secret"],
            )
            return session.get(f"{site.issuer}/v1/sessions/current", timeout=10).json()

    me = await asyncio.to_thread(work)
    assert (me["user"], me["permissions"]) == (None, ["read"])


async def test_openid_client_of_npm_logs_in_calls_and_refreshes(site: Site) -> None:
    library = await installed("openid-client@6.8.9", "build/index.js")
    key = json.dumps(site.key.as_dict(private=True))
    web = (site.web["id"], site.web["client_secret"])
    node = await asyncio.create_subprocess_exec(
        "node",
        str(SCRIPT),
        str(library),
        site.issuer,
        CALLBACK,
        *web,
        site.desk["id"],
        key,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert node.stdin
    assert node.stdout
    url = json.loads(await node.stdout.readline())["url"]
    callback = await site.allow(url)
    node.stdin.write(json.dumps({"callback": callback}).encode() + b"\n")
    told = json.loads(await node.stdout.readline())
    assert await node.wait() == 0

    subject = str(site.member.user_id)
    assert told["subject"] == told["userinfo"]["sub"] == told["me"]["user"]["id"] == subject
    assert told["again"] == told["me"]
    assert told["states"] == [True, False]
    assert (told["it"]["user"], told["it"]["permissions"]) == (None, ["read"])
