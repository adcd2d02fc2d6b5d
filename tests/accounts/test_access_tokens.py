"""An access token opens what it says, and nothing that looks like one opens anything."""

import base64
import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import ECKey
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncConnection

from marketplace.accounts.authentication import Authenticator
from marketplace.accounts.oauth.finding import TokenFinder
from marketplace.accounts.oauth.service import forget_ended
from marketplace.accounts.oauth.tokens import PREFIX
from marketplace.accounts.permissions import MemberRole
from marketplace.accounts.revocations import Revocations
from marketplace.accounts.signing_keys import service as signing_keys
from marketplace.kernel.clock import ShiftedClock
from marketplace.kernel.db import Sessions
from tests.factories.oauth import (
    ISSUER,
    WEB,
    Flow,
    bearer,
    claims_of,
    confused,
    encoded,
    flow_of,
    machine_token,
    own_key,
    registered,
    signed_in_browser,
    unsigned,
)
from tests.factories.people import person


async def our_key(app: FastAPI, sessions: Sessions) -> ECKey:
    async with sessions.begin() as session:
        return await signing_keys.signing_key(session, app.state.keyring)


def signed(key: ECKey, claims: dict[str, Any], **header: Any) -> str:
    usual = {"alg": "ES256", "typ": "at+jwt", "kid": key.kid}
    told = {name: value for name, value in (usual | header).items() if value is not None}
    return jwt.encode(told, claims, key, algorithms=["ES256"], default_type=None)


Forgery = Callable[[ECKey, dict[str, Any]], str]
OTHER = own_key()
FORGERIES: dict[str, Forgery] = {
    "unsigned": lambda key, claims: unsigned(claims, typ="at+jwt", kid=key.kid),
    "unsigned under our algorithm": lambda key, claims: unsigned(
        claims, typ="at+jwt", kid=key.kid, alg="ES256"
    ),
    "HS256 with our public key": lambda key, claims: confused(
        claims, key, typ="at+jwt", kid=key.kid
    ),
    "another key under our name": lambda key, claims: signed(OTHER, claims, kid=key.kid),
    "another key under its own name": lambda _, claims: signed(OTHER, claims, kid=str(uuid4())),
    "a key that it brings along": lambda key, claims: signed(
        OTHER, claims, kid=key.kid, jwk=OTHER.as_dict(private=False)
    ),
    "a key with no name": lambda key, claims: signed(key, claims, kid=None),
    "a name that is a path": lambda key, claims: signed(key, claims, kid="../../dev/null"),
    "an ID token": lambda key, claims: signed(key, claims, typ="JWT"),
    "no type": lambda key, claims: signed(key, claims, typ=None),
    "another issuer": lambda key, claims: signed(key, claims | {"iss": "https://evil.example"}),
    "no issuer": lambda key, claims: signed(key, _without(claims, "iss")),
    "no audience": lambda key, claims: signed(key, _without(claims, "aud")),
    "the operators' audience": lambda key, claims: signed(
        key, claims | {"aud": f"{ISSUER}/operator"}
    ),
    "the partners' audience": lambda key, claims: signed(
        key, claims | {"aud": f"{ISSUER}/partner"}
    ),
    "every audience": lambda key, claims: signed(
        key, claims | {"aud": [f"{ISSUER}/member", f"{ISSUER}/operator"]}
    ),
    "its client for an audience": lambda key, claims: signed(
        key, claims | {"aud": claims["client_id"]}
    ),
    "a higher role": lambda key, claims: signed(key, claims | {"role": "operator"}),
    "a role that there is not": lambda key, claims: signed(key, claims | {"role": "king"}),
    "no end": lambda key, claims: signed(key, _without(claims, "exp")),
    "no time for an end": lambda key, claims: signed(key, claims | {"exp": "never"}),
    "an end beyond time": lambda key, claims: signed(key, claims | {"exp": 10**30}),
    "no family": lambda key, claims: signed(key, _without(claims, "family")),
    "no organisation": lambda key, claims: signed(key, claims | {"organisation_id": None}),
    "other claims under a good signature": lambda key, claims: _tampered(signed(key, claims)),
    "half a signature": lambda key, claims: signed(key, claims)[:-20],
    "no signature": lambda key, claims: signed(key, claims).rpartition(".")[0],
    "four parts": lambda key, claims: signed(key, claims) + ".x",
    "a list": lambda *_: f"{encoded(['alg'])}.{encoded([])}.x",
    "no JSON": lambda *_: "eyJ.eyJ.x",
    "a huge one": lambda key, claims: signed(key, claims | {"x": "x" * 5_000}),
}


