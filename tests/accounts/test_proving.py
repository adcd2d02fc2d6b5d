"""What a proof of identity costs: the same for anyone, and no connection while it is hashed."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from marketplace.accounts.attempts.rules import PAIR_FREE
from marketplace.accounts.passwords import hashing
from marketplace.kernel.db import create_engine, create_sessions
from tests.factories.accounts import NEW_PASSWORD, PASSWORD, Account, assert_refused
from tests.factories.oauth import WEB, Flow, browser_of, hidden, registered
from tests.factories.people import person
from tests.factories.routes import NOBODY
from tests.factories.world import World

SAVEPOINT = re.compile(r"sa_savepoint_\d+")
WRONG = "this is not it at all"


class Watched(PasswordHasher):
    """Notes each hash that is made or compared, and how many connections are held meanwhile."""

    def __init__(self, engine: AsyncEngine | None = None) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.engine = engine
        self.held: list[int] = []
        self.done: Counter[str] = Counter()

    def hash(self, *args: Any, **options: Any) -> str:
        self._note("hash")
        return super().hash(*args, **options)

    def verify(self, *args: Any) -> Any:
        self._note("verify")
        return super().verify(*args)

    def _note(self, what: str) -> None:
        self.done[what] += 1
        if self.engine:
            self.held.append(self.engine.pool.checkedout())  # type: ignore[attr-defined]


def watch(monkeypatch: pytest.MonkeyPatch, engine: AsyncEngine | None = None) -> Watched:
    watched = Watched(engine)
    monkeypatch.setattr(hashing, "_HASHER", watched)
    return watched


@contextmanager
def statements(connection: AsyncConnection) -> Iterator[list[str]]:
    """Every statement that is sent on a connection, but for the names of savepoints."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        sent.append(SAVEPOINT.sub("savepoint", statement))

    raw = connection.sync_connection
    event.listen(raw, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(raw, "before_cursor_execute", note)


async def test_known_and_unknown_cost_the_same_statements_and_hashes(
    client: httpx2.AsyncClient,
    app: FastAPI,
    connection: AsyncConnection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plain = await Account.open(client, app, "plain@example.com")
    strong = await Account.open(client, app, "strong@example.com")
    await strong.verify()
    await strong.add_second_factor(lambda totp: totp.now())
    without_password = await person(client, app.state.sessions)
    nobody = Account(app, client, app.state.sessions, "nobody@example.com")
    hashless = Account(app, client, app.state.sessions, await email_of(without_password, nobody))
    costs = []
    for account in (nobody, plain, strong, hashless):
        for _ in range(PAIR_FREE + 1):  # the last of which waits
            watched = watch(monkeypatch)
            with statements(connection) as sent:
                answer = await account.try_to_sign_in(password=WRONG, code="287082")
            told = {k: v for k, v in answer.json().items() if k != "request_id"}
            costs.append((answer.status_code, told, watched.done, sent))

    turns = len(costs) // 4
    assert costs[:turns] == costs[turns : 2 * turns] == costs[2 * turns : 3 * turns]
    assert costs[:turns] == costs[3 * turns :]
    assert [cost[0] for cost in costs[:turns]] == [401] * PAIR_FREE + [429]
    assert [cost[2]["verify"] for cost in costs[:turns]] == [1] * PAIR_FREE + [0]


async def email_of(who: Any, account: Account) -> str:
    me = await who.get("/v1/sessions/current")
    return str(me.json()["user"]["email"])


@pytest.fixture
async def narrow(world: World) -> AsyncIterator[AsyncEngine]:
    """A pool with a single connection: whoever held it would keep everybody else out."""
    engine = create_engine(world.settings.sqlalchemy_url(), pool_size=1)
    world.app.state.sessions = create_sessions(engine, world.clock)
    yield engine
    await engine.dispose()


async def test_no_connection_is_held_while_a_password_is_hashed(
    world: World, narrow: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = watch(monkeypatch, narrow)
    account = await Account.open(world.client, world.app)
    assert_refused(await account.try_to_sign_in(password=WRONG), 401, "wrong_credentials")
    await account.verify()
    for path, body in (
        ("password", {"current_password": PASSWORD, "password": NEW_PASSWORD}),
        ("email", {"email": "new@example.com", "password": NEW_PASSWORD}),
        ("second-factor/enrolment", {"password": NEW_PASSWORD}),
    ):
        answer = await account.call("PUT", f"/v1/users/me/{path}", body)
        assert answer.is_success, answer.text
    await world.client.post("/v1/password-resets", json={"email": account.email})
    await world.work()
    reset = {"token": await account.mailed_token("reset-password"), "password": WRONG}
    answer = await world.client.post("/v1/password-resets/confirm", json=reset)
    assert answer.is_success, answer.text

    assert watched.done == {"hash": 3, "verify": 5}
    assert watched.held == [0] * 8


async def test_a_burst_is_served_by_one_connection(world: World, narrow: AsyncEngine) -> None:
    account = await Account.open(world.client, world.app)
    wrong = Account(world.app, world.client, account.sessions, "nobody@example.com")
    burst = [who.try_to_sign_in() for who in [account] * 30 + [wrong] * 4]
    answers = await asyncio.gather(*burst)
    assert Counter(answer.status_code for answer in answers) == {201: 30, 401: 4}


async def test_the_sign_in_page_holds_none_either(
    world: World, narrow: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = watch(monkeypatch, narrow)
    account = await Account.open(world.client, world.app)
    desk = await registered(await person(world.client, world.sessions), WEB)
    flow = Flow(desk, browser_of(world.app), NOBODY)  # type: ignore[arg-type]
    form = hidden((await flow.open()).text) | {"email": account.email, "password": PASSWORD}

    async def send(**changed: str) -> int:
        answer = await flow.browser.post("/oauth/sign-in", data=form | changed)
        return answer.status_code

    wrong = {"email": "nobody@example.com"}
    watched.held.clear()
    assert await send(**wrong) == 401
    assert watched.held == [0]
    sent = [*(send() for _ in range(16)), *(send(**wrong) for _ in range(4))]
    assert Counter(await asyncio.gather(*sent)) == {303: 16, 401: 4}


async def test_guessing_many_at_once_gains_nothing(world: World) -> None:
    """Each guess waits for its turn to hash, and is let through by what was counted by then."""
    account = await Account.open(world.client, world.app)

    answers = await asyncio.gather(
        *(account.try_to_sign_in(password=f"{WRONG} {number}") for number in range(40))
    )

    codes = Counter(answer.status_code for answer in answers)
    at_once = 2
    assert PAIR_FREE <= codes[401] <= PAIR_FREE + at_once - 1
    assert codes[429] == 40 - codes[401]


async def test_a_refusal_after_the_proof_is_counted_as_no_failure(
    client: httpx2.AsyncClient, app: FastAPI
) -> None:
    account = await Account.open(client, app)
    for _ in range(PAIR_FREE + 1):
        foreign = await account.try_to_sign_in(organisation_id=NOBODY)
        assert_refused(foreign, 403, "not_a_member")
    await account.sign_in()
