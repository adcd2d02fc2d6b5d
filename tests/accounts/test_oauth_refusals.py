"""Every way to get a token that must fail: refused in OAuth's form, logged, and without effect.

One table of cases after RFC 6749, 7636, 7523, 7009, 7662 and 9700. What may change on a refusal is
only what the refusal is for: a stolen grant is revoked, and an assertion is used up.
"""

from base64 import urlsafe_b64encode
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx2
import pytest
import structlog
from fastapi import FastAPI
from joserfc.jwk import ECKey
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from marketplace.kernel.clock import ShiftedClock
from marketplace.kernel.db import Sessions
from tests.factories.oauth import (
    ISSUER,
    NATIVE,
    WEB,
    Flow,
    assertion,
    basic,
    bearer,
    claims_of,
    confused,
    flow_of,
    keyed,
    own_key,
    registered,
    unsigned,
)
from tests.factories.people import Person, person
from tests.factories.tables import contents

FORM = {"content-type": "application/x-www-form-urlencoded"}
ALONE = {"grant_type": "client_credentials"}


@dataclass
class Stage:
    """A person with a web application, and a stranger's clients that are after their tokens."""

    http: httpx2.AsyncClient
    connection: AsyncConnection
    clock: ShiftedClock
    owner: Person
    flow: Flow
    native: Flow
    thief: dict[str, Any]
    keyed: dict[str, Any]
    key: ECKey
    machine: dict[str, Any]

    async def token(self, form: dict[str, Any], **headers: str) -> httpx2.Response:
        return await self.http.post("/oauth/token", data=form, headers=headers)

    async def leave(self) -> None:
        """Have the owner leave their organisation, which keeps another."""
        demote = text("UPDATE membership SET role = 'viewer' WHERE user_id = :id")
        heir = text(
            "INSERT INTO membership (id, created_at, organisation_id, user_id, role)"
            " SELECT gen_random_uuid(), now(), m.organisation_id, u.id, 'owner'"
            " FROM membership m, user_account u WHERE m.user_id = :id AND u.id <> :id LIMIT 1"
        )
        gone = text("DELETE FROM membership WHERE user_id = :id")
        for statement in (heir, demote, gone):
            await self.connection.execute(statement, {"id": self.owner.user_id})
        await self.settled()

    async def redeem(self, **changed: str | None) -> httpx2.Response:
        """Redeem a fresh code, wrongly."""
        form = self.flow.redemption(await self.flow.code()) | changed
        await self.settled()
        sent = {name: value for name, value in form.items() if value is not None}
        return await self.flow.post("/oauth/token", sent)

    async def raw(self, content: bytes, **headers: str) -> httpx2.Response:
        sent = FORM | basic(self.machine) | headers
        return await self.http.post("/oauth/token", content=content, headers=sent)

    async def assert_key(
        self, key: ECKey | None = None, *, header: Any = None, **claims: Any
    ) -> httpx2.Response:
        return await self.token(ALONE | self.assertion(key, header=header, **claims))

    def assertion(
        self, key: ECKey | None = None, *, header: Any = None, **claims: Any
    ) -> dict[str, str]:
        at = self.clock.now().timestamp()
        return assertion(key or self.key, self.keyed["id"], at, header=header, **claims)

    def from_now(self, seconds: int) -> int:
        return int(self.clock.now().timestamp()) + seconds

    async def settled(self) -> None:
        """Remember what is there now: the attempt that follows must not change it."""
        self.before = await contents(self.connection)

    before: Any = None


@pytest.fixture
async def stage(
    app: FastAPI,
    client: httpx2.AsyncClient,
    sessions: Sessions,
    connection: AsyncConnection,
    clock: ShiftedClock,
) -> Stage:
    owner, stranger = await person(client, sessions), await person(client, sessions)
    key = own_key()
    return Stage(
        client,
        connection,
        clock,
        owner,
        await flow_of(app, sessions, owner),
        await flow_of(app, sessions, owner, NATIVE, redirect_uri="http://127.0.0.1:9/callback"),
        await registered(stranger, WEB),
        await registered(owner, keyed(key)),
        key,
        await registered(owner),
    )


