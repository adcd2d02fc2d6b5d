from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from marketplace.accounts.authentication import secret_hash
from marketplace.accounts.models import OrganisationKind
from marketplace.accounts.people.service import create_operator
from marketplace.accounts.permissions import ROLE_PERMISSIONS, MemberRole, Permission
from marketplace.accounts.sessions.service import LIFETIME
from marketplace.kernel.clock import ShiftedClock
from marketplace.kernel.db import Sessions
from tests.factories.deals import ok
from tests.factories.people import operator, person
from tests.factories.routes import BODIES

PASSWORD = "long and private"
INVENTOR = {
    "email": "  Inventor@Example.COM ",
    "password": PASSWORD,
    "display_name": "발명가",
    "country": "KR",
    "region": "KR-11",
}


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


async def count(connection: AsyncConnection) -> tuple[int, ...]:
    """Rows that a refused request of accounts must not add."""
    query = text(
        """
        SELECT (SELECT count(*) FROM user_account), (SELECT count(*) FROM organisation),
            (SELECT count(*) FROM membership), (SELECT count(*) FROM login_session),
            (SELECT count(*) FROM event)
        """
    )
    return tuple((await connection.execute(query)).one())


async def assert_refused(answer: httpx2.Response, status: int, code: str) -> None:
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_one_signs_up_once_and_in_with_any_spelling_of_the_address(
    client: httpx2.AsyncClient, connection: AsyncConnection
) -> None:
    made = await ok(await client.post("/v1/users", json=INVENTOR))
    assert made["user"]["email"] == "inventor@example.com"
    assert (made["organisation"]["kind"], made["organisation"]["name"]) == ("person", "발명가")
    before = await count(connection)
    for spelling in ("inventor@example.com", "INVENTOR@EXAMPLE.COM"):
        again = await client.post("/v1/users", json=INVENTOR | {"email": spelling})
        await assert_refused(again, 409, "email_taken")
    assert await count(connection) == before

    sent = {"email": "INVENTOR@example.com", "password": PASSWORD}
    signed_in = await ok(await client.post("/v1/sessions", json=sent))

    assert signed_in["organisation"] == made["organisation"]
    me = await ok(await client.get("/v1/sessions/current", headers=bearer(signed_in["token"])))
    assert (me["user"], me["role"]) == (made["user"], "owner")
    assert me["permissions"] == sorted(ROLE_PERMISSIONS[MemberRole.OWNER])
    stored = (await connection.execute(text("SELECT token_hash FROM login_session"))).scalars()
    assert secret_hash(signed_in["token"]) in set(stored)
    assert PASSWORD not in str(
        (await connection.execute(text("SELECT u::text FROM user_account u"))).all()
    )

    answers = []
    for wrong in ({"password": "long and publics"}, {"email": "nobody@example.com"}):
        answer = await client.post("/v1/sessions", json=sent | wrong)
        await assert_refused(answer, 401, "wrong_credentials")
        answers.append({k: v for k, v in answer.json().items() if k != "request_id"})
        assert answer.headers["www-authenticate"] == "Bearer"
    assert answers[0] == answers[1]
    foreign = await client.post("/v1/sessions", json=sent | {"organisation_id": str(uuid4())})
    await assert_refused(foreign, 403, "not_a_member")
    assert (await count(connection))[:-1] == (*before[:3], before[3] + 1)


@pytest.mark.parametrize(
    "wrong",
    [
        {"email": "nobody"},
        {"email": "a@b"},
        {"email": "a b@example.com"},
        {"email": "a@@example.com"},
        {"email": f"{'a' * 65}@example.com"},
        {"email": f"a@{'b' * 250}.com"},
        {"email": "nul\x00@example.com"},
        {"password": "too short"},
        {"password": "x" * 201},
        {"password": 1234567890},
        {"display_name": " "},
        {"display_name": "two\nlines"},
        {"display_name": "\u200b"},
        {"display_name": "\u202eknab ruoY"},
        {"display_name": "Your bank\u2069"},
        {"country": "KOR"},
        {"country": "kr"},
        {"region": "11"},
        {"kind": "operator"},
        {"role": "owner"},
    ],
    ids=str,
)
async def test_a_malformed_sign_up_is_refused(
    client: httpx2.AsyncClient, connection: AsyncConnection, wrong: dict[str, Any]
) -> None:
    before = await count(connection)

    answer = await client.post("/v1/users", json=INVENTOR | wrong)

    await assert_refused(answer, 422, "validation_failed")
    assert PASSWORD not in answer.text
    assert await count(connection) == before


