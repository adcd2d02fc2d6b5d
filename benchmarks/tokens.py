"""What the check of a credential costs: a route that does nothing, behind it and bare."""

import base64
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from typing import Any, Final

import asyncpg
import httpx2

from benchmarks.load import Requests
from benchmarks.place import Place
from benchmarks.report import Bar, Run, interleave, judge, rates
from benchmarks.scale import Scale
from benchmarks.servers import guarded

CONNECTIONS: Final = 32
FRESH: Final = 50
PERSON: Final = {"email": "someone@example.com", "password": "long and private"}
KEPT: Final = Bar(0.5, 0.7)
NONE: Final = Bar(0, at_most=True)


def measure_tokens(place: Place, scale: Scale) -> None:
    """Requests with a session token and with an access token, over the same without any."""
    settings = place.database("tokens", _nothing)
    paths = {name: settings.data_dir / f"{name}.paths" for name in ("bare", "guarded")}
    for name, file in paths.items():
        file.write_text(f"/benchmark/{name}")
    with ExitStack() as running:
        url = running.enter_context(guarded(settings))
        http = running.enter_context(httpx2.Client(base_url=url, trust_env=False, timeout=30))
        session, fresh = _credentials(http)
        behind = Requests(url, paths["guarded"])
        contenders = {
            "bare": Requests(url, paths["bare"]),
            "session token": replace(behind, token=session),
            "access token": replace(behind, token=fresh[0]),
        }
        runs: dict[str, Run] = {
            name: partial(requests.run, CONNECTIONS, scale.seconds)
            for name, requests in contenders.items()
        }
        found = interleave(runs, scale.rounds)
        known = _statements(http, [session, fresh[0]] * FRESH)
        new = _statements(http, fresh[1:])
    for name in ("session token", "access token"):
        judge(f"{name}, x bare", rates(found, name, "bare"), KEPT)
    judge("statements to check a token seen before", [known], NONE)
    judge("statements to check an access token never seen", [new], NONE)


def _credentials(http: httpx2.Client) -> tuple[str, list[str]]:
    """A person's session token, and access tokens of a client of theirs."""
    profile = {"display_name": "Someone", "country": "KR"}
    http.post("/v1/users", json=PERSON | profile)
    session = str(_ok(http.post("/v1/sessions", json=PERSON))["token"])
    body = {
        "name": "Desk",
        "authentication": "client_secret_basic",
        "grant_types": ["client_credentials"],
        "scopes": ["read"],
    }
    made = _ok(http.post("/v1/clients", json=body, headers=_bearer(session)))
    pair = f"{made['id']}:{made['client_secret']}".encode()
    proof = {"authorization": f"Basic {base64.b64encode(pair).decode()}"}
    form = {"grant_type": "client_credentials"}
    answers = (http.post("/oauth/token", data=form, headers=proof) for _ in range(FRESH + 1))
    return session, [str(_ok(answer)["access_token"]) for answer in answers]


def _statements(http: httpx2.Client, tokens: Sequence[str]) -> float:
    """How many statements each request sent to the database, on average."""
    before = _ok(http.get("/benchmark/statements"))["sent"]
    for token in tokens:
        _ok(http.get("/benchmark/guarded", headers=_bearer(token)))
    return float(_ok(http.get("/benchmark/statements"))["sent"] - before) / len(tokens)


def _bearer(token: str) -> Mapping[str, str]:
    return {"authorization": f"Bearer {token}"}


def _ok(answer: httpx2.Response) -> dict[str, Any]:
    if not answer.is_success:
        raise SystemExit(f"{answer.request.url}: {answer.text}")
    found: dict[str, Any] = answer.json()
    return found


async def _nothing(_: asyncpg.Connection) -> None:
    """No data: what is measured is the check alone."""
