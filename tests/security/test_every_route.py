"""Every route × every wrong credential: refused as the table of permissions says, nothing changed.

The routes are read from the app, and what each asks for from its own dependencies: a new one is
covered without being named here.
"""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from marketplace.accounts.authentication import secret_hash
from marketplace.accounts.oauth import tokens
from marketplace.accounts.oauth.tokens import AccessToken
from marketplace.accounts.permissions import (
    GRANTABLE,
    ROLE_PERMISSIONS,
    SCOPES,
    MemberRole,
    Permission,
)
from marketplace.accounts.sessions.service import new_token
from marketplace.accounts.signing_keys.service import signing_key
from marketplace.documentation import foreign_id
from marketplace.kernel.db import now
from marketplace.settings import Settings
from tests.factories.deals import ok
from tests.factories.oauth import WEB, bearer, claims_of, registered
from tests.factories.people import Person
from tests.factories.routes import Operation
from tests.factories.tables import contents
from tests.security.conftest import Scene
from tests.security.test_isolation import PUBLIC_PAGES

INVALID = (401, "invalid_token")
MISSING = (403, "permission_missing")
SUSPENDED = (403, "organisation_suspended")


@dataclass
class Issuer:
    """Writes access tokens of applications, as the service itself does, with any scopes."""

    scene: Scene
    key: ECKey
    token: AccessToken
    url: str

    def write(self, *scopes: str, **changed: Any) -> str:
        token = replace(self.token, id=tokens.new_token_id(), scopes=frozenset(scopes), **changed)
        return tokens.write(self.key, self.url, token, self.scene.world.clock.now())

    def signed(self, **changed: Any) -> str:
        """A token with every scope, and other claims."""
        whole = claims_of(self.write(*SCOPES)) | changed
        header = {"alg": "ES256", "typ": tokens.TYPE, "kid": self.key.kid}
        return jwt.encode(header, whole, self.key)


async def issuer_for(scene: Scene, holder: Person, role: MemberRole) -> Issuer:
    """What lets an application act for somebody, with all scopes that there are."""
    client = await registered(scene.market.seller, WEB)
    async with scene.world.sessions.begin() as session:
        moment = now(session)
        key = await signing_key(session, scene.world.app.state.keyring)
        grant_id = (
            await session.execute(
                text(
                    """
                    INSERT INTO oauth_grant (id, created_at, client_id, user_id, organisation_id,
                        scopes, redirect_uri, code_hash, code_challenge, signed_in_at, ends_at)
                    VALUES (gen_random_uuid(), :now, :client_id, :user_id, :organisation_id,
                        :scopes, '', sha256(gen_random_uuid()::text::bytea), '', :now, :ends_at)
                    RETURNING id
                    """
                ),
                {
                    "now": moment,
                    "ends_at": moment + timedelta(days=1),
                    "client_id": UUID(client["id"]),
                    "user_id": holder.user_id,
                    "organisation_id": holder.organisation_id,
                    "scopes": sorted(SCOPES),
                },
            )
        ).scalar_one()
        await session.execute(
            text("UPDATE oauth_client SET scopes = :scopes WHERE id = :id"),
            {"scopes": sorted(SCOPES), "id": UUID(client["id"])},
        )
    token = AccessToken(
        id="",
        key_id=UUID(key.kid),
        client_id=UUID(client["id"]),
        organisation_id=holder.organisation_id,
        scopes=frozenset(),
        expires_at=moment + timedelta(minutes=5),
        user_id=holder.user_id,
        role=role,
        grant_id=grant_id,
    )
    return Issuer(scene, key, token, scene.world.settings.issuer)


@pytest.fixture
async def member(scene: Scene, nothing_stays: AsyncConnection) -> Issuer:
    return await issuer_for(scene, scene.market.seller, MemberRole.OWNER)


@pytest.fixture
async def operator(scene: Scene, nothing_stays: AsyncConnection) -> Issuer:
    return await issuer_for(scene, scene.market.operator, MemberRole.OPERATOR)


