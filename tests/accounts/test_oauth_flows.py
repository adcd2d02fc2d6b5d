"""The ways to a token that work, from the first request to the last use."""

from datetime import timedelta
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import KeySet
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from marketplace.accounts.models import OrganisationKind
from marketplace.accounts.permissions import MemberRole
from marketplace.kernel.clock import ShiftedClock
from marketplace.kernel.db import Sessions
from tests.factories.oauth import (
    ISSUER,
    MACHINE,
    NATIVE,
    WEB,
    Flow,
    assertion,
    basic,
    bearer,
    claims_of,
    flow_of,
    keyed,
    machine_token,
    own_key,
    registered,
    sent_back,
    signed_in_browser,
)
from tests.factories.people import operator, person


async def test_a_person_allows_a_client_and_it_acts_for_them(
    app: FastAPI, client: httpx2.AsyncClient, sessions: Sessions, connection: AsyncConnection
) -> None:
    partner, member = await person(client, sessions), await person(client, sessions, name="홍길동")
    desk = await registered(partner, WEB)
    browser = await signed_in_browser(app, sessions, member)
    flow = Flow(desk, browser, member.organisation_id)

    found = await flow.tokens()

    assert (found["token_type"], found["expires_in"]) == ("Bearer", 600)
    assert set(found["scope"].split()) == set(flow.scope.split())
    me = (await client.get("/v1/sessions/current", headers=bearer(found["access_token"]))).json()
    assert me["user"] is None, "an application is told of its person by userinfo alone"
    assert me["organisation"]["id"] == str(member.organisation_id)
    assert (me["role"], me["permissions"]) == ("owner", ["offers:write", "read"])
    claims = claims_of(found["access_token"])
    assert (claims["iss"], claims["aud"]) == (ISSUER, f"{ISSUER}/member")
    assert (claims["sub"], claims["client_id"]) == (str(member.user_id), desk["id"])
    told = await client.get("/oauth/userinfo", headers=bearer(found["access_token"]))
    assert told.json() == {
        "sub": str(member.user_id),
        "name": "홍길동",
        "email": (await member.get("/v1/sessions/current")).json()["user"]["email"],
        "email_verified": False,
    }
    await _check_id_token(client, found, desk["id"], str(member.user_id))
    kept = (await connection.execute(text("SELECT g::text FROM oauth_grant g"))).scalars().all()
    kept += (await connection.execute(text("SELECT r::text FROM oauth_refresh_token r"))).scalars()
    assert found["refresh_token"] not in "".join(kept)


async def _check_id_token(
    client: httpx2.AsyncClient, found: dict[str, Any], client_id: str, user_id: str
) -> None:
    keys = KeySet.import_key_set((await client.get("/oauth/jwks")).json())
    assert {key.is_private for key in keys.keys} == {False}
    token = jwt.decode(found["id_token"], keys, algorithms=["ES256"])
    assert token.header["typ"] == "JWT"
    claims = token.claims
    assert (claims["iss"], claims["aud"], claims["sub"]) == (ISSUER, client_id, user_id)
    assert claims["nonce"] == "n-0S6_WzA2Mj"
    assert claims["auth_time"] <= claims["iat"] < claims["exp"]


async def test_a_public_client_on_the_persons_machine_takes_any_port(
    app: FastAPI, client: httpx2.AsyncClient, sessions: Sessions
) -> None:
    member = await person(client, sessions)
    uri = "http://127.0.0.1:51004/callback"
    flow = await flow_of(app, sessions, member, NATIVE, redirect_uri=uri)
    answer = await flow.decide()
    assert answer.headers["location"].startswith(f"{uri}?code=")
    found = (await flow.post("/oauth/token", flow.redemption(sent_back(answer)["code"]))).json()
    assert claims_of(found["access_token"])["aud"] == f"{ISSUER}/member"


async def test_a_refresh_token_is_exchanged_for_the_next_with_no_more_scopes(
    app: FastAPI, client: httpx2.AsyncClient, sessions: Sessions, clock: ShiftedClock
) -> None:
    flow = await flow_of(app, sessions, await person(client, sessions))
    first = await flow.tokens()
    clock.offset = timedelta(minutes=11)
    stale = await client.get("/v1/sessions/current", headers=bearer(first["access_token"]))
    assert (stale.status_code, stale.json()["code"]) == (401, "invalid_token")

    second = (await flow.refresh(first["refresh_token"], scope="openid read")).json()

    assert second["scope"] == "openid read"
    me = await client.get("/v1/sessions/current", headers=bearer(second["access_token"]))
    assert me.json()["permissions"] == ["read"]
    told = claims_of(second["id_token"])
    assert "nonce" not in told
    assert told["auth_time"] == claims_of(first["id_token"])["auth_time"]
    third = (await flow.refresh(second["refresh_token"])).json()
    assert set(third["scope"].split()) == set(flow.scope.split())
    clock.offset += timedelta(days=31)
    late = await flow.refresh(third["refresh_token"])
    assert (late.status_code, late.json()["error"]) == (400, "invalid_grant")