Attempt = Callable[[Stage], Awaitable[httpx2.Response]]
CASES: dict[str, tuple[Attempt, int, str]] = {}
REVOKES = {"a code that was used", "a refresh token that was used"}
USES_UP = {"an assertion that was used"}
SILENT = {"a token of nobody's to ask about"}


def case(name: str, status: int, error: str) -> Callable[[Attempt], Attempt]:
    def note(attempt: Attempt) -> Attempt:
        assert name not in CASES
        CASES[name] = attempt, status, error
        return attempt

    return note


def cases(status: int, error: str, **attempts: Attempt) -> None:
    for name, attempt in attempts.items():
        case(name.replace("_", " "), status, error)(attempt)


# Codes and their verifiers: RFC 6749, 4.1.3 and 7636, 4.5

cases(
    400,
    "invalid_grant",
    a_wrong_verifier=lambda s: s.redeem(code_verifier="x" * 43),
    the_challenge_as_verifier=lambda s: s.redeem(code_verifier=s.flow.challenge),
    a_foreign_redirect_uri=lambda s: s.redeem(redirect_uri="https://evil.example/callback"),
    no_redirect_uri=lambda s: s.redeem(redirect_uri=None),
    an_unknown_code=lambda s: s.redeem(code="mpc_unknown"),
    a_hash_for_a_code=lambda s: s.redeem(code="\u00e9" * 40),
)
cases(
    400,
    "invalid_request",
    no_verifier=lambda s: s.redeem(code_verifier=None),
    a_short_verifier=lambda s: s.redeem(code_verifier="x" * 42),
    no_code=lambda s: s.redeem(code=None),
    another_client_id_beside_the_proof=lambda s: s.redeem(client_id=s.thief["id"]),
    no_grant_type=lambda s: s.redeem(grant_type=None),
)
cases(
    400,
    "unsupported_grant_type",
    a_password_grant=lambda s: s.redeem(grant_type="password"),
    an_unknown_grant=lambda s: s.redeem(grant_type='"><script>'),
)


@case("a code that was used", 400, "invalid_grant")
async def _(s: Stage) -> httpx2.Response:
    code = await s.flow.code()
    first = await s.flow.post("/oauth/token", s.flow.redemption(code))
    token = first.json()["access_token"]
    await s.settled()
    answer = await s.flow.post("/oauth/token", s.flow.redemption(code))
    closed = await s.http.get("/v1/sessions/current", headers=bearer(token))
    assert closed.status_code == 401, "what the code gave is revoked with it"
    refreshed = await s.flow.refresh(first.json()["refresh_token"])
    assert refreshed.status_code == 400
    return answer


@case("a code of another client", 400, "invalid_grant")
async def _(s: Stage) -> httpx2.Response:
    code = await s.flow.code()
    await s.settled()
    answer = await s.token(s.flow.redemption(code), **basic(s.thief))
    honest = await s.connection.begin_nested()
    assert (await s.flow.post("/oauth/token", s.flow.redemption(code))).status_code == 200
    await honest.rollback()
    return answer


@case("a code that has expired", 400, "invalid_grant")
async def _(s: Stage) -> httpx2.Response:
    code = await s.flow.code()
    await s.settled()
    s.clock.offset += timedelta(seconds=60)
    return await s.flow.post("/oauth/token", s.flow.redemption(code))


@case("a code of somebody who left", 400, "invalid_grant")
async def _(s: Stage) -> httpx2.Response:
    code = await s.flow.code()
    await s.leave()
    return await s.flow.post("/oauth/token", s.flow.redemption(code))


@case("a code of a revoked client", 401, "invalid_client")
async def _(s: Stage) -> httpx2.Response:
    code = await s.flow.code()
    await s.owner.post(f"/v1/clients/{s.flow.client['id']}/revoke")
    await s.settled()
    return await s.flow.post("/oauth/token", s.flow.redemption(code))


@case("a public client without a verifier", 400, "invalid_request")
async def _(s: Stage) -> httpx2.Response:
    code = await s.native.code()
    await s.settled()
    return await s.native.post("/oauth/token", s.native.redemption(code, code_verifier=None))