@pytest.fixture
async def unchanged(nothing_stays: AsyncConnection) -> AsyncIterator[None]:
    """Requested last: by then everything that a test needs is there."""
    before = await contents(nothing_stays)
    yield
    assert await contents(nothing_stays) == before


def guarded(scene: Scene) -> list[Operation]:
    found = [op for op in scene.operations if op.needs_token]
    assert len(found) > 100
    return found


async def told(
    scene: Scene, op: Operation, headers: dict[str, str], ids: dict[str, str] | None = None
) -> tuple[int, str | None]:
    """The status and the code of an answer to a right request, on a thing that is there."""
    answer = await scene.world.client.request(
        op.method,
        op.address(scene.ids if ids is None else ids),
        json=op.body,
        headers=headers | {"idempotency-key": f"every route {op.name}"[:60]},
    )
    return answer.status_code, _code(answer)


def _code(answer: httpx2.Response) -> str | None:
    is_problem = answer.headers.get("content-type") == "application/problem+json"
    return answer.json()["code"] if is_problem else None


async def all_told(scene: Scene, headers: dict[str, str]) -> dict[str, tuple[int, str | None]]:
    return {op.label: await told(scene, op, headers) for op in guarded(scene)}


async def test_no_token(scene: Scene, unchanged: None) -> None:
    answers = await all_told(scene, {})
    assert answers == dict.fromkeys(answers, INVALID)


async def test_an_expired_token(
    scene: Scene, member: Issuer, nothing_stays: AsyncConnection
) -> None:
    ended = scene.world.clock.now() - timedelta(seconds=1)
    session_token = new_token()
    await nothing_stays.execute(
        text(
            """
            INSERT INTO login_session (id, created_at, token_hash, user_id, organisation_id,
                expires_at, device)
            VALUES (gen_random_uuid(), :ended, :hash, :user_id, :organisation_id, :ended, 'x')
            """
        ),
        {
            "ended": ended,
            "hash": secret_hash(session_token),
            "user_id": scene.market.seller.user_id,
            "organisation_id": scene.market.seller.organisation_id,
        },
    )
    before = await contents(nothing_stays)
    for token in (session_token, member.write(*SCOPES, expires_at=ended)):
        answers = await all_told(scene, bearer(token))
        assert answers == dict.fromkeys(answers, INVALID)
    assert await contents(nothing_stays) == before


async def test_a_token_for_another_audience(
    scene: Scene, member: Issuer, operator: Issuer, unchanged: None
) -> None:
    """A member's token for operators, a partner's for members, and for somebody else."""
    for token in (
        member.signed(aud=f"{member.url}/operator"),
        member.signed(aud=f"{member.url}/partner"),
        member.signed(aud="https://another.example/member"),
        member.signed(aud=[f"{member.url}/member"]),
        operator.signed(aud=f"{member.url}/member"),
    ):
        answers = await all_told(scene, bearer(token))
        assert answers == dict.fromkeys(answers, INVALID)


async def test_each_required_scope_is_missing(
    scene: Scene, member: Issuer, operator: Issuer, unchanged: None
) -> None:
    """A token with every scope but those that the route asks for: no other opens it instead."""
    refused = {}
    for op in guarded(scene):
        if op.permissions:
            issuer = member if op.lets_companies else operator
            others = set(SCOPES) - set(op.permissions)
            refused[op.label] = await told(scene, op, bearer(issuer.write(*others)))
    assert len(refused) > 100
    assert refused == dict.fromkeys(refused, MISSING)


async def test_no_application_does_what_is_for_people_alone(
    scene: Scene, nothing_stays: AsyncConnection, member: Issuer, operator: Issuer
) -> None:
    """What no scope stands for stays closed to a token with all of them."""
    personal = {
        op.label: op
        for op in guarded(scene)
        if op.permissions and not {p.value for p in op.permissions} & GRANTABLE.keys()
    }
    before = await contents(nothing_stays)
    answers = {}
    for label, op in personal.items():
        issuer = member if op.lets_companies else operator
        answers[label] = await told(scene, op, bearer(issuer.write(*GRANTABLE.keys())))
    assert len(answers) > 20
    assert answers == dict.fromkeys(answers, MISSING)
    assert await contents(nothing_stays) == before


