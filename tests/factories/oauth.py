"""Clients of partners, browsers of people, and the way of a code from one to the other."""

import base64
import hashlib
import hmac
import json
import re
import secrets
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx2
from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import ECKey
from joserfc.util import urlsafe_b64decode

from marketplace.accounts.authentication import secret_hash
from marketplace.accounts.browser_sessions.models import BrowserSession
from marketplace.accounts.models import LoginSession
from marketplace.accounts.sessions.service import LIFETIME, new_token
from marketplace.kernel.db import Sessions, now
from tests.factories.people import Person

ISSUER = "http://127.0.0.1:8000"
CALLBACK = "https://app.example.com/callback"
COOKIE = "marketplace_session"
MACHINE = {
    "name": "Valuation desk",
    "authentication": "client_secret_basic",
    "grant_types": ["client_credentials"],
    "scopes": ["read", "listings:write"],
}
WEB = {
    "name": "Patent desk",
    "authentication": "client_secret_basic",
    "grant_types": ["authorization_code"],
    "redirect_uris": [CALLBACK],
    "scopes": ["openid", "profile", "email", "offline_access", "read", "offers:write"],
}
NATIVE = WEB | {"authentication": "none", "redirect_uris": ["http://127.0.0.1/callback"]}


def own_key(kid: str = "one") -> ECKey:
    return ECKey.generate_key("P-256", parameters={"kid": kid}, private=True)


def keyed(key: ECKey, base: dict[str, Any] = MACHINE) -> dict[str, Any]:
    """A client that proves itself with a key instead of a secret."""
    return base | {
        "authentication": "private_key_jwt",
        "jwks": {"keys": [key.as_dict(private=False)]},
    }


async def registered(
    person: Person, body: dict[str, Any] = MACHINE, **changed: Any
) -> dict[str, Any]:
    made = await person.post("/v1/clients", body | changed)
    assert made.status_code == 201, made.text
    found: dict[str, Any] = made.json()
    return found


