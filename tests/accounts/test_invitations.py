"""People join by an invitation: for one address, once, for a while."""

import re
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from marketplace.accounts.authentication import secret_hash
from marketplace.accounts.invitations.service import KEPT, PENDING_MAX, forget_old
from marketplace.accounts.models import OrganisationKind
from marketplace.accounts.permissions import MemberRole
from marketplace.kernel.clock import ShiftedClock
from marketplace.kernel.db import Sessions
from tests.factories.deals import ok
from tests.factories.mail import mail_to
from tests.factories.people import Person, operator, person
from tests.factories.refusals import nothing_changes, told

ACCEPT, DECLINE = "/v1/invitations/accept", "/v1/invitations/decline"


class Desk:
    """A company's owner, a guest without a place in it, and the guest's mail."""

    def __init__(self, app: FastAPI, sessions: Sessions, owner: Person, guest: Person) -> None:
        self.app, self.sessions, self.owner, self.guest = app, sessions, owner, guest
        self.company = f"/v1/organisations/{owner.organisation_id}"
        self.invitations = f"{self.company}/invitations"

    async def email(self, who: Person) -> str:
        me = await ok(await who.get("/v1/sessions/current"))
        return str(me["user"]["email"])

    async def invite(self, by: Person | None = None, **changed: Any) -> dict[str, Any]:
        body = {"email": await self.email(self.guest), "role": "member"} | changed
        return dict(await ok(await (by or self.owner).post(self.invitations, body)))

    async def token(self, who: Person | None = None) -> str:
        address = await self.email(who or self.guest)
        message = (await mail_to(self.sessions, self.app.state.keyring, address))[-1]
        (found,) = re.findall(r"mpi_[\w-]{43}", message.text)
        return str(found)


@pytest.fixture
async def desk(app: FastAPI, client: httpx2.AsyncClient, sessions: Sessions) -> Desk:
    owner, guest = await person(client, sessions), await person(client, sessions)
    return Desk(app, sessions, owner, guest)


async def test_an_invited_person_joins_and_acts_with_a_new_session(
    desk: Desk, connection: AsyncConnection
) -> None:
    email = (await desk.email(desk.guest)).upper()
    invited = await desk.invite(email=email, role="admin")
    assert (invited["email"], invited["role"], invited["state"]) == (
        email.lower(),
        "admin",
        "pending",
    )
    pending = await ok(await desk.owner.get(desk.invitations))
    assert pending == {"items": [invited], "next": None}
    token = await desk.token()
    stored = await connection.execute(text("SELECT token_hash, i::text FROM invitation i"))
    ((token_hash, row),) = stored.all()
    assert token_hash == secret_hash(token)
    assert token not in row

    joined = await ok(await desk.guest.post(ACCEPT, {"token": token}))

    assert (joined["organisation"]["id"], joined["role"]) == (
        str(desk.owner.organisation_id),
        "admin",
    )
    mine = await ok(await desk.guest.get("/v1/organisations"))
    assert joined["organisation"] in mine
    members = await ok(await desk.owner.get(f"{desk.company}/members"))
    assert [one["role"] for one in members["items"]] == ["owner", "admin"]
    assert await ok(await desk.owner.get(desk.invitations)) == {"items": [], "next": None}
    events = await connection.execute(text("SELECT type, data::text FROM event"))
    for _, data in events:
        assert token not in data
        assert email.lower() not in data
    async with nothing_changes(connection):
        assert told(await desk.guest.post(ACCEPT, {"token": token})) == (409, "illegal_move")
        again = await desk.owner.post(desk.invitations, {"email": email, "role": "viewer"})
        assert told(again) == (409, "already_member")


async def test_the_mail_is_in_the_language_of_the_country(
    desk: Desk, connection: AsyncConnection
) -> None:
    for country, words in (("KR", "초대"), ("CN", "邀请"), ("DE", "invites you")):
        await connection.execute(
            text("UPDATE organisation SET country = :country, region = NULL"), {"country": country}
        )
        invited = await desk.invite()
        address = await desk.email(desk.guest)
        message = (await mail_to(desk.sessions, desk.app.state.keyring, address))[-1]
        assert words in message.text
        assert "Somebody" in message.text
        assert "Somebody" not in message.subject
        await ok(await desk.owner.post(f"{desk.invitations}/{invited['id']}/revoke"))


