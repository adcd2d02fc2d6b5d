"""What an operator does with companies' identity providers, and what they are asked and told."""

import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import KeySet
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.responses import JSONResponse, RedirectResponse, Response

from marketplace.accounts.identity_providers.metadata import Directory
from marketplace.kernel.clock import ShiftedClock
from marketplace.kernel.db import Sessions
from tests.factories.accounts import assert_refused
from tests.factories.company_logins import DOMAIN, Visit, enabled, provider_body
from tests.factories.deals import ok
from tests.factories.people import Person, operator, person
from tests.factories.routes import NOBODY
from tests.factories.tables import contents, values
from tests.fakes.identity_provider import CLIENT_ID, SECRET, FakeProvider, listening

PATH = "/v1/identity-providers"


@pytest.fixture
async def provider(app: FastAPI, clock: ShiftedClock) -> AsyncIterator[FakeProvider]:
    app.state.identity_providers = Directory(loopback=True)
    async with listening(lambda: clock.now().timestamp()) as provider:
        yield provider


@pytest.fixture
async def chief(client: httpx2.AsyncClient, sessions: Sessions) -> Person:
    return await operator(client, sessions)


async def test_a_provider_is_set_up_checked_and_enabled(
    chief: Person, provider: FakeProvider, connection: AsyncConnection
) -> None:
    made = await ok(await chief.post(PATH, provider_body(provider)))
    assert made["redirect_uri"] == "http://127.0.0.1:8000/login/callback/hanbit"
    assert made["jwks_uri"] == "http://127.0.0.1:8000/oauth/jwks"
    assert (made["enabled_at"], made["has_client_secret"], made["version"]) == (None, True, 1)
    assert (made["scopes"], made["domains"]) == (["email", "openid", "profile"], [DOMAIN])
    own = f"{PATH}/{made['id']}"
    assert await ok(await chief.get(own)) == made
    assert (await ok(await chief.get(PATH)))["items"] == [made]

    check = await ok(await chief.get(f"{own}/check"))
    assert check == {
        "problem": None,
        "authorization_endpoint": f"{provider.issuer}/authorize",
        "token_endpoint": f"{provider.issuer}/token",
        "algorithms": ["ES256"],
        "keys": 1,
        "names_itself": True,
    }
    shown = await ok(await chief.post(f"{own}/enable"))
    assert shown["enabled_at"]
    assert await ok(await chief.post(f"{own}/enable")) == shown, "once more changes nothing"
    off = await ok(await chief.post(f"{own}/disable"))
    assert (off["enabled_at"], off["version"]) == (None, 3)

    kept = [column async for column, value in values(connection) if SECRET in str(value)]
    assert kept == []
    told = await connection.execute(text("SELECT type FROM event WHERE subject LIKE 'identity%'"))
    assert sorted(told.scalars()) == [
        f"identity_provider.{w}" for w in ("create", "disable", "enable")
    ]


