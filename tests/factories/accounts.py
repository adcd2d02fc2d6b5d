"""A person with a password and a mailbox, as they sign up, in and out."""

import re
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pyotp
from fastapi import FastAPI

from marketplace.accounts.letters import Letters
from marketplace.kernel.db import Sessions
from marketplace.kernel.mail.service import Message
from tests.factories.deals import ok
from tests.factories.mail import mail_to

PASSWORD = "long and private"
NEW_PASSWORD = "longer and more private"
LINK = re.compile(r"^https?://\S+/(verify-email|reset-password)\?\S+$", re.MULTILINE)


def client_from(app: FastAPI, address: str) -> httpx2.AsyncClient:
    """A client at another address of the network."""
    transport = httpx2.ASGITransport(app, client=(address, 50_000))
    return httpx2.AsyncClient(transport=transport, base_url="http://test")


def letters(app: FastAPI) -> Letters:
    """What writes for the service, as its worker would."""
    return Letters(app.state.keyring, app.state.settings.issuer)


@dataclass
class Account:
    """Somebody who signed up, and what they know."""

    app: FastAPI
    client: httpx2.AsyncClient
    sessions: Sessions
    email: str
    password: str = PASSWORD
    token: str = ""

    @classmethod
    async def open(
        cls, client: httpx2.AsyncClient, app: FastAPI, email: str = "han@example.com"
    ) -> "Account":
        """Sign up and in."""
        body = {"email": email, "password": PASSWORD, "display_name": "한지민", "country": "KR"}
        await ok(await client.post("/v1/users", json=body))
        account = cls(app, client, app.state.sessions, email)
        await account.sign_in()
        return account

    def at(self, client: httpx2.AsyncClient) -> "Account":
        """The same person elsewhere."""
        return replace(self, client=client)

    @property
    def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}"}

    async def try_to_sign_in(self, **changed: Any) -> httpx2.Response:
        body = {"email": self.email, "password": self.password} | changed
        return await self.client.post("/v1/sessions", json=body)

    async def sign_in(self, **changed: Any) -> str:
        self.token = (await ok(await self.try_to_sign_in(**changed)))["token"]
        return self.token

    async def call(self, method: str, path: str, body: Any = None) -> httpx2.Response:
        return await self.client.request(method, path, json=body, headers=self.headers)

    async def is_let_in(self, token: str = "") -> bool:
        headers = {"authorization": f"Bearer {token or self.token}"}
        return (await self.client.get("/v1/sessions/current", headers=headers)).is_success

    async def mailbox(self, address: str = "") -> list[Message]:
        return await mail_to(self.sessions, self.app.state.keyring, address or self.email)

    async def mailed_token(self, page: str, address: str = "") -> str:
        """The secret of the newest link in the mailbox that leads to a page."""
        links = [
            found[0]
            for message in await self.mailbox(address)
            for found in [LINK.search(message.text)]
            if found and found[1] == page
        ]
        return parse_qs(urlsplit(links[-1]).query)["token"][0]

    async def verify(self) -> None:
        token = await self.mailed_token("verify-email")
        answer = await self.client.post("/v1/email-verifications/confirm", json={"token": token})
        assert answer.status_code == 204, answer.text

    async def add_second_factor(self, code_of: Any) -> tuple[pyotp.TOTP, list[str]]:
        """Set one up; `code_of` gives the code of the present step."""
        path = "/v1/users/me/second-factor"
        begun = await ok(await self.call("PUT", f"{path}/enrolment", {"password": self.password}))
        totp = pyotp.TOTP(begun["secret"])
        codes = await ok(await self.call("PUT", path, {"code": code_of(totp)}))
        return totp, codes["recovery_codes"]


def assert_refused(answer: httpx2.Response, status: int, code: str) -> None:
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