async def test_an_invitation_is_for_one_address(desk: Desk, connection: AsyncConnection) -> None:
    await desk.invite()
    token = await desk.token()
    async with nothing_changes(connection):
        assert told(await desk.owner.post(ACCEPT, {"token": token})) == (403, "not_invited")
        for wrong in (token[:-1], token + "x", "mpi_", secret_hash(token).hex()):
            assert told(await desk.guest.post(ACCEPT, {"token": wrong})) == (404, "not_found")
            declined = await desk.guest.client.post(DECLINE, json={"token": wrong})
            assert told(declined) == (404, "not_found")


@pytest.mark.parametrize("end", ["decline", "revoke", "expire"])
async def test_an_invitation_that_has_ended_lets_nobody_in(
    desk: Desk, connection: AsyncConnection, clock: ShiftedClock, end: str
) -> None:
    invited = await desk.invite()
    token = await desk.token()
    if end == "decline":
        answer = await desk.guest.client.post(DECLINE, json={"token": token})
        assert answer.status_code == 204
    elif end == "revoke":
        revoked = await ok(await desk.owner.post(f"{desk.invitations}/{invited['id']}/revoke"))
        assert revoked["state"] == "revoked"
    else:
        clock.offset = timedelta(days=14)
    code = "invitation_expired" if end == "expire" else "illegal_move"
    async with nothing_changes(connection):
        assert told(await desk.guest.post(ACCEPT, {"token": token})) == (409, code)
        if end != "expire":
            revoke = await desk.owner.post(f"{desk.invitations}/{invited['id']}/revoke")
            assert told(revoke) == (409, "illegal_move")
            declined = await desk.guest.client.post(DECLINE, json={"token": token})
            assert told(declined) == (409, "illegal_move")
            return
    clock.offset = timedelta(days=14) - timedelta(seconds=1)
    await ok(await desk.guest.post(ACCEPT, {"token": token}))


async def test_an_address_is_forgotten_when_it_has_served_its_time(
    desk: Desk, connection: AsyncConnection, clock: ShiftedClock
) -> None:
    ended = await desk.invite(email="old@example.com")
    await ok(await desk.owner.post(f"{desk.invitations}/{ended['id']}/revoke"))
    await desk.invite()
    for offset, left in ((KEPT - timedelta(minutes=1), 2), (KEPT + timedelta(minutes=1), 1)):
        clock.offset = offset
        async with desk.sessions.begin() as session:
            await forget_old(session)
        rows = await connection.execute(text("SELECT count(*) FROM invitation"))
        assert rows.scalar_one() == left


async def test_one_invitation_is_pending_for_one_address(
    desk: Desk, connection: AsyncConnection
) -> None:
    invited = await desk.invite()
    async with nothing_changes(connection):
        body = {"email": invited["email"], "role": "viewer"}
        assert told(await desk.owner.post(desk.invitations, body)) == (409, "already_invited")
    await ok(await desk.owner.post(f"{desk.invitations}/{invited['id']}/revoke"))
    first = await desk.token()
    await desk.invite()
    assert told(await desk.guest.post(ACCEPT, {"token": first})) == (409, "illegal_move")
    await ok(await desk.guest.post(ACCEPT, {"token": await desk.token()}))


INVITERS = {
    ("owner", "owner"): (201, None),
    ("owner", "viewer"): (201, None),
    ("admin", "admin"): (201, None),
    ("admin", "owner"): (403, "owners_only"),
    ("member", "viewer"): (403, "permission_missing"),
    ("owner", "operator"): (422, "validation_failed"),
}