async def test_an_edit_changes_what_is_given_and_keeps_the_rest(
    chief: Person, provider: FakeProvider, connection: AsyncConnection
) -> None:
    made = await ok(await chief.post(PATH, provider_body(provider)))
    own = f"{PATH}/{made['id']}"
    edited = await ok(
        await chief.patch(own, {"domains": ["B.example", "a.example"]}, headers={"if-match": "1"})
    )
    assert edited == made | {"domains": ["a.example", "b.example"], "version": 2}
    before = await contents(connection)
    stale = await chief.patch(own, {"name": "x"}, headers={"if-match": "1"})
    assert_refused(stale, 409, "version_mismatch")
    assert_refused(
        await chief.patch(own, {"issuer": "https://x.example"}), 422, "validation_failed"
    )
    assert_refused(await chief.patch(own, {"client_secret": None}), 422, "validation_failed")
    assert_refused(await chief.patch(own, {"role": "viewer"}), 422, "inconsistent_provider")
    by_key = await chief.patch(own, {"authentication": "private_key_jwt", "client_secret": "x" * 9})
    assert_refused(by_key, 422, "inconsistent_provider")
    assert await contents(connection) == before
    by_key = await ok(await chief.patch(own, {"authentication": "private_key_jwt"}))
    assert by_key["has_client_secret"] is False
    back = await chief.patch(own, {"authentication": "client_secret_post"})
    assert_refused(back, 422, "inconsistent_provider")


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"client_secret": None}, 422, "inconsistent_provider"),
        ({"authentication": "private_key_jwt"}, 422, "inconsistent_provider"),
        ({"role": "member"}, 422, "inconsistent_provider"),
        ({"organisation_id": NOBODY, "role": "member"}, 404, "not_found"),
        ({"role": "owner"}, 422, "validation_failed"),
        ({"slug": "Hanbit"}, 422, "validation_failed"),
        ({"slug": "-hanbit"}, 422, "validation_failed"),
        ({"slug": "a/b"}, 422, "validation_failed"),
        ({"issuer": "http://login.hanbit.example"}, 422, "validation_failed"),
        ({"issuer": "https://login.hanbit.example?x=1"}, 422, "validation_failed"),
        ({"issuer": "https://login.hanbit.example#x"}, 422, "validation_failed"),
        ({"issuer": "https://user@login.hanbit.example"}, 422, "validation_failed"),
        ({"issuer": "javascript:alert(1)"}, 422, "validation_failed"),
        ({"scopes": ["openid"]}, 422, "validation_failed"),
        ({"scopes": ["openid", "email", "a b"]}, 422, "validation_failed"),
        ({"domains": []}, 422, "validation_failed"),
        ({"domains": ["hanbit"]}, 422, "validation_failed"),
        ({"domains": ["@hanbit.example"]}, 422, "validation_failed"),
        ({"domains": ["*.hanbit.example"]}, 422, "validation_failed"),
        ({"client_secret": "short"}, 422, "validation_failed"),
        ({"client_secret": "a line\nand another"}, 422, "validation_failed"),
        ({"country": "XX"}, 422, "validation_failed"),
    ],
)
async def test_settings_that_make_no_sense_are_refused(
    chief: Person,
    provider: FakeProvider,
    connection: AsyncConnection,
    changed: dict[str, Any],
    status: int,
    code: str,
) -> None:
    await chief.get(PATH)
    before = await contents(connection)
    refused = await chief.post(PATH, provider_body(provider) | changed)
    assert_refused(refused, status, code)
    assert SECRET not in refused.text
    assert await contents(connection) == before


async def test_one_provider_a_domain_and_one_a_slug(
    chief: Person, provider: FakeProvider, connection: AsyncConnection
) -> None:
    await ok(await chief.post(PATH, provider_body(provider)))
    other = await ok(
        await chief.post(PATH, provider_body(provider, slug="bb", domains=["b.example"]))
    )
    before = await contents(connection)
    taken = await chief.post(PATH, provider_body(provider, slug="other"))
    assert_refused(taken, 409, "domain_taken")
    same = await chief.post(PATH, provider_body(provider, domains=["other.example"]))
    assert_refused(same, 409, "slug_taken")
    grab = await chief.patch(f"{PATH}/{other['id']}", {"domains": ["b.example", DOMAIN]})
    assert_refused(grab, 409, "domain_taken")
    assert await contents(connection) == before


async def test_people_become_members_of_organisations_alone(
    chief: Person, provider: FakeProvider, client: httpx2.AsyncClient, sessions: Sessions
) -> None:
    for fixed in (chief.organisation_id, (await _a_person(client, sessions)).organisation_id):
        body = provider_body(provider, organisation_id=str(fixed), role="admin")
        assert_refused(await chief.post(PATH, body), 409, "fixed_members")


async def _a_person(client: httpx2.AsyncClient, sessions: Sessions) -> Person:
    return await person(client, sessions, kind="person")  # type: ignore[arg-type]


async def problem(chief: Person, made: dict[str, Any]) -> str:
    """What a check finds wrong."""
    check = await ok(await chief.get(f"{PATH}/{made['id']}/check"))
    assert (check["authorization_endpoint"], check["keys"]) == (None, 0)
    return str(check["problem"])