# Who the client is: RFC 6749, 2.3 and 3.2.1

cases(
    401,
    "invalid_client",
    nobody=lambda s: s.token(ALONE),
    a_wrong_secret=lambda s: s.token(ALONE, **basic(s.machine, "mps_wrong")),
    anothers_secret=lambda s: s.token(ALONE, **basic(s.machine, s.thief["client_secret"])),
    the_hint_for_the_secret=lambda s: s.token(ALONE, **basic(s.machine, s.machine["secret_hint"])),
    an_unknown_client=lambda s: s.token(ALONE, **basic({"id": str(uuid4())}, "x")),
    no_id_at_all=lambda s: s.token(ALONE, **basic({"id": "'; DROP TABLE"}, "x")),
    an_id_in_capitals=lambda s: s.token(
        ALONE, **basic(s.machine | {"id": s.machine["id"].upper()})
    ),
    a_secret_in_the_body=lambda s: s.token(
        ALONE | {"client_id": s.machine["id"], "client_secret": s.machine["client_secret"]}
    ),
    a_confidential_client_without_proof=lambda s: s.token(ALONE | {"client_id": s.machine["id"]}),
    a_public_client_alone=lambda s: s.token(ALONE | {"client_id": s.native.client["id"]}),
    a_secret_for_a_client_with_keys=lambda s: s.token(ALONE, **basic(s.keyed, "x")),
    credentials_of_no_text=lambda s: s.token(ALONE, authorization="Basic //79/w=="),
    credentials_of_no_base64=lambda s: s.token(ALONE, authorization="Basic =%="),
    a_bearer_token_for_a_proof=lambda s: s.token(ALONE, **bearer(s.owner.token)),
)
cases(
    400,
    "invalid_request",
    two_proofs_at_once=lambda s: s.token(ALONE | s.assertion(), **basic(s.machine)),
    a_secret_twice=lambda s: s.token(ALONE | {"client_secret": "x"}, **basic(s.machine)),
)
cases(
    400,
    "unauthorized_client",
    a_web_client_alone=lambda s: s.flow.post("/oauth/token", ALONE),
    a_machine_with_a_code=lambda s: s.token(
        {"grant_type": "authorization_code", "code": "x"}, **basic(s.machine)
    ),
    a_machine_that_refreshes=lambda s: s.token(
        {"grant_type": "refresh_token", "refresh_token": "x"}, **basic(s.machine)
    ),
)


# Assertions: RFC 7523, 3