@pytest.mark.parametrize(("by", "role"), INVITERS)
async def test_who_invites_whom(
    desk: Desk, connection: AsyncConnection, client: httpx2.AsyncClient, by: str, role: str
) -> None:
    own = desk.owner.organisation_id
    inviter = await person(client, desk.sessions, organisation_id=own, role=MemberRole(by))
    body = {"email": "new@example.com", "role": role}
    if INVITERS[by, role][1] is None:
        assert (await ok(await inviter.post(desk.invitations, body)))["role"] == role
        return
    async with nothing_changes(connection):
        assert told(await inviter.post(desk.invitations, body)) == INVITERS[by, role]


async def test_a_promise_is_kept_only_while_its_giver_may_make_it(
    desk: Desk, connection: AsyncConnection, client: httpx2.AsyncClient
) -> None:
    own = desk.owner.organisation_id
    second = await person(client, desk.sessions, organisation_id=own)
    await desk.invite(second, role="owner")
    token, member = await desk.token(), f"{desk.company}/members/{second.user_id}"
    for lesser in ("admin", "viewer"):
        await ok(await desk.owner.patch(member, {"role": lesser}))
        async with nothing_changes(connection):
            refused = await desk.guest.post(ACCEPT, {"token": token})
            assert told(refused) == (409, "invitation_expired")
    await ok(await desk.owner.patch(member, {"role": "owner"}))
    assert (await ok(await desk.guest.post(ACCEPT, {"token": token})))["role"] == "owner"


@pytest.mark.parametrize("email", ["a(b)@example.com", "nobody", 'a"b@example.com', "a@b@c.de"])
async def test_an_address_that_takes_no_mail(
    desk: Desk, connection: AsyncConnection, email: str
) -> None:
    async with nothing_changes(connection):
        answer = await desk.owner.post(desk.invitations, {"email": email, "role": "member"})
        assert told(answer) == (422, "validation_failed")


async def test_nobody_joins_a_person(
    desk: Desk, connection: AsyncConnection, client: httpx2.AsyncClient
) -> None:
    alone = await person(client, desk.sessions, kind=OrganisationKind.PERSON)
    async with nothing_changes(connection):
        path = f"/v1/organisations/{alone.organisation_id}/invitations"
        answer = await alone.post(path, {"email": "a@example.com", "role": "member"})
        assert told(answer) == (409, "fixed_members")


async def test_pending_invitations_are_bounded(desk: Desk, connection: AsyncConnection) -> None:
    await desk.invite()
    more = text(
        "INSERT INTO invitation SELECT gen_random_uuid(), created_at, version, due_at,"
        " organisation_id, n || email, role, sha256(n::text::bytea), invited_by, state"
        " FROM invitation, generate_series(2, :most) n"
    )
    await connection.execute(more, {"most": PENDING_MAX})
    async with nothing_changes(connection):
        body = {"email": "one@too.many", "role": "member"}
        assert told(await desk.owner.post(desk.invitations, body)) == (409, "invitation_limit")
    page = await ok(await desk.owner.get(desk.invitations, limit=60))
    rest = await ok(await desk.owner.get(desk.invitations, limit=60, cursor=page["next"]))
    assert (len(page["items"]), len(rest["items"]), rest["next"]) == (60, 40, None)


async def test_an_operator_gives_an_organisation_without_owner_to_its_people(
    desk: Desk, connection: AsyncConnection, client: httpx2.AsyncClient
) -> None:
    boss, body = await operator(client, desk.sessions), {"email": await desk.email(desk.guest)}
    async with nothing_changes(connection):
        owned = await boss.post(f"{desk.company}/first-owner", body)
        assert told(owned) == (409, "has_owner")
        denied = await desk.owner.post(f"{desk.company}/first-owner", body)
        assert told(denied) == (403, "permission_missing")
    query = text(
        "INSERT INTO organisation (id, created_at, name, kind, country)"
        " VALUES (gen_random_uuid(), now(), 'Imported', 'valuation_institution', 'KR') RETURNING id"
    )
    imported = (await connection.execute(query)).scalar_one()

    await ok(await boss.post(f"/v1/organisations/{imported}/first-owner", body))

    joined = await ok(await desk.guest.post(ACCEPT, {"token": await desk.token()}))
    assert (joined["organisation"]["id"], joined["role"]) == (str(imported), "owner")