async def test_broken_unicode_is_no_password(client: httpx2.AsyncClient) -> None:
    body = rb'{"email": "a@example.com", "password": "\ud800 long enough"}'
    for path in ("/v1/sessions", "/v1/users"):
        answer = await client.post(path, content=body, headers={"content-type": "application/json"})
        await assert_refused(answer, 422, "validation_failed")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": "Bearer"},
        {"authorization": "Bearer mp_unknown"},
        {"authorization": "Basic YTpi"},
        {"authorization": "mp_unknown"},
    ],
    ids=str,
)
async def test_no_token_no_answer(client: httpx2.AsyncClient, headers: dict[str, str]) -> None:
    answer = await client.get("/v1/sessions/current", headers=headers)

    await assert_refused(answer, 401, "invalid_token")


@pytest.mark.parametrize("scheme", ["Bearer ", "bearer ", "Bearer  "])
async def test_signing_out_ends_this_token_and_no_other(
    client: httpx2.AsyncClient, sessions: Sessions, scheme: str
) -> None:
    one, other = await person(client, sessions), await person(client, sessions)
    headers = {"authorization": f"{scheme}{one.token}"}

    assert (await client.delete("/v1/sessions/current", headers=headers)).status_code == 204

    await assert_refused(await one.get("/v1/sessions/current"), 401, "invalid_token")
    await assert_refused(
        await client.delete("/v1/sessions/current", headers=headers), 401, "invalid_token"
    )
    assert (await other.get("/v1/sessions/current")).is_success


async def test_a_token_lasts_twelve_hours(
    client: httpx2.AsyncClient, sessions: Sessions, clock: ShiftedClock
) -> None:
    async with sessions.begin() as session:
        await create_operator(session, "Op@example.com", PASSWORD, "Operator")
    sent = {"email": "op@example.com", "password": PASSWORD}
    signed_in = await ok(await client.post("/v1/sessions", json=sent))
    headers = bearer(signed_in["token"])
    me = await ok(await client.get("/v1/sessions/current", headers=headers))
    assert (me["role"], me["organisation"]["kind"]) == ("operator", "operator")

    for offset, status in ((timedelta(minutes=-1), 200), (timedelta(), 401)):
        clock.offset = LIFETIME + offset
        answer = await client.get("/v1/sessions/current", headers=headers)
        assert answer.status_code == status


async def test_operators_share_one_organisation_that_only_the_command_line_fills(
    client: httpx2.AsyncClient, sessions: Sessions, connection: AsyncConnection
) -> None:
    first = await operator(client, sessions)
    async with sessions.begin() as session:
        await create_operator(session, "second@example.com", PASSWORD, "Second")
    query = text(
        "SELECT count(DISTINCT o.id), count(*) FROM organisation o"
        " JOIN membership m ON m.organisation_id = o.id WHERE o.kind = 'operator'"
    )
    assert tuple((await connection.execute(query)).one()) == (1, 2)
    before = await count(connection)

    for kind in (OrganisationKind.OPERATOR, OrganisationKind.PERSON):
        body = {"name": "Us", "kind": kind, "country": "KR"}
        await assert_refused(await first.post("/v1/organisations", body), 403, "permission_missing")
    joined = await first.post(
        f"/v1/organisations/{first.organisation_id}/invitations",
        {"email": "third@example.com", "role": "member"},
    )
    await assert_refused(joined, 403, "permission_missing")
    left = await first.post(f"/v1/organisations/{first.organisation_id}/leave")
    await assert_refused(left, 409, "fixed_members")
    assert await count(connection) == before


async def test_a_founder_owns_the_organisation_and_acts_for_it_after_signing_in_again(
    client: httpx2.AsyncClient,
) -> None:
    made = await ok(await client.post("/v1/users", json=INVENTOR))
    sent = {"email": INVENTOR["email"], "password": PASSWORD}
    own = bearer((await ok(await client.post("/v1/sessions", json=sent)))["token"])
    body = {"name": "Lab", "kind": "university", "country": "KR"}
    profile = await ok(await client.post("/v1/organisations", json=body, headers=own))
    lab = {name: profile[name] for name in made["organisation"]}
    me = await ok(await client.get("/v1/sessions/current", headers=own))
    assert me["organisation"] == made["organisation"]

    acting = await ok(await client.post("/v1/sessions", json=sent | {"organisation_id": lab["id"]}))

    me = await ok(await client.get("/v1/sessions/current", headers=bearer(acting["token"])))
    assert (me["organisation"], me["role"], me["user"]) == (lab, "owner", made["user"])
    mine = await ok(await client.get("/v1/organisations", headers=own))
    assert mine == [made["organisation"], lab]
    read = await ok(await client.get(f"/v1/organisations/{lab['id']}", headers=own))
    assert read == profile
    unknown = await client.get(f"/v1/organisations/{uuid4()}", headers=own)
    await assert_refused(unknown, 404, "not_found")