cases(
    401,
    "invalid_client",
    an_expired_assertion=lambda s: s.assert_key(exp=s.from_now(-61)),
    an_assertion_without_an_end=lambda s: s.assert_key(exp=None),
    an_assertion_for_a_day=lambda s: s.assert_key(exp=s.from_now(86_400)),
    an_assertion_for_ever=lambda s: s.assert_key(exp=10**30),
    an_assertion_whose_end_is_no_time=lambda s: s.assert_key(exp="tomorrow"),
    an_assertion_from_the_future=lambda s: s.assert_key(iat=s.from_now(3600)),
    an_assertion_before_its_time=lambda s: s.assert_key(nbf=s.from_now(3600)),
    an_assertion_for_another_server=lambda s: s.assert_key(aud="https://other.example"),
    an_assertion_for_two_servers=lambda s: s.assert_key(aud=[ISSUER, "https://other.example"]),
    an_assertion_for_our_api=lambda s: s.assert_key(aud=f"{ISSUER}/partner"),
    an_assertion_for_nobody=lambda s: s.assert_key(aud=None),
    an_assertion_of_another_issuer=lambda s: s.assert_key(iss=s.thief["id"]),
    an_assertion_of_no_issuer=lambda s: s.assert_key(iss=None),
    an_assertion_of_nobody=lambda s: s.assert_key(sub=None),
    an_assertion_of_an_unknown_client=lambda s: s.assert_key(sub=str(uuid4())),
    an_assertion_of_a_list=lambda s: s.assert_key(sub=[s.keyed["id"]]),
    an_assertion_of_a_client_with_a_secret=lambda s: s.assert_key(
        sub=s.machine["id"], iss=s.machine["id"]
    ),
    an_assertion_without_a_number=lambda s: s.assert_key(jti=None),
    an_assertion_with_a_long_number=lambda s: s.assert_key(jti="x" * 256),
    an_assertion_with_a_list_for_a_number=lambda s: s.assert_key(jti=["x"]),
    an_assertion_by_another_key=lambda s: s.assert_key(own_key("one")),
    an_assertion_by_an_unnamed_key=lambda s: s.assert_key(own_key("two")),
    an_assertion_of_another_type=lambda s: s.token(
        ALONE | s.assertion() | {"client_assertion_type": "urn:x"}
    ),
    an_assertion_that_is_none=lambda s: s.token(ALONE | s.assertion() | {"client_assertion": "x"}),
    an_assertion_of_bad_base64=lambda s: s.token(
        ALONE | s.assertion() | {"client_assertion": "\u00e9.W10.x"}
    ),
    an_assertion_of_a_list_of_claims=lambda s: s.token(
        ALONE | s.assertion() | {"client_assertion": "eyJhbGciOiJFUzI1NiJ9.W10.x"}
    ),
    an_assertion_that_is_very_deep=lambda s: s.token(
        ALONE | s.assertion() | {"client_assertion": f"eyJhbGciOiJFUzI1NiJ9.{_DEEP}.x"}
    ),
    an_unsigned_assertion=lambda s: s.token(ALONE | _unsigned(s)),
    an_assertion_signed_with_the_public_key=lambda s: s.token(ALONE | _confused(s)),
)


_DEEP = urlsafe_b64encode(b'{"sub":' + b"[" * 2000).decode().rstrip("=")


def _unsigned(s: Stage) -> dict[str, str]:
    form = s.assertion()
    return form | {"client_assertion": unsigned(claims_of(form["client_assertion"]))}


def _confused(s: Stage) -> dict[str, str]:
    form = s.assertion()
    claims = claims_of(form["client_assertion"])
    return form | {"client_assertion": confused(claims, s.key, kid=s.key.kid)}


@case("an assertion that was used", 401, "invalid_client")
async def _(s: Stage) -> httpx2.Response:
    form = ALONE | s.assertion()
    assert (await s.token(form)).status_code == 200
    await s.settled()
    return await s.token(form)


@case("an assertion that was used in vain", 401, "invalid_client")
async def _(s: Stage) -> httpx2.Response:
    form = s.assertion()
    assert (await s.token(ALONE | form | {"scope": "openid"})).status_code == 400
    await s.settled()
    return await s.token(ALONE | form)


# Scopes: RFC 6749, 3.3 and 6

cases(
    400,
    "invalid_scope",
    a_scope_that_it_has_not=lambda s: s.token(
        ALONE | {"scope": "read offers:write"}, **basic(s.machine)
    ),
    a_scope_that_nobody_has=lambda s: s.token(ALONE | {"scope": "everything"}, **basic(s.machine)),
    a_person_for_a_machine=lambda s: s.token(ALONE | {"scope": "openid"}, **basic(s.machine)),
)


@case("more scopes on a refresh", 400, "invalid_scope")
async def _(s: Stage) -> httpx2.Response:
    s.flow.scope = "read offline_access"
    found = await s.flow.tokens()
    await s.settled()
    return await s.flow.refresh(found["refresh_token"], scope="read offers:write")


# Refresh tokens: RFC 6749, 10.4 and 9700, 4.14


@case("a refresh token that was used", 400, "invalid_grant")
async def _(s: Stage) -> httpx2.Response:
    first = await s.flow.tokens()
    second = (await s.flow.refresh(first["refresh_token"])).json()
    await s.settled()
    answer = await s.flow.refresh(first["refresh_token"])
    newest = await s.flow.refresh(second["refresh_token"])
    assert newest.status_code == 400, "the whole family is revoked"
    closed = await s.http.get("/v1/sessions/current", headers=bearer(second["access_token"]))
    assert closed.status_code == 401
    return answer


