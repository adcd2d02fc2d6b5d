"""People who sign in by their company's login, from the first form to the page that comes after."""

import re
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import httpx2
from fastapi import FastAPI

from tests.factories.deals import ok
from tests.factories.oauth import browser_of, hidden
from tests.factories.people import Person
from tests.fakes.identity_provider import CLIENT_ID, SECRET, Employee, FakeProvider

DOMAIN = "hanbit.example"
KIM = Employee("user-17", f"kim@{DOMAIN}")
AWAY = re.compile(r'http-equiv="refresh" content="0;url=([^"]+)"')


def provider_body(provider: FakeProvider, **changed: Any) -> dict[str, Any]:
    usual = {
        "slug": "hanbit",
        "name": "Hanbit Materials",
        "issuer": provider.issuer,
        "client_id": CLIENT_ID,
        "authentication": "client_secret_basic",
        "client_secret": SECRET,
        "domains": [DOMAIN],
        "country": "KR",
    }
    return {name: value for name, value in (usual | changed).items() if value is not None}


async def enabled(operator: Person, provider: FakeProvider, **changed: Any) -> dict[str, Any]:
    """A provider that people may sign in by."""
    made = await ok(
        await operator.post("/v1/identity-providers", provider_body(provider, **changed))
    )
    return await ok(await operator.post(f"/v1/identity-providers/{made['id']}/enable"))


@dataclass
class Visit:
    """One browser, at our pages and at the provider."""

    app: FastAPI
    provider: FakeProvider
    start: str = "/account"
    browser: httpx2.AsyncClient = field(init=False)

    def __post_init__(self) -> None:
        self.browser = browser_of(self.app)

    async def ask(self, email: str, start: str = "") -> httpx2.Response:
        """Open the sign-in page, and choose the company's login."""
        page = await self.browser.get(start or self.start)
        assert page.status_code == 200, page.text
        form = hidden(page.text) | {"email": email}
        return await self.browser.post("/login/begin", data=form)

    async def leave(self, email: str = KIM.email or "", start: str = "") -> str:
        """Where the provider's page is."""
        page = await self.ask(email, start)
        assert page.status_code == 200, page.text
        found = AWAY.search(page.text)
        assert found, page.text
        return unescape(found[1])

    async def back(self, address: str) -> httpx2.Response:
        """Come back to an address that the provider sends to."""
        parts = urlsplit(address)
        return await self.browser.get(f"{parts.path}?{parts.query}")

    async def sign_in(
        self, employee: Employee = KIM, start: str = "", **told: Any
    ) -> httpx2.Response:
        """The whole way; gives our answer at the end of it."""
        url = await self.leave(employee.email or KIM.email or "", start)
        return await self.back(self.provider.sign_in(url, employee, **told))

    async def token(self) -> str:
        """A token of the account page."""
        page = await self.browser.get("/account")
        chosen = re.search(r'name="organisation_id" value="([^"]+)"', page.text)
        assert chosen, page.text
        form = hidden(page.text) | {"organisation_id": chosen[1]}
        shown = await self.browser.post("/account/token", data=form)
        found = re.search(r'value="(mp_[^"]+)"', shown.text)
        assert found, shown.text
        return found[1]


def reason(answer: httpx2.Response) -> tuple[int, str]:
    """The status of a page that tells why nobody is signed in, and what it tells in English."""
    told = re.search(r'role="alert"[^>]*>([^<]+)<', answer.text)
    return answer.status_code, unescape(told[1]) if told else ""