def basic(client: dict[str, Any], secret: str | None = None) -> dict[str, str]:
    pair = f"{client['id']}:{secret or client['client_secret']}"
    return {"authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def claims_of(token: str) -> dict[str, Any]:
    """What a token says, unverified."""

    told: dict[str, Any] = json.loads(urlsafe_b64decode(token.split(".")[1].encode()))
    return told


def assertion(
    key: ECKey, client_id: str, at: float, *, header: dict[str, Any] | None = None, **claims: Any
) -> dict[str, str]:
    """The form fields by which a client proves itself; None leaves a claim out."""
    told = {
        "iss": client_id,
        "sub": client_id,
        "aud": ISSUER,
        "jti": secrets.token_urlsafe(),
        "iat": int(at),
        "exp": int(at) + 60,
    } | claims
    named = {"alg": "ES256"} | ({"kid": key.kid} if key.kid else {}) | (header or {})
    claims = {name: value for name, value in told.items() if value is not None}
    signed = jwt.encode(named, claims, key, algorithms=[named["alg"]])
    return {
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": signed,
    }


def encoded(part: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def unsigned(claims: Any, **header: Any) -> str:
    return f"{encoded({'alg': 'none'} | header)}.{encoded(claims)}."


def confused(claims: Any, public: ECKey, **header: Any) -> str:
    """HS256 with the bytes of a public key, which everybody knows, for a secret."""
    signed = f"{encoded({'alg': 'HS256'} | header)}.{encoded(claims)}"
    digest = hmac.digest(public.as_pem(private=False), signed.encode(), "sha256")
    return f"{signed}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"


def browser_of(app: FastAPI, **options: Any) -> httpx2.AsyncClient:
    """A browser that is not signed in, and keeps its cookies."""
    transport = httpx2.ASGITransport(app, raise_app_exceptions=True)
    return httpx2.AsyncClient(transport=transport, base_url=ISSUER, **options)


async def signed_in_browser(app: FastAPI, sessions: Sessions, person: Person) -> httpx2.AsyncClient:
    """A browser whose person signed in a moment ago, without the cost of a password hash."""
    cookie = f"mpb_{secrets.token_urlsafe()}"
    async with sessions.begin() as session:
        moment = now(session)
        login = LoginSession(
            created_at=moment,
            token_hash=secret_hash(new_token()),
            user_id=person.user_id,
            organisation_id=person.organisation_id,
            expires_at=moment + LIFETIME,
        )
        session.add(login)
        await session.flush()
        session.add(
            BrowserSession(
                created_at=moment, cookie_hash=secret_hash(cookie), login_session_id=login.id
            )
        )
    browser = browser_of(app)
    browser.cookies.set(COOKIE, cookie, domain="127.0.0.1")
    return browser


def hidden(page: str) -> dict[str, str]:
    """The hidden fields of a page's form."""
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page)
    return {name: unescape(value) for name, value in found}


def sent_back(answer: httpx2.Response) -> dict[str, str]:
    """What a redirect to the client tells it."""
    assert answer.status_code == 303, answer.text
    return dict(parse_qsl(urlsplit(answer.headers["location"]).query))


@dataclass
class Flow:
    """One authorization request of a client, in a person's browser."""

    client: dict[str, Any]
    browser: httpx2.AsyncClient
    organisation_id: Any
    scope: str = "openid profile email offline_access read offers:write"
    redirect_uri: str = CALLBACK
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    asked: dict[str, Any] = field(default_factory=dict)

    @property
    def challenge(self) -> str:
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    def request(self, **changed: str | None) -> dict[str, str]:
        """The parameters of the request; None leaves one out."""
        usual = {
            "response_type": "code",
            "client_id": self.client["id"],
            "redirect_uri": self.redirect_uri,
            "scope": self.scope,
            "state": "st/at e+1",
            "nonce": "n-0S6_WzA2Mj",
            "code_challenge": self.challenge,
            "code_challenge_method": "S256",
        }
        asked = usual | self.asked | changed
        return {name: value for name, value in asked.items() if value is not None}

    async def open(self, **changed: str | None) -> httpx2.Response:
        return await self.browser.get(f"/oauth/authorize?{urlencode(self.request(**changed))}")

    async def decide(self, decision: str = "allow", **changed: str | None) -> httpx2.Response:
        """Open the page, and send its form."""
        page = await self.open(**changed)
        assert page.status_code == 200, page.text
        assert 'action="/oauth/consent"' in page.text
        form = hidden(page.text) | {
            "organisation_id": str(self.organisation_id),
            "decision": decision,
        }
        return await self.browser.post("/oauth/consent", data=form)

    async def code(self) -> str:
        told = sent_back(await self.decide())
        assert (told["iss"], told["state"]) == (ISSUER, "st/at e+1")
        return told["code"]

    def redemption(self, code: str, **changed: str | None) -> dict[str, str]:
        usual = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": self.verifier,
        }
        if self.client["authentication"] == "none":
            usual["client_id"] = self.client["id"]
        return {name: value for name, value in (usual | changed).items() if value is not None}

    @property
    def proof(self) -> dict[str, str]:
        """How the client proves itself in a header."""
        return {} if self.client["authentication"] == "none" else basic(self.client)

    async def post(self, path: str, form: Any, **headers: str) -> httpx2.Response:
        """What the client's own server sends: no cookie goes with it."""
        transport = self.browser._transport
        async with httpx2.AsyncClient(transport=transport, base_url=ISSUER) as server:
            return await server.post(path, data=form, headers=self.proof | headers)

    async def tokens(self) -> dict[str, Any]:
        answer = await self.post("/oauth/token", self.redemption(await self.code()))
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def refresh(self, refresh_token: str, **changed: str) -> httpx2.Response:
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token} | changed
        if self.client["authentication"] == "none":
            form["client_id"] = self.client["id"]
        return await self.post("/oauth/token", form)


async def flow_of(
    app: FastAPI,
    sessions: Sessions,
    person: Person,
    body: dict[str, Any] = WEB,
    **about: Any,
) -> Flow:
    """A client of a person's organisation, in that person's own browser."""
    client = await registered(person, body)
    browser = await signed_in_browser(app, sessions, person)
    return Flow(client, browser, person.organisation_id, **about)


async def machine_token(http: httpx2.AsyncClient, client: dict[str, Any], **form: str) -> str:
    sent = {"grant_type": "client_credentials"} | form
    answer = await http.post("/oauth/token", data=sent, headers=basic(client))
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])