@case("a refresh token of another client", 400, "invalid_grant")
async def _(s: Stage) -> httpx2.Response:
    found = await s.flow.tokens()
    await s.settled()
    stolen = {"grant_type": "refresh_token", "refresh_token": found["refresh_token"]}
    answer = await s.token(stolen, **basic(s.thief))
    honest = await s.connection.begin_nested()
    assert (await s.flow.refresh(found["refresh_token"])).status_code == 200
    await honest.rollback()
    return answer


@case("a refresh token without the client's proof", 401, "invalid_client")
async def _(s: Stage) -> httpx2.Response:
    found = await s.flow.tokens()
    await s.settled()
    stolen = {"grant_type": "refresh_token", "refresh_token": found["refresh_token"]}
    return await s.token(stolen | {"client_id": s.flow.client["id"]})


@case("a refresh token of somebody who left", 400, "invalid_grant")
async def _(s: Stage) -> httpx2.Response:
    found = await s.flow.tokens()
    await s.leave()
    return await s.flow.refresh(found["refresh_token"])


cases(
    400,
    "invalid_grant",
    an_unknown_refresh_token=lambda s: s.flow.refresh("mpr_unknown"),
    a_session_token_to_refresh=lambda s: s.flow.refresh(s.owner.token),
)
cases(
    400,
    "invalid_request",
    nothing_to_refresh=lambda s: s.flow.post("/oauth/token", {"grant_type": "refresh_token"}),
)


@case("an access token to refresh", 400, "invalid_grant")
async def _(s: Stage) -> httpx2.Response:
    found = await s.flow.tokens()
    await s.settled()
    return await s.flow.refresh(found["access_token"])


# The form of a request: RFC 6749, 3.2

cases(
    400,
    "invalid_request",
    a_parameter_twice=lambda s: s.raw(
        b"grant_type=client_credentials&grant_type=client_credentials"
    ),
    a_scope_twice=lambda s: s.raw(b"grant_type=client_credentials&scope=read&scope=read"),
    a_body_of_json=lambda s: s.raw(b"{}", **{"content-type": "application/json"}),
    a_body_of_no_type=lambda s: s.raw(b"grant_type=client_credentials", **{"content-type": ""}),
    a_body_of_no_text=lambda s: s.raw(b"grant_type=client_credentials&scope=\xff"),
    an_escape_of_no_text=lambda s: s.raw(b"grant_type=client_credentials&scope=%ff"),
    a_body_with_controls=lambda s: s.raw(b"grant_type=client_credentials&scope=read%00"),
    half_a_character=lambda s: s.raw(b"grant_type=client_credentials&scope=%ed%a0%80"),
    a_hundred_parameters=lambda s: s.raw(b"&".join(b"a%d=1" % n for n in range(100))),
    an_empty_body=lambda s: s.raw(b""),
    parameters_in_the_address=lambda s: s.http.post(
        "/oauth/token?grant_type=client_credentials", data=ALONE, headers=basic(s.machine)
    ),
)
cases(413, "invalid_request", a_huge_body=lambda s: s.raw(b"a=" + b"x" * 40_000))
cases(
    405,
    "invalid_request",
    a_get=lambda s: s.http.get(
        "/oauth/token", params={"grant_type": "client_credentials"}, headers=basic(s.machine)
    ),
    a_get_to_introspect=lambda s: s.http.get("/oauth/introspect", params={"token": "x"}),
    a_put_to_revoke=lambda s: s.http.put("/oauth/revoke", data={"token": "x"}),
)


# What becomes of a token: RFC 7009, 2.1 and 7662, 2.1

cases(
    401,
    "invalid_client",
    nobody_who_asks_about_a_token=lambda s: s.http.post("/oauth/introspect", data={"token": "x"}),
    nobody_who_gives_up_a_token=lambda s: s.http.post("/oauth/revoke", data={"token": "x"}),
    a_public_client_that_asks_about_a_token=lambda s: s.http.post(
        "/oauth/introspect", data={"token": "x", "client_id": s.native.client["id"]}
    ),
)
cases(
    400,
    "invalid_request",
    no_token_to_ask_about=lambda s: s.flow.post("/oauth/introspect", {"x": "y"}),
    no_token_to_give_up=lambda s: s.flow.post("/oauth/revoke", {"x": "y"}),
)


