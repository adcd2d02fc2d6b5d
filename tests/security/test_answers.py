"""What every answer carries, and what neither an answer nor the log ever tells."""

import re
from collections import Counter
from typing import Any

import pytest
import structlog
from argon2 import PasswordHasher
from sqlalchemy.ext.asyncio import AsyncConnection

from marketplace.accounts import passwords
from marketplace.kernel.http import BODY_BYTES_MAX
from tests.factories.deals import ok
from tests.factories.routes import ACCOUNT, BODIES, NOBODY
from tests.factories.tables import contents, values
from tests.security.canary import leaks, spellings
from tests.security.conftest import Scene

HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "cache-control": "no-store",
}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/healthz", 200),
        ("GET", "/docs", 200),
        ("GET", "/openapi.json", 200),
        ("GET", "/metrics", 200),
        ("GET", "/v1/listings", 200),
        ("GET", "/v1/deals", 401),
        ("GET", "/nowhere", 404),
        ("DELETE", "/v1/users", 405),
        ("POST", "/v1/users", 422),
        ("GET", "/v1/listings?limit=0", 422),
    ],
)
async def test_every_answer_carries_the_same_headers(
    scene: Scene, method: str, path: str, status: int
) -> None:
    answer = await scene.world.client.request(method, path)
    assert answer.status_code == status
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
    assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["x-request-id"])
    assert not {"server", "x-powered-by", "set-cookie"} & set(answer.headers)
    if status >= 400:
        assert answer.json()["request_id"] == answer.headers["x-request-id"]


async def test_a_body_over_the_limit_is_refused_like_everything_else(scene: Scene) -> None:
    answer = await scene.world.client.post("/v1/users", content=b"x" * (BODY_BYTES_MAX + 1))
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert answer.headers["content-type"] == "application/problem+json"
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


@pytest.mark.parametrize(
    ("given", "kept"),
    [("order-17.retry_2", True), ("short", False), ("x" * 65, False), ("a b c d e f", False)],
)
async def test_a_request_id_is_kept_when_it_is_harmless(
    scene: Scene, given: str, *, kept: bool
) -> None:
    answer = await scene.world.client.get("/nowhere", headers={"x-request-id": given})
    assert (answer.headers["x-request-id"] == given) is kept
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


@pytest.fixture
def verifications(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Counts how often argon2 verifies, by the cost that the hash names."""
    counted: Counter[str] = Counter()

    class Counting(PasswordHasher):
        def verify(self, hash: Any, password: Any) -> Any:  # noqa: A002 - as argon2 names it
            counted[str(hash).rpartition("$")[0].rpartition("$")[0]] += 1
            return super().verify(hash, password)

    monkeypatch.setattr(passwords, "_HASHER", Counting())
    return counted


async def test_an_unknown_email_costs_and_says_what_a_wrong_password_does(
    scene: Scene, nothing_stays: AsyncConnection, verifications: Counter[str]
) -> None:
    await ok(await scene.world.client.post("/v1/users", json=BODIES["sign_up"]))
    before, answers, costs = await contents(nothing_stays), [], []
    for email in (BODIES["sign_up"]["email"], "unknown@example.com"):
        body = {"email": email, "password": "not the password"}
        answer = await scene.world.client.post(
            "/v1/sessions", json=body, headers={"x-request-id": "the-same-one"}
        )
        answers.append((answer.status_code, answer.json(), dict(answer.headers)))
        costs.append(dict(verifications))
        verifications.clear()

    assert answers[0] == answers[1]
    assert (answers[0][0], answers[0][1]["code"]) == (401, "wrong_credentials")
    assert costs[0] == costs[1]
    assert list(costs[0].values()) == [1]
    assert await contents(nothing_stays) == before


async def test_an_account_does_not_tell_which_organisations_exist(
    scene: Scene, nothing_stays: AsyncConnection
) -> None:
    await ok(await scene.world.client.post("/v1/users", json=BODIES["sign_up"]))
    own = {name: BODIES["sign_up"][name] for name in ("email", "password")}
    told = []
    for organisation_id in (scene.ids["organisation_id"], NOBODY):
        answer = await scene.world.client.post(
            "/v1/sessions", json=own | {"organisation_id": organisation_id}
        )
        told.append((answer.status_code, answer.json()["code"], answer.json()["detail"]))
    assert told[0] == told[1]
    assert told[0][:2] == (403, "not_a_member")


async def test_secrets_are_in_no_log_and_in_no_column(
    scene: Scene,
    nothing_stays: AsyncConnection,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    client, password, number = scene.world.client, "correct horse 7421", "987-654-3210987"
    with structlog.testing.capture_logs() as told:
        await ok(await client.post("/v1/users", json=BODIES["sign_up"] | {"password": password}))
        own = {"email": BODIES["sign_up"]["email"], "password": password}
        token = (await ok(await client.post("/v1/sessions", json=own)))["token"]
        mine = {"authorization": f"Bearer {token}"}
        for body in (ACCOUNT | {"account_number": number}, {"account_number": [number]}):
            await client.put("/v1/payee-account", json=body, headers=mine)
        for wrong in (own | {"password": [password]}, own | {"password": password + "\x00"}):
            refused = await client.post("/v1/sessions", json=wrong)
            assert refused.status_code == 422
            assert password not in refused.text
        account = await ok(await client.get("/v1/payee-account", headers=mine))
        await client.delete("/v1/sessions/current", headers=mine)
    assert account == {"masked": "****0987"}

    needles = {
        n
        for secret in (password, token, number, number.replace("-", ""))
        for n in spellings(secret)
    }
    printed = "".join(capfd.readouterr())
    assert not leaks(f"{told}{caplog.text}{printed}".encode(), needles)
    kept = [
        column
        async for column, value in values(nothing_stays)
        if leaks(value if isinstance(value, bytes) else str(value).encode(), needles)
    ]
    assert kept == []