def _without(claims: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in claims.items() if key != name}


def _tampered(token: str) -> str:
    header, claims, signature = token.split(".")
    told = json.loads(base64.urlsafe_b64decode(claims + "=="))
    return f"{header}.{encoded(told | {'scope': 'read agreements:sign'})}.{signature}"


async def test_what_looks_like_a_token_opens_nothing(
    app: FastAPI, client: httpx2.AsyncClient, sessions: Sessions
) -> None:
    flow = await flow_of(app, sessions, await person(client, sessions))
    found = await flow.tokens()
    key, claims = await our_key(app, sessions), claims_of(found["access_token"])
    assert await _opens(client, signed(key, claims)), "the forger's own tools are right"
    opened = [name for name, forge in FORGERIES.items() if await _opens(client, forge(key, claims))]
    assert opened == []
    for other in (found["id_token"], found["refresh_token"]):
        assert not await _opens(client, other)


async def _opens(client: httpx2.AsyncClient, token: str) -> bool:
    answers = [
        await client.get(path, headers=bearer(token))
        for path in ("/v1/sessions/current", "/oauth/userinfo")
    ]
    assert {answer.status_code for answer in answers} in ({200}, {401})
    return answers[0].status_code == 200


async def test_a_token_for_the_api_alone_tells_nobodys_name(
    app: FastAPI, client: httpx2.AsyncClient, sessions: Sessions
) -> None:
    owner = await person(client, sessions)
    flow = await flow_of(app, sessions, owner, scope="read")
    machine = await machine_token(client, await registered(owner))
    for token in ((await flow.tokens())["access_token"], machine):
        answer = await client.get("/oauth/userinfo", headers=bearer(token))
        assert (answer.status_code, answer.json()) == (403, {"error": "insufficient_scope"})
    for headers in ({}, bearer(owner.token), {"authorization": "Basic x"}):
        answer = await client.post("/oauth/userinfo", headers=headers)
        assert (answer.status_code, answer.json()) == (401, {"error": "invalid_token"})
        assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'


Ending = Callable[[Flow, AsyncConnection, Sessions], Awaitable[None]]


async def _client_revoked(flow: Flow, connection: AsyncConnection, sessions: Sessions) -> None:
    await connection.execute(text("UPDATE oauth_client SET revoked_at = now()"))


async def _scope_taken(flow: Flow, connection: AsyncConnection, sessions: Sessions) -> None:
    await connection.execute(text("UPDATE oauth_client SET scopes = '{openid,read}'"))


async def _grant_revoked(flow: Flow, connection: AsyncConnection, sessions: Sessions) -> None:
    await connection.execute(text("UPDATE oauth_grant SET revoked_at = now()"))


_KEEP_NO_OWNER = text("SET LOCAL session_replication_role = replica")
"""Let an organisation be without an owner, which a trigger refuses."""


async def _left(flow: Flow, connection: AsyncConnection, sessions: Sessions) -> None:
    await connection.execute(_KEEP_NO_OWNER)
    await connection.execute(text("DELETE FROM membership"))


async def _demoted(flow: Flow, connection: AsyncConnection, sessions: Sessions) -> None:
    role = text("UPDATE membership SET role = :role")
    await connection.execute(_KEEP_NO_OWNER)
    await connection.execute(role, {"role": MemberRole.VIEWER})


async def _key_gone(flow: Flow, connection: AsyncConnection, sessions: Sessions) -> None:
    await connection.execute(text("DELETE FROM signing_key"))


@pytest.mark.parametrize(
    "end", [_client_revoked, _scope_taken, _grant_revoked, _left, _demoted, _key_gone]
)
async def test_without_the_feed_the_database_is_asked_about_everything(
    app: FastAPI,
    client: httpx2.AsyncClient,
    sessions: Sessions,
    connection: AsyncConnection,
    end: Ending,
) -> None:
    flow = await flow_of(app, sessions, await person(client, sessions))
    token = (await flow.tokens())["access_token"]
    assert await _opens(client, token)
    await end(flow, connection, sessions)
    assert not await _opens(client, token)