@case("another client's access token to give up", 400, "invalid_grant")
async def _(s: Stage) -> httpx2.Response:
    found = await s.flow.tokens()
    await s.settled()
    thief, stolen = basic(s.thief), {"token": found["access_token"]}
    answer = await s.http.post("/oauth/revoke", data=stolen, headers=thief)
    told = await s.http.post("/oauth/introspect", data=stolen, headers=thief)
    assert (told.status_code, told.json()) == (200, {"active": False})
    alive = await s.http.get("/v1/sessions/current", headers=bearer(found["access_token"]))
    assert alive.status_code == 200
    return answer


@case("another client's refresh token to give up", 400, "invalid_grant")
async def _(s: Stage) -> httpx2.Response:
    found = await s.flow.tokens()
    await s.settled()
    thief, stolen = basic(s.thief), {"token": found["refresh_token"]}
    told = await s.http.post("/oauth/introspect", data=stolen, headers=thief)
    assert (told.status_code, told.json()) == (200, {"active": False})
    return await s.http.post("/oauth/revoke", data=stolen, headers=thief)


@pytest.mark.parametrize("name", CASES)
async def test_it_is_refused_logged_and_changes_nothing(stage: Stage, name: str) -> None:
    attempt, status, error = CASES[name]
    await stage.settled()
    with structlog.testing.capture_logs() as logged:
        answer = await attempt(stage)

    assert (answer.status_code, answer.json().get("error")) == (status, error), answer.text
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert set(answer.json()) <= {"error", "error_description"}
    assert ("www-authenticate" in answer.headers) is (status == 401)
    assert answer.headers.get("allow") == ("POST" if status == 405 else None)
    refusals = [line for line in logged if line["event"] == "oauth refused"]
    assert refusals
    assert {"endpoint", "error", "reason", "client_id"} <= refusals[0].keys()
    assert error in {line["error"] for line in refusals}
    _assert_no_secret(stage, str(logged))
    await _assert_unchanged(stage, name)


def _assert_no_secret(stage: Stage, logged: str) -> None:
    secrets = [
        stage.flow.verifier,
        *(c["client_secret"] for c in (stage.flow.client, stage.machine, stage.thief)),
        stage.owner.token,
    ]
    assert [secret for secret in secrets if secret in logged] == []
    assert "mpc_" not in logged.replace("mpc_unknown", "")
    assert "eyJ" not in logged


async def _assert_unchanged(stage: Stage, name: str) -> None:
    after = await contents(stage.connection)
    changed = {table for table in after if after[table] != stage.before[table]}
    # Codes are asked for first, and honest tries are thrown away.
    if name in REVOKES:
        assert changed == {"oauth_grant", "revocation", "event"}
        revoked = "SELECT count(*) FROM event WHERE type = 'oauth_grant.revoke'"
        assert (await stage.connection.execute(text(revoked))).scalar_one() == 1
    elif "oauth_used_assertion" in changed:
        assert changed == {"oauth_used_assertion"}
        assert "scope" in name or name == "an assertion that was used in vain"
    else:
        assert changed == set()


def test_the_table_is_not_cut_short() -> None:
    assert len(CASES) > 85


async def test_a_client_is_told_nothing_of_which_part_was_wrong(stage: Stage) -> None:
    known = await stage.token(ALONE, **basic(stage.machine, "mps_wrong"))
    unknown = await stage.token(ALONE, **basic({"id": str(uuid4())}, "mps_wrong"))
    assert known.content == unknown.content


async def test_the_log_names_the_client_when_it_is_one(stage: Stage) -> None:
    for headers, named in (
        (basic(stage.machine, "wrong"), stage.machine["id"]),
        (basic({"id": "x' OR 1=1"}, "wrong"), None),
        ({}, None),
    ):
        with structlog.testing.capture_logs() as logged:
            await stage.token(ALONE, **headers)
        assert [line["client_id"] for line in logged] == [named]
