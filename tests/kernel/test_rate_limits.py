"""Rate limits: exact quotas, nobody pays for another, made-up credentials buy nothing."""

import itertools
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from marketplace.app import create_app
from marketplace.kernel import rate_limits
from marketplace.kernel.rate_limits import WINDOW_SECONDS, Buckets, network_of
from marketplace.settings import Settings
from tests.factories.people import Person, person
from tests.factories.world import World

POLICY = re.compile(r'"(?P<name>[a-z-]+)";q=(?P<q>\d+);w=60')
STATE = re.compile(r'"(?P<name>[a-z-]+)";r=(?P<r>\d+);t=(?P<t>\d+)')
BEHIND_A_PROXY = {"trusted_proxies": "10.0.0.0/8, fd00::/8"}


class Time:
    """What the limits take for the clock."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def moment(monkeypatch: pytest.MonkeyPatch) -> Time:
    found = Time()
    monkeypatch.setattr(rate_limits, "time", found)
    return found


@asynccontextmanager
async def limited(
    world: World, address: str = "203.0.113.7", **settings: Any
) -> AsyncIterator[httpx2.AsyncClient]:
    """The world's service with limits of 20 (credential), 10 (address) and 3 (sign-in)."""
    quotas = {
        "requests_per_minute": 20,
        "anonymous_requests_per_minute": 10,
        "sign_ins_per_minute": 3,
    }
    app = create_app(world.settings.model_copy(update=quotas | settings), connect=False)
    app.state._state.update(world.app.state._state)
    transport = httpx2.ASGITransport(app, client=(address, 4711))
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


def state_of(answer: httpx2.Response) -> tuple[str, int, int]:
    """Which policy an answer names, how many requests are left, and for how many seconds."""
    policy = POLICY.fullmatch(answer.headers["ratelimit-policy"])
    state = STATE.fullmatch(answer.headers["ratelimit"])
    assert policy
    assert state
    assert policy["name"] == state["name"]
    return state["name"], int(state["r"]), int(state["t"])