class Live(Revocations):
    """A feed that is heard without a connection."""

    are_live = True  # type: ignore[assignment]


async def test_with_the_feed_a_token_is_checked_without_the_database(
    app: FastAPI, client: httpx2.AsyncClient, sessions: Sessions, connection: AsyncConnection
) -> None:
    owner = await person(client, sessions)
    flow = Flow(
        await registered(owner, WEB),
        await signed_in_browser(app, sessions, owner),
        owner.organisation_id,
    )
    tokens = [(await flow.tokens())["access_token"] for _ in range(3)]
    feed = Live()
    finder = TokenFinder(ISSUER, feed)
    authenticator = Authenticator({PREFIX: finder}, feed)
    asked: list[str] = []
    engine = connection.sync_connection
    assert engine is not None
    event.listen(engine, "before_cursor_execute", lambda *about: asked.append(about[2]))

    async with sessions() as session:
        actors = [await authenticator.actor(session, token) for token in tokens]
    assert {actor.user_id for actor in actors} == {owner.user_id}
    statements = [one for one in asked if "SAVEPOINT" not in one]
    assert len(statements) == 1, "the public key, once in the life of a process"
    assert "signing_key" in statements[0]

    asked.clear()
    async with sessions() as session:
        for token in tokens * 2:
            await authenticator.actor(session, token)
    assert asked == []
    feed._tell(f"user:{owner.user_id}")
    async with sessions() as session:
        await authenticator.actor(session, tokens[0])
    assert asked == [], "forgotten, and found again from the token itself"
    feed._on_notification(None, 0, "", f"user:{owner.user_id}")
    async with sessions() as session:
        await authenticator.actor(session, tokens[0])
    assert sum("oauth_client" in one for one in asked) == 1, "news: the database decides"


async def test_a_key_is_rotated_and_the_former_one_verifies_until_its_tokens_end(
    app: FastAPI, client: httpx2.AsyncClient, sessions: Sessions, clock: ShiftedClock
) -> None:
    desk = await registered(await person(client, sessions))
    old = await machine_token(client, desk)

    async def rotate(*, compromised: bool) -> None:
        async with sessions.begin() as session:
            await signing_keys.rotate(session, app.state.keyring, compromised=compromised)

    async def published() -> list[str]:
        return [key["kid"] for key in (await client.get("/oauth/jwks")).json()["keys"]]

    (first,) = await published()
    await rotate(compromised=False)
    new = await machine_token(client, desk)
    assert len(await published()) == 2
    assert (await published())[1] == first
    for token in (old, new):
        answer = await client.get("/v1/sessions/current", headers=bearer(token))
        assert answer.status_code == 200
    clock.offset = timedelta(minutes=16)
    assert len(await published()) == 1
    async with sessions.begin() as session:
        await signing_keys.forget_retired(session)
        assert await signing_keys.public_key(session, first) is None  # type: ignore[arg-type]

    newest = await machine_token(client, desk)
    await rotate(compromised=True)
    answer = await client.get("/v1/sessions/current", headers=bearer(newest))
    assert answer.status_code == 401
    assert len(await published()) == 1


async def test_a_private_key_is_not_readable_in_the_database(
    app: FastAPI, client: httpx2.AsyncClient, sessions: Sessions, connection: AsyncConnection
) -> None:
    key = await our_key(app, sessions)
    stored = (await connection.execute(text("SELECT k::text FROM signing_key k"))).scalars().all()
    secret = key.as_dict(private=True)["d"]
    assert str(secret) not in "".join(stored)
    raw = base64.urlsafe_b64decode(str(secret) + "=")
    assert raw.hex() not in "".join(stored)


async def test_what_ended_is_forgotten(
    app: FastAPI,
    client: httpx2.AsyncClient,
    sessions: Sessions,
    connection: AsyncConnection,
    clock: ShiftedClock,
) -> None:

    flow = await flow_of(app, sessions, await person(client, sessions))
    await flow.code()
    await flow.tokens()
    left = []
    for days in (0, 2, 29, 32, 182):
        clock.offset = timedelta(days=days)
        async with sessions.begin() as session:
            await forget_ended(session)
        counts = "SELECT (SELECT count(*) FROM oauth_grant), count(*) FROM oauth_refresh_token"
        left.append(tuple((await connection.execute(text(counts))).one()))
    assert left == [(2, 1), (1, 1), (1, 1), (1, 0), (0, 0)]