async def test_without_offline_access_there_is_nothing_to_refresh(
    app: FastAPI, client: httpx2.AsyncClient, sessions: Sessions
) -> None:
    flow = await flow_of(app, sessions, await person(client, sessions), scope="read")
    assert set(await flow.tokens()) == {"access_token", "token_type", "expires_in", "scope"}


async def test_a_machine_acts_alone_as_its_organisation(
    client: httpx2.AsyncClient, sessions: Sessions
) -> None:
    owner = await person(client, sessions)
    desk = await registered(owner)
    token = await machine_token(client, desk)
    claims = claims_of(token)
    assert (claims["aud"], claims["sub"]) == (f"{ISSUER}/partner", desk["id"])
    me = (await client.get("/v1/sessions/current", headers=bearer(token))).json()
    assert (me["user"], me["role"]) == (None, None)
    assert me["organisation"]["id"] == str(owner.organisation_id)
    assert me["permissions"] == ["listings:write", "read"]
    less = await machine_token(client, desk, scope="read")
    me = (await client.get("/v1/sessions/current", headers=bearer(less))).json()
    assert me["permissions"] == ["read"]
    founding = {"name": "Lab", "kind": "company", "country": "KR"}
    refused = await client.post("/v1/organisations", json=founding, headers=bearer(token))
    assert (refused.status_code, refused.json()["code"]) == (403, "permission_missing")


async def test_what_takes_a_person_never_goes_to_a_machine_alone(
    app: FastAPI, client: httpx2.AsyncClient, sessions: Sessions
) -> None:
    """A client that works in both ways signs for its person, and not for itself."""
    owner = await person(client, sessions)
    both = WEB | {
        "grant_types": ["authorization_code", "client_credentials"],
        "scopes": ["read", "agreements:sign", "members:manage"],
    }
    flow = await flow_of(app, sessions, owner, both, scope="agreements:sign members:manage")
    alone = await machine_token(client, flow.client)
    assert claims_of(alone)["scope"] == "read"
    signs = await flow.tokens()
    me = await client.get("/v1/sessions/current", headers=bearer(signs["access_token"]))
    assert me.json()["permissions"] == ["agreements:sign", "members:manage"]


@pytest.mark.parametrize(("role", "left"), [("owner", 2), ("member", 2), ("viewer", 1)])
async def test_a_client_does_no_more_than_the_persons_role(
    app: FastAPI, client: httpx2.AsyncClient, sessions: Sessions, role: str, left: int
) -> None:
    owner = await person(client, sessions)
    own = owner.organisation_id
    other = await person(client, sessions, organisation_id=own, role=MemberRole(role))
    desk = await registered(owner, WEB)
    flow = Flow(desk, await signed_in_browser(app, sessions, other), own)
    token = (await flow.tokens())["access_token"]
    me = (await client.get("/v1/sessions/current", headers=bearer(token))).json()
    assert (me["role"], len(me["permissions"])) == (role, left)


async def test_an_operator_has_an_audience_of_their_own(
    app: FastAPI, client: httpx2.AsyncClient, sessions: Sessions
) -> None:
    body = WEB | {"scopes": ["read", "deals:operate"]}
    boss = await operator(client, sessions)
    flow = await flow_of(app, sessions, boss, body, scope="read deals:operate")
    token = (await flow.tokens())["access_token"]
    assert claims_of(token)["aud"] == f"{ISSUER}/operator"
    me = (await client.get("/v1/sessions/current", headers=bearer(token))).json()
    assert me["permissions"] == ["deals:operate", "read"]


async def test_a_person_chooses_for_which_organisation(
    app: FastAPI, client: httpx2.AsyncClient, sessions: Sessions
) -> None:
    member = await person(client, sessions, kind=OrganisationKind.PERSON, name="Ada")
    lab = {"name": "Lab", "kind": "university", "country": "KR"}
    founded = (await member.post("/v1/organisations", lab)).json()
    flow = await flow_of(app, sessions, member)
    page = (await flow.open()).text
    assert page.index("Ada") < page.index("Lab")
    flow.organisation_id = founded["id"]
    token = (await flow.tokens())["access_token"]
    me = (await client.get("/v1/sessions/current", headers=bearer(token))).json()
    assert me["organisation"]["id"] == founded["id"]


async def test_a_key_proves_a_client_as_well_as_a_secret(
    client: httpx2.AsyncClient, sessions: Sessions, clock: ShiftedClock
) -> None:
    old, new = own_key("old"), own_key("new")
    owner = await person(client, sessions)
    desk = await registered(owner, keyed(old))
    assert desk["client_secret"] is None
    at = clock.now().timestamp()
    for audience in (ISSUER, f"{ISSUER}/oauth/token", [ISSUER]):
        form = {"grant_type": "client_credentials"} | assertion(old, desk["id"], at, aud=audience)
        assert (await client.post("/oauth/token", data=form)).status_code == 200
    keys = {"keys": [old.as_dict(private=False), new.as_dict(private=False)]}
    edited = await owner.patch(f"/v1/clients/{desk['id']}", {"jwks": keys})
    assert edited.status_code == 200, edited.text
    for key in (old, new):
        form = {"grant_type": "client_credentials"} | assertion(key, desk["id"], at)
        assert (await client.post("/oauth/token", data=form)).status_code == 200