def refusal(answer: httpx2.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_an_address_may_send_its_quota_and_then_waits(world: World, moment: Time) -> None:
    async with limited(world) as client:
        told = [state_of(await client.get("/v1/listings")) for _ in range(10)]
        assert told == [("address", 9 - sent, 6 * (sent + 1)) for sent in range(9)] + [
            ("address", 0, 6)
        ]
        for _ in range(2):
            late = await client.get("/v1/listings")
            assert refusal(late) == (429, "too_many_requests")
            assert late.headers["retry-after"] == "6"
            assert state_of(late) == ("address", 0, 6)
            assert late.headers["content-type"] == "application/problem+json"
            assert late.headers["x-frame-options"] == "DENY"
            assert late.headers["x-request-id"] == late.json()["request_id"]
        moment.now += 6
        assert (await client.get("/v1/listings")).status_code == 200
        assert (await client.get("/nowhere")).status_code == 429
        moment.now += 60
        assert state_of(await client.get("/nowhere")) == ("address", 9, 6)


async def test_health_is_told_without_limit(world: World) -> None:
    async with limited(world) as client:
        for path in ("/healthz", "/readyz", "/metrics"):
            answers = [await client.get(path) for _ in range(12)]
            assert {answer.status_code for answer in answers} == {200}
            assert "ratelimit" not in answers[0].headers
        assert state_of(await client.get("/v1/listings")) == ("address", 9, 6)


async def test_a_good_credential_has_a_quota_of_its_own(world: World, moment: Time) -> None:
    async with limited(world) as client:
        one = await person(client, world.sessions)
        other = await person(client, world.sessions)
        told = [state_of(await one.get("/v1/deals")) for _ in range(20)]
        assert [left for _, left, _ in told] == list(reversed(range(20)))
        assert {name for name, _, _ in told} == {"credential"}
        assert refusal(await one.get("/v1/deals")) == (429, "too_many_requests")
        assert refusal(await one.get("/v1/listings")) == (429, "too_many_requests")
        assert state_of(await other.get("/v1/deals")) == ("credential", 19, 3)
        # None of that was charged to the address that both came from.
        assert state_of(await client.get("/v1/listings")) == ("address", 9, 6)
        assert state_of(await other.get("/v1/listings")) == ("credential", 18, 6)


@pytest.mark.parametrize("path", ["/v1/deals", "/v1/listings"])
async def test_made_up_credentials_buy_nothing(world: World, moment: Time, path: str) -> None:
    async with limited(world) as client:
        for number in range(10):
            stranger = Person(client, None, None, f"mp_{number}")  # type: ignore[arg-type]
            assert state_of(await stranger.get(path))[:2] == ("address", 9 - number)
        assert refusal(await stranger.get(path)) == (429, "too_many_requests")
        honest = await person(client, world.sessions)
        assert refusal(await honest.get("/v1/deals")) == (429, "too_many_requests")


async def test_secrets_are_tried_slowly_from_one_address(world: World, moment: Time) -> None:
    body = {"email": "nobody@example.com", "password": "long and private"}
    async with limited(world) as client, limited(world, "203.0.113.8") as elsewhere:
        for left in (2, 1, 0):
            answer = await client.post("/v1/sessions", json=body)
            assert refusal(answer) == (401, "wrong_credentials")
            assert state_of(answer)[:2] == ("sign-in", left)
        assert refusal(await client.post("/v1/sessions", json=body)) == (429, "too_many_requests")
        assert refusal(await client.post("/v1/users", json={})) == (429, "too_many_requests")
        assert state_of(await client.get("/v1/listings")) == ("address", 9, 6)
        assert refusal(await elsewhere.post("/v1/sessions", json=body))[0] == 401


async def test_signing_in_rightly_is_no_attempt(world: World, moment: Time) -> None:
    known = {"email": "known@example.com", "password": "long and private"}
    about = {"display_name": "Known", "country": "KR"}
    async with limited(world) as client, limited(world, "203.0.113.8") as elsewhere:
        assert (await elsewhere.post("/v1/users", json=known | about)).status_code == 201
        for _ in range(4):
            answer = await client.post("/v1/sessions", json=known)
            assert (answer.status_code, state_of(answer)[:2]) == (201, ("sign-in", 2))


@pytest.mark.parametrize(
    ("peer", "told", "charged"),
    [
        ("203.0.113.7", ["198.51.100.1"], "203.0.113.7"),
        ("10.1.2.3", ["198.51.100.1"], "198.51.100.1"),
        ("10.1.2.3", ["192.0.2.9, 198.51.100.1, 10.9.9.9"], "198.51.100.1"),
        ("10.1.2.3", ["192.0.2.9", "198.51.100.1"], "198.51.100.1"),
        ("10.1.2.3", [], "10.1.2.3"),
        ("fd00::1", ["2001:db8:0:1::7"], "2001:db8:0:1::8"),
        ("::ffff:198.51.100.1", [], "198.51.100.1"),
    ],
)
async def test_only_a_trusted_proxy_says_who_calls(
    world: World, moment: Time, peer: str, told: list[str], charged: str
) -> None:
    """Whoever is charged finds their quota used; the client under test and they share an app."""
    async with limited(world, peer, **BEHIND_A_PROXY) as client:
        headers = [("x-forwarded-for", value) for value in told]
        assert state_of(await client.get("/nowhere", headers=headers))[1] == 9
        transport = httpx2.ASGITransport(client._transport.app, client=(charged, 1))  # type: ignore[attr-defined]
        async with httpx2.AsyncClient(transport=transport, base_url="http://test") as direct:
            assert state_of(await direct.get("/nowhere"))[1] == 8


async def test_without_trusted_proxies_nobody_is_believed(world: World, moment: Time) -> None:
    async with limited(world, "10.1.2.3") as client:
        for number in range(10):
            await client.get("/nowhere", headers={"x-forwarded-for": f"198.51.100.{number}"})
        assert (await client.get("/nowhere")).status_code == 429


async def test_limits_can_be_switched_off(world: World) -> None:
    async with limited(world, rate_limits=False) as client:
        answers = [await client.get("/nowhere") for _ in range(30)]
        assert {answer.status_code for answer in answers} == {404}
        assert "ratelimit-policy" not in answers[0].headers


@pytest.mark.parametrize("networks", ["10.0.0.1/8", "proxy", "10.0.0.0/8;fd00::/8", "*"])
def test_a_network_that_is_none_is_refused(networks: str) -> None:
    with pytest.raises(ValidationError, match="write networks"):
        Settings(_env_file=None, trusted_proxies=networks)


@given(
    quota=st.integers(1, 1_000),
    pauses=st.lists(st.floats(0, 90), max_size=200),
    start=st.floats(0, 1e9),
)
def test_no_window_lets_more_through_than_twice_the_quota(
    quota: int, pauses: list[float], start: float
) -> None:
    """A full bucket at once, and what drips in during the window; never less than the quota."""
    buckets, at, passed = Buckets("p", quota), start, []
    for pause in pauses:
        at += pause
        charge = buckets.take("caller", at)
        assert 0 <= charge.left < quota
        assert 1 <= charge.seconds <= WINDOW_SECONDS
        if not charge.is_refused:
            passed.append(at)
        else:
            assert charge.left == 0
            assert sum(then > at - WINDOW_SECONDS for then in passed) >= quota
            assert not buckets.take("caller", at + charge.seconds).is_refused
            at += charge.seconds
            passed.append(at)
    for first, _ in itertools.groupby(passed):
        within = sum(first <= then < first + WINDOW_SECONDS for then in passed)
        assert within <= 2 * quota


def _flood(count: int) -> Iterator[str]:
    return (f"caller {number}" for number in range(count))


def test_memory_is_bounded_and_keeps_whoever_calls_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limits, "CALLERS_MAX", 1_000)
    buckets = Buckets("p", 100)
    for number, caller in enumerate(_flood(20_000)):
        buckets.take(caller, 5.0)
        if number % 500 == 0:
            left = buckets.take("regular", 5.0).left
    assert len(buckets._young) + len(buckets._old) <= 2_000
    assert left == 100 - 40
    assert "caller 0" not in buckets


def test_one_customers_ipv6_network_is_one_caller() -> None:
    assert (
        network_of("2001:db8:0:1::7")
        == network_of("2001:db8:0:1:ffff::")
        == "20010db800000001::/64"
    )
    assert network_of("2001:db8:0:2::7") != network_of("2001:db8:0:1::7")
    assert network_of("::ffff:192.0.2.1") == network_of("192.0.2.1") == "192.0.2.1"
    assert network_of("a unix socket") == "a unix socket"