DOCUMENTS: dict[str, tuple[dict[str, Any], str]] = {
    "another issuer": ({"issuer": "https://evil.example"}, "another issuer"),
    "an issuer with a slash": ({"issuer": None}, "another issuer"),
    "no code": ({"response_types_supported": ["id_token"]}, "response_type=code"),
    "no algorithm of ours": (
        {"id_token_signing_alg_values_supported": ["HS256", "none"]},
        "no algorithm",
    ),
    "no token endpoint": ({"token_endpoint": None}, "no token_endpoint"),
    "a script": ({"authorization_endpoint": "javascript:alert(1)"}, "no https address"),
    "a file": ({"token_endpoint": "file:///etc/passwd"}, "no https address"),
    "a number": ({"jwks_uri": 7}, "no jwks_uri"),
    "a user": ({"jwks_uri": "https://a:b@c.example/"}, "no https address"),
    "a fragment": ({"authorization_endpoint": "https://c.example/#x"}, "no https address"),
    "an inner network": ({"jwks_uri": "https://10.0.0.1/"}, "not in the public network"),
    "the metadata service": (
        {"jwks_uri": "https://169.254.169.254/latest"},
        "not in the public network",
    ),
}


@pytest.mark.parametrize(("document", "told"), DOCUMENTS.values(), ids=DOCUMENTS)
async def test_a_check_says_what_is_wrong_with_the_provider(
    chief: Person, provider: FakeProvider, document: dict[str, Any], told: str
) -> None:
    made = await ok(await chief.post(PATH, provider_body(provider)))
    provider.document = document
    assert told in await problem(chief, made)


@pytest.mark.parametrize(
    "answer",
    [
        Response("x", 404),
        Response("x"),
        JSONResponse([]),
        RedirectResponse("/elsewhere"),
        Response(b" " * 300_000),
        Response(b"[" * 200_000),
    ],
)
async def test_an_answer_that_is_no_document_is_told(
    chief: Person, provider: FakeProvider, answer: Response
) -> None:
    made = await ok(await chief.post(PATH, provider_body(provider)))
    provider.answers["/.well-known/openid-configuration"] = answer
    assert await problem(chief, made)


async def test_loopback_is_for_those_who_allow_it(
    app: FastAPI, chief: Person, provider: FakeProvider
) -> None:
    made = await ok(await chief.post(PATH, provider_body(provider)))
    app.state.identity_providers = Directory()
    assert "not in the public network" in await problem(chief, made)
    assert provider.paths == []


@pytest.mark.parametrize("authentication", ["client_secret_basic", "client_secret_post"])
async def test_we_prove_ourselves_with_the_secret(
    app: FastAPI, chief: Person, provider: FakeProvider, authentication: str
) -> None:
    await enabled(chief, provider, authentication=authentication)
    assert (await Visit(app, provider).sign_in()).status_code == 303


async def test_we_prove_ourselves_with_our_key(
    app: FastAPI, client: httpx2.AsyncClient, chief: Person, provider: FakeProvider
) -> None:
    await enabled(chief, provider, authentication="private_key_jwt", client_secret=None)
    assert (await Visit(app, provider).sign_in()).status_code == 303
    (shown,) = provider.assertions
    keys = KeySet.import_key_set((await client.get("/oauth/jwks")).json())
    claims = jwt.decode(shown["token"], keys, algorithms=["ES256"]).claims
    assert (claims["iss"], claims["sub"]) == (CLIENT_ID, CLIENT_ID)
    assert claims["aud"] == f"{provider.issuer}/token"
    assert claims["jti"]
    assert (
        json.loads(base64.urlsafe_b64decode(shown["payload"] + "=="))["exp"] - claims["iat"] <= 3600
    )


async def test_a_wrong_secret_is_the_operators_to_mend(
    app: FastAPI, chief: Person, provider: FakeProvider
) -> None:
    await enabled(chief, provider, client_secret="not the right one")
    refused = await Visit(app, provider).sign_in()
    assert (refused.status_code, "not let you in" in refused.text) == (403, True)