@pytest.mark.parametrize("role", MemberRole)
async def test_a_role_opens_exactly_its_routes(
    client: httpx2.AsyncClient, sessions: Sessions, connection: AsyncConnection, role: MemberRole
) -> None:
    """One route for each permission, with a body that is good but for the thing it names."""
    kind = OrganisationKind.OPERATOR if role is MemberRole.OPERATOR else OrganisationKind.COMPANY
    actor = await person(client, sessions, kind=kind, role=role)
    before = await count(connection)
    assert set(PROBES) == set(Permission)
    for permission, (method, path, body) in PROBES.items():
        answer = await client.request(method, path, json=body, headers=actor.headers)
        refused = (answer.status_code, answer.json()["code"]) == (403, "permission_missing")
        assert refused == (permission not in ROLE_PERMISSIONS[role]), path
    assert await count(connection) == before


NOWHERE = "00000000-0000-7000-8000-000000000000"
PRICE = {"price": {"amount_minor": 1, "currency": "KRW"}}
DRAFT = {
    "right_id": NOWHERE,
    "title": "x",
    "teaser": "x",
    "language": "en",
    "currency": "KRW",
}
MEMBER = {"email": "nobody@example.com", "role": "member"}
HEIR = {"user_id": NOWHERE}
NO_ACCOUNT = {"holder_name": "x", "account_number": "GB00", "bank_code": "x", "country": "KR"}
WITHDRAWAL = BODIES["withdraw_valuation_model"]
PROBES: dict[str, tuple[str, str, Any]] = {
    "read": ("GET", f"/v1/deals/{NOWHERE}", None),
    "account:manage": ("DELETE", f"/v1/api-keys/{NOWHERE}", None),
    "members:manage": ("POST", f"/v1/organisations/{NOWHERE}/invitations", MEMBER),
    "clients:manage": ("POST", f"/v1/clients/{NOWHERE}/revoke", None),
    "organisation:manage": ("PATCH", f"/v1/organisations/{NOWHERE}", {"name": "x"}),
    "organisation:own": ("POST", f"/v1/organisations/{NOWHERE}/transfer-ownership", HEIR),
    "organisations:operate": ("POST", f"/v1/organisations/{NOWHERE}/suspend", {"reason": "x"}),
    "identity_providers:operate": ("POST", f"/v1/identity-providers/{NOWHERE}/enable", None),
    "bank_account:manage": ("PUT", "/v1/payee-account", NO_ACCOUNT),
    "rights:register": ("PUT", f"/v1/rights/{NOWHERE}/confidential-text", {"content": "x"}),
    "listings:write": ("POST", "/v1/listings", DRAFT),
    "offers:write": ("POST", f"/v1/listings/{NOWHERE}/offers", PRICE),
    "agreements:sign": ("POST", f"/v1/deals/{NOWHERE}/sign", {"sha256": "0" * 64}),
    "deals:perform": ("POST", f"/v1/deals/{NOWHERE}/file-transfer", None),
    "valuations:calculate": ("POST", "/v1/valuation/calculations", {}),
    "valuations:order": ("POST", f"/v1/valuation/orders/{NOWHERE}/accept", None),
    "valuations:perform": ("POST", f"/v1/valuation/assignments/{NOWHERE}/accept", None),
    "institution:manage": (
        "POST",
        f"/v1/valuation/institution-interests/{NOWHERE}/end",
        BODIES["end_institution_interest"],
    ),
    "valuations:operate": (
        "POST",
        f"/v1/valuation/models/{NOWHERE}/withdraw",
        BODIES["withdraw_valuation_model"],
    ),
    "statistics:read": (
        "GET",
        "/v1/statistics/crossed?down=right_kind&across=wipo_field&begins=2026-01-01&unit=x",
        None,
    ),
    "financing:write": ("POST", f"/v1/lender-products/{NOWHERE}/withdraw", None),
    "financing:operate": ("POST", "/v1/risk-sharing-schemes", {}),
    "deals:operate": ("POST", f"/v1/deals/{NOWHERE}/reverse", None),
    "listings:operate": ("POST", f"/v1/listings/{NOWHERE}/suspend", None),
    "system:operate": ("POST", "/v1/event-failures/nobody/1/retry", None),
    "payments:operate": ("POST", f"/v1/payout-batches/{NOWHERE}/send", None),
}