async def test_a_client_asks_what_its_token_is_worth_and_gives_it_up(
    app: FastAPI, client: httpx2.AsyncClient, sessions: Sessions
) -> None:
    member = await person(client, sessions)
    flow = await flow_of(app, sessions, member)
    found = await flow.tokens()
    access, refresh = found["access_token"], found["refresh_token"]

    async def state(token: str) -> dict[str, Any]:
        answer = await flow.post("/oauth/introspect", {"token": token, "token_type_hint": "x"})
        assert answer.status_code == 200
        told: dict[str, Any] = answer.json()
        return told

    told = await state(access)
    expected = {
        "active": True,
        "client_id": flow.client["id"],
        "sub": str(member.user_id),
        "aud": f"{ISSUER}/member",
        "iss": ISSUER,
        "organisation_id": str(member.organisation_id),
    }
    assert expected.items() <= told.items()
    assert expected.keys() - {"aud", "organisation_id"} <= (await state(refresh)).keys()
    assert (await flow.post("/oauth/revoke", {"token": access})).status_code == 200
    assert await state(access) == {"active": False}
    closed = await client.get("/v1/sessions/current", headers=bearer(access))
    assert closed.status_code == 401
    assert (await state(refresh))["active"], "an access token is given up alone"

    second = (await flow.refresh(refresh)).json()
    given_up = {"token": second["refresh_token"], "token_type_hint": "access_token"}
    assert (await flow.post("/oauth/revoke", given_up)).json() == {}
    for token in (second["access_token"], second["refresh_token"]):
        assert await state(token) == {"active": False}
    for token in ("unknown", access, "eyJ.eyJ.x"):
        again = await flow.post("/oauth/revoke", {"token": token})
        assert (again.status_code, again.json()) == (200, {})


async def test_a_person_sees_what_they_allowed_and_withdraws_it(
    app: FastAPI, client: httpx2.AsyncClient, sessions: Sessions
) -> None:
    member = await person(client, sessions)
    flow = await flow_of(app, sessions, member)
    await flow.code()  # which nobody redeemed
    found, other = await flow.tokens(), await flow.tokens()
    page = (await member.get("/v1/authorizations", limit=1)).json()
    rest = (await member.get("/v1/authorizations", cursor=page["next"])).json()
    (newest,), (first,) = page["items"], rest["items"]
    assert (rest["next"], first["client_name"]) == (None, "Patent desk")
    assert first["client_id"] == newest["client_id"] == flow.client["id"]
    assert set(first["scopes"]) == set(flow.scope.split())
    assert first["id"] == claims_of(found["access_token"])["family"]

    path = f"/v1/authorizations/{first['id']}"
    for _ in range(2):
        answer = await client.delete(path, headers=member.headers)
        assert answer.status_code == 204

    assert (await flow.refresh(found["refresh_token"])).status_code == 400
    for token, status in ((found["access_token"], 401), (other["access_token"], 200)):
        answer = await client.get("/v1/sessions/current", headers=bearer(token))
        assert answer.status_code == status
    assert (await member.get("/v1/authorizations")).json()["items"] == [newest]
    alone = await machine_token(client, await registered(member))
    refused = await client.get("/v1/authorizations", headers=bearer(alone))
    assert (refused.status_code, refused.json()["code"]) == (403, "permission_missing")


async def test_everything_is_discovered(client: httpx2.AsyncClient) -> None:
    first = await client.get("/.well-known/openid-configuration")
    second = await client.get("/.well-known/oauth-authorization-server")
    found = first.json()
    assert second.json() == found
    assert first.headers["cache-control"] == "public, max-age=300"
    assert found["issuer"] == ISSUER
    for name, address in found.items():
        if name.endswith(("_endpoint", "_uri")):
            assert address.startswith(f"{ISSUER}/oauth/")
            answer = await client.get(address.removeprefix(ISSUER))
            assert answer.status_code in {200, 303, 400, 401, 405}, name
    assert found["code_challenge_methods_supported"] == ["S256"]
    assert found["authorization_response_iss_parameter_supported"] is True
    assert "none" not in found["introspection_endpoint_auth_methods_supported"]


async def test_a_client_is_seen_at_work_to_the_hour(
    client: httpx2.AsyncClient, sessions: Sessions, clock: ShiftedClock
) -> None:
    owner = await person(client, sessions)
    desk = await registered(owner, MACHINE)
    path, seen = f"/v1/clients/{desk['id']}", []
    for minutes in (0, 30, 90):
        clock.offset = timedelta(minutes=minutes)
        await machine_token(client, desk)
        seen.append((await owner.get(path)).json()["last_used_at"])
    assert seen[0] == seen[1] < seen[2]
    wrong = await client.post(
        "/oauth/token", data={"grant_type": "client_credentials"}, headers=basic(desk, "wrong")
    )
    assert wrong.status_code == 401
    assert (await owner.get(path)).json()["last_used_at"] == seen[2]