async def test_a_required_scope_is_enough(
    scene: Scene, nothing_stays: AsyncConnection, member: Issuer, operator: Issuer
) -> None:
    """The control: with the scope and nothing else, the door of each route opens."""
    closed = {}
    for op in guarded(scene):
        for permission in (p for p in op.permissions if p.value in GRANTABLE):
            issuer = member if permission in ROLE_PERMISSIONS[MemberRole.OWNER] else operator
            savepoint = await nothing_stays.begin_nested()
            answer = await told(scene, op, bearer(issuer.write(permission)), {})
            await savepoint.rollback()
            if answer in {INVALID, MISSING, SUSPENDED}:
                closed[op.label, permission] = answer
    assert closed == {}


async def test_a_member_of_another_organisation(
    scene: Scene, nothing_stays: AsyncConnection
) -> None:
    """A thing of another's is not there; what is for operators alone tells nothing of it."""
    before = await contents(nothing_stays)
    stranger = scene.market.stranger.headers
    for op in guarded(scene):
        if not op.parameters or op.label in PUBLIC_PAGES:
            continue
        answer = await told(scene, op, stranger)
        if op.lets_companies:
            assert f"`{answer[0]} {answer[1]}`" == foreign_id(op.route), op.label
            assert answer[0] in {403, 404}, op.label
        else:
            assert answer == MISSING, op.label
        assert answer == await told(scene, op, stranger, {}), op.label
    assert await contents(nothing_stays) == before


@pytest.mark.parametrize("kind", ["session", "application", "partner"])
async def test_a_suspended_organisation(
    scene: Scene, nothing_stays: AsyncConnection, member: Issuer, kind: str
) -> None:
    suspend = f"/v1/organisations/{scene.ids['organisation_id']}/suspend"
    await ok(await scene.market.operator.post(suspend, {"reason": "forged recordals"}))
    before = await contents(nothing_stays)
    alone = {"user_id": None, "role": None, "grant_id": None}
    credential = {
        "session": scene.market.seller.token,
        "application": member.write(*SCOPES),
        "partner": member.write(*SCOPES, **alone),
    }[kind]
    answers = await all_told(scene, bearer(credential))
    assert answers == dict.fromkeys(answers, SUSPENDED)
    assert await contents(nothing_stays) == before


@pytest.fixture
def strict(scene: Scene) -> Iterator[None]:
    """While whoever has not confirmed their address may only read."""
    state = scene.world.app.state
    usual: Settings = state.settings
    state.settings = usual.model_copy(update={"require_verified_email": True})
    yield
    state.settings = usual


async def test_an_unverified_address_is_refused_where_the_document_says_so(
    scene: Scene,
    member: Issuer,
    operator: Issuer,
    nothing_stays: AsyncConnection,
    strict: None,
) -> None:
    await nothing_stays.execute(text("UPDATE user_account SET email_verified_at = NULL"))
    document = scene.world.app.openapi()["paths"]
    refused, declared = set(), set()
    for op in guarded(scene):
        person = scene.market.seller if op.lets_companies else scene.market.operator
        savepoint = await nothing_stays.begin_nested()
        if await told(scene, op, person.headers, {}) == (403, "email_unverified"):
            refused.add(op.label)
        await savepoint.rollback()
        responses = document[op.path][op.method.lower()]["responses"]
        if "`email_unverified`" in responses.get("403", {}).get("description", ""):
            declared.add(op.label)
    assert refused == declared
    assert len(refused) > 60


def test_every_permission_guards_some_route(scene: Scene) -> None:
    asked = {permission for op in guarded(scene) for permission in op.permissions}
    assert asked == set(Permission)
