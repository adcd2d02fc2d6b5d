"""Partner accounts: who registers what, how secrets change, and how it ends."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.util import urlsafe_b64encode
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from marketplace.accounts.models import OrganisationKind
from marketplace.accounts.permissions import (
    KIND_PERMISSIONS,
    NEVER_ALONE,
    ROLE_PERMISSIONS,
    MemberRole,
    Permission,
)
from marketplace.kernel.clock import ShiftedClock
from marketplace.kernel.db import Sessions
from tests.factories.oauth import (
    MACHINE,
    NATIVE,
    WEB,
    assertion,
    basic,
    bearer,
    keyed,
    machine_token,
    own_key,
    registered,
)
from tests.factories.people import Person, operator, person
from tests.factories.tables import contents

ALONE = {"grant_type": "client_credentials"}


@pytest.fixture
async def owner(client: httpx2.AsyncClient, sessions: Sessions) -> Person:
    return await person(client, sessions)


async def lets_in(client: httpx2.AsyncClient, desk: dict[str, Any], secret: str) -> bool:
    answer = await client.post("/oauth/token", data=ALONE, headers=basic(desk, secret))
    assert answer.status_code in {200, 401}
    return answer.status_code == 200


async def test_a_client_is_registered_and_its_secret_shown_once(
    owner: Person, connection: AsyncConnection
) -> None:
    made = await registered(owner)
    secret = made.pop("client_secret")
    assert secret.startswith("mps_")
    assert len(secret) > 40
    assert made["secret_hint"] == secret[:8]
    path = f"/v1/clients/{made['id']}"
    assert (await owner.get(path)).json() == made
    assert (await owner.get("/v1/clients")).json() == {"items": [made], "next": None}
    stored = text("SELECT c::text || e::text FROM oauth_client c, event e")
    assert secret not in "".join((await connection.execute(stored)).scalars())
    public = await registered(owner, NATIVE)
    assert (public["client_secret"], public["secret_hint"]) == (None, None)


async def test_a_repeated_registration_is_done_once_and_tells_the_secret_once(
    owner: Person, connection: AsyncConnection
) -> None:
    key = {"idempotency-key": "desk-1"}
    first = await owner.post("/v1/clients", MACHINE, headers=key)
    before = await contents(connection)
    again = await owner.post("/v1/clients", MACHINE, headers=key)
    assert (first.status_code, again.status_code) == (201, 409)
    assert again.json()["code"] == "answer_withheld"
    assert await contents(connection) == before
    kept = text("SELECT i::text FROM idempotency_key i")
    assert "mps_" not in "".join((await connection.execute(kept)).scalars())


WEAK = {"kty": "RSA", "n": urlsafe_b64encode(b"\xff" * 128).decode(), "e": "AQAB"}
PADDED = WEAK | {"n": urlsafe_b64encode(bytes(128) + b"\xff" * 128).decode()}
REFUSED: list[tuple[dict[str, Any], int, str]] = [
    (MACHINE | {"name": " "}, 422, "validation_failed"),
    (MACHINE | {"authentication": "client_secret_post"}, 422, "validation_failed"),
    (MACHINE | {"grant_types": []}, 422, "validation_failed"),
    (MACHINE | {"grant_types": ["password"]}, 422, "validation_failed"),
    (MACHINE | {"scopes": []}, 422, "validation_failed"),
    (MACHINE | {"scopes": ["everything"]}, 422, "validation_failed"),
    (MACHINE | {"client_secret": "my own"}, 422, "validation_failed"),
    (WEB | {"redirect_uris": ["https://a.example/#x"]}, 422, "validation_failed"),
    (WEB | {"redirect_uris": ["http://a.example/"]}, 422, "validation_failed"),
    (WEB | {"redirect_uris": ["https://*.a.example/"]}, 422, "validation_failed"),
    (WEB | {"redirect_uris": ["javascript:alert(1)"]}, 422, "validation_failed"),
    (WEB | {"redirect_uris": ["https://a.example/"] * 11}, 422, "validation_failed"),
    (keyed(own_key()) | {"jwks": {"keys": []}}, 422, "validation_failed"),
    (
        keyed(own_key()) | {"jwks": {"keys": [own_key().as_dict(private=True)]}},
        422,
        "validation_failed",
    ),
    (keyed(own_key()) | {"jwks": {"keys": [WEAK]}}, 422, "validation_failed"),
    (keyed(own_key()) | {"jwks": {"keys": [PADDED]}}, 422, "validation_failed"),
    (
        keyed(own_key()) | {"jwks": {"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}},
        422,
        "validation_failed",
    ),
    (
        keyed(own_key()) | {"jwks": {"keys": [{"kty": "EC", "crv": "P-256", "x": "AA"}]}},
        422,
        "validation_failed",
    ),
    (
        keyed(own_key()) | {"jwks": {"keys": [own_key("a").as_dict(private=False)] * 2}},
        422,
        "validation_failed",
    ),
    (
        keyed(ECKey.generate_key("P-521")),
        422,
        "validation_failed",
    ),
    (MACHINE | {"redirect_uris": WEB["redirect_uris"]}, 422, "inconsistent_client"),
    (WEB | {"redirect_uris": []}, 422, "inconsistent_client"),
    (WEB | {"redirect_uris": ["com.example.app:/cb"]}, 422, "inconsistent_client"),
    (MACHINE | {"authentication": "none"}, 422, "inconsistent_client"),
    (MACHINE | {"authentication": "private_key_jwt"}, 422, "inconsistent_client"),
    (keyed(own_key()) | {"authentication": "client_secret_basic"}, 422, "inconsistent_client"),
    (MACHINE | {"scopes": ["read", "agreements:sign"]}, 403, "scope_not_allowed"),
    (MACHINE | {"scopes": ["members:manage"]}, 403, "scope_not_allowed"),
    (MACHINE | {"scopes": ["openid"]}, 403, "scope_not_allowed"),
    (WEB | {"scopes": ["deals:operate"]}, 403, "scope_not_allowed"),
    (WEB | {"scopes": ["clients:manage"]}, 403, "scope_not_allowed"),
    (WEB | {"scopes": ["bank_account:manage"]}, 403, "scope_not_allowed"),
]


@pytest.mark.parametrize(("body", "status", "code"), REFUSED, ids=range(len(REFUSED)))
async def test_settings_that_do_not_go_together_are_refused(
    owner: Person, connection: AsyncConnection, body: dict[str, Any], status: int, code: str
) -> None:
    before = await contents(connection)
    answer = await owner.post("/v1/clients", body)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert await contents(connection) == before


@pytest.mark.parametrize(
    "key",
    [own_key(), RSAKey.generate_key(2048), OKPKey.generate_key("Ed25519")],
    ids=lambda k: k.key_type,
)
async def test_every_kind_of_key_that_we_name_is_taken(
    client: httpx2.AsyncClient, owner: Person, clock: ShiftedClock, key: Any
) -> None:
    desk = await registered(owner, keyed(key))
    assert "d" not in desk["jwks"]["keys"][0]
    algorithm = {"EC": "ES256", "RSA": "PS256", "OKP": "Ed25519"}[key.key_type]
    at = clock.now().timestamp()
    form = assertion(key, desk["id"], at, header={"alg": algorithm})
    assert (await client.post("/oauth/token", data=ALONE | form)).status_code == 200


@pytest.mark.parametrize("kind", OrganisationKind)
async def test_a_kind_of_organisation_has_the_scopes_of_the_table(
    client: httpx2.AsyncClient, sessions: Sessions, kind: OrganisationKind
) -> None:
    role = MemberRole.OPERATOR if kind is OrganisationKind.OPERATOR else MemberRole.OWNER
    admin = await person(client, sessions, kind=kind, role=role)
    allowed = {"alone": set(), "with a person": set()}
    for permission in Permission:
        for how, body in (("alone", MACHINE), ("with a person", WEB)):
            answer = await admin.post("/v1/clients", body | {"scopes": [permission]})
            assert answer.status_code in {201, 403}
            if answer.status_code == 201:
                allowed[how].add(permission)
    assert allowed["with a person"] == KIND_PERMISSIONS[kind]
    assert allowed["alone"] == KIND_PERMISSIONS[kind] - NEVER_ALONE


def test_the_table_of_kinds_is_whole_and_gives_nothing_that_no_member_has() -> None:
    assert set(OrganisationKind) <= KIND_PERMISSIONS.keys()
    for kind, permissions in KIND_PERMISSIONS.items():
        role = MemberRole.OPERATOR if kind == "operator" else MemberRole.OWNER
        assert permissions <= ROLE_PERMISSIONS[role] - {Permission.MANAGE_CLIENTS}, kind
    assert {Permission.SIGN, Permission.MANAGE_MEMBERS} <= NEVER_ALONE


async def test_a_secret_is_rotated_with_an_overlap(
    client: httpx2.AsyncClient, owner: Person, clock: ShiftedClock
) -> None:
    desk = await registered(owner)
    path, first = f"/v1/clients/{desk['id']}", desk["client_secret"]
    rotated = (await owner.post(f"{path}/rotate-secret", {"overlap_days": 7})).json()
    second = rotated["client_secret"]
    assert rotated["secret_hint"] == second[:8]
    assert [await lets_in(client, desk, s) for s in (first, second)] == [True, True]
    third = await owner.post(f"{path}/rotate-secret", {"overlap_days": 1})
    assert (third.status_code, third.json()["code"]) == (409, "secrets_overlap")
    assert [await lets_in(client, desk, s) for s in (first, second)] == [True, True]

    clock.offset = timedelta(days=7)
    assert [await lets_in(client, desk, s) for s in (first, second)] == [False, True]
    fourth = (await owner.post(f"{path}/rotate-secret", {"overlap_days": 30})).json()
    fifth = (await owner.post(f"{path}/rotate-secret", {"overlap_days": 0})).json()
    secrets = (second, fourth["client_secret"], fifth["client_secret"])
    assert [await lets_in(client, desk, s) for s in secrets] == [False, False, True]
    assert fifth["former_secret_ends_at"] is None
    for days in (31, -1, 1.5, "7", None):
        answer = await owner.post(f"{path}/rotate-secret", {"overlap_days": days})
        assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")


async def test_a_client_with_keys_has_no_secret_to_rotate(owner: Person) -> None:
    desk = await registered(owner, keyed(own_key()))
    answer = await owner.post(f"/v1/clients/{desk['id']}/rotate-secret", {"overlap_days": 0})
    assert (answer.status_code, answer.json()["code"]) == (409, "no_secret")


async def test_an_edit_changes_what_is_given_and_what_tokens_may_do(
    client: httpx2.AsyncClient, owner: Person, connection: AsyncConnection
) -> None:
    desk = await registered(owner)
    path, token = f"/v1/clients/{desk['id']}", await machine_token(client, desk)
    renamed = await owner.patch(path, {"name": "Desk 2"}, headers={"if-match": "1"})
    assert (renamed.json()["name"], renamed.json()["version"]) == ("Desk 2", 2)
    current = await client.get("/v1/sessions/current", headers=bearer(token))
    assert current.status_code == 200
    before = await contents(connection)
    for body, headers, status, code in (
        ({"name": "x"}, {"if-match": "1"}, 409, "version_mismatch"),
        ({"scopes": ["agreements:sign"]}, {}, 403, "scope_not_allowed"),
        ({"redirect_uris": WEB["redirect_uris"]}, {}, 422, "inconsistent_client"),
        ({"name": None}, {}, 422, "validation_failed"),
        ({"authentication": "none"}, {}, 422, "validation_failed"),
    ):
        answer = await owner.patch(path, body, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert await contents(connection) == before
    await owner.patch(path, {"scopes": ["read"]})
    query = text("SELECT data FROM event WHERE type = 'client.edit' ORDER BY sequence DESC LIMIT 2")
    narrowed, named = (await connection.execute(query)).scalars()
    assert (narrowed["from"], narrowed["to"]) == ({"scopes": desk["scopes"]}, {"scopes": ["read"]})
    assert (named["fields"], named["from"], named["to"]) == (["name"], {}, {})
    current = await client.get("/v1/sessions/current", headers=bearer(token))
    assert current.status_code == 401, "it held a scope that is gone"


async def test_a_revoked_client_is_over(
    client: httpx2.AsyncClient, owner: Person, connection: AsyncConnection
) -> None:
    desk = await registered(owner)
    path, token = f"/v1/clients/{desk['id']}", await machine_token(client, desk)
    revoked = (await owner.post(f"{path}/revoke")).json()
    assert revoked["revoked_at"]
    current = await client.get("/v1/sessions/current", headers=bearer(token))
    assert (current.status_code, current.json()["code"]) == (401, "invalid_token")
    assert not await lets_in(client, desk, desk["client_secret"])
    before = await contents(connection)
    for answer in (
        await owner.post(f"{path}/revoke"),
        await owner.post(f"{path}/rotate-secret", {"overlap_days": 0}),
        await owner.patch(path, {"name": "x"}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "client_revoked")
    assert await contents(connection) == before
    assert (await owner.get(path)).json() == revoked


async def test_anothers_client_is_not_there(
    client: httpx2.AsyncClient, sessions: Sessions, owner: Person, connection: AsyncConnection
) -> None:
    desk = await registered(owner)
    for stranger in (await person(client, sessions), await operator(client, sessions)):
        before = await contents(connection)
        for client_id in (desk["id"], str(uuid4())):
            path = f"/v1/clients/{client_id}"
            for answer in (
                await stranger.get(path),
                await stranger.patch(path, {"name": "x"}),
                await stranger.post(f"{path}/revoke"),
                await stranger.post(f"{path}/rotate-secret", {"overlap_days": 0}),
            ):
                assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
        assert await contents(connection) == before


async def test_the_log_tells_who_changed_a_client_and_no_secret(
    owner: Person, connection: AsyncConnection
) -> None:
    desk = await registered(owner)
    path = f"/v1/clients/{desk['id']}"
    await owner.patch(path, {"scopes": ["read"]})
    rotated = (await owner.post(f"{path}/rotate-secret", {"overlap_days": 1})).json()
    await owner.post(f"{path}/revoke")
    query = "SELECT type, actor, data::text FROM event WHERE subject = :subject ORDER BY sequence"
    told = (await connection.execute(text(query), {"subject": f"client:{desk['id']}"})).all()
    assert [row[0].partition(".")[2] for row in told] == [
        "register",
        "edit",
        "rotate_secret",
        "revoke",
    ]
    assert {row[1] for row in told} == {f"user:{owner.user_id}"}
    for secret in (desk["client_secret"], rotated["client_secret"], desk["secret_hint"]):
        assert secret not in str(told)
