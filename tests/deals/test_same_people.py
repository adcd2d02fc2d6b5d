"""Nobody sells to themselves: not through a second organisation, nor one joined later."""

from typing import Any

import httpx2
import pytest
from sqlalchemy import text

from marketplace.accounts.models import Membership
from marketplace.accounts.permissions import MemberRole
from marketplace.kernel.db import Sessions, now
from tests.factories.deals import list_right, offer, ok
from tests.factories.people import Person, person

OWNER, ADMIN, MEMBER, VIEWER = (MemberRole(name) for name in ("owner", "admin", "member", "viewer"))
PRICE = {"price": {"amount_minor": 5, "currency": "KRW"}}
WRITTEN = text(
    "SELECT (SELECT count(*) FROM event WHERE subject LIKE 'negotiation:%'),"
    " (SELECT count(*) FROM negotiation), (SELECT count(*) FROM signature)"
)


async def join(sessions: Sessions, who: Person, other: Person, role: MemberRole) -> None:
    """Make a person a member of the organisation that the other one acts for."""
    async with sessions.begin() as session:
        ids = {"user_id": who.user_id, "organisation_id": other.organisation_id}
        session.add(Membership(created_at=now(session), role=role, **ids))


async def written(sessions: Sessions) -> Any:
    async with sessions() as session:
        return tuple((await session.execute(WRITTEN)).one())


async def test_one_person_with_two_organisations_cannot_deal_with_themselves(
    client: httpx2.AsyncClient, sessions: Sessions
) -> None:
    seller, buyer = await person(client, sessions), await person(client, sessions)
    listing_id = await list_right(seller)
    await join(sessions, seller, buyer, ADMIN)
    before = await written(sessions)

    refused = await buyer.post(f"/v1/listings/{listing_id}/offers", PRICE)

    assert (refused.status_code, refused.json()["code"]) == (409, "same_people")
    assert await written(sessions) == before


@pytest.mark.parametrize(
    ("of_buyer", "acts", "status"),
    [(VIEWER, False, 201), (MEMBER, False, 201), (VIEWER, True, 409), (MEMBER, True, 409)],
)
async def test_who_cannot_sign_for_both_is_no_obstacle_unless_they_act(
    client: httpx2.AsyncClient, sessions: Sessions, of_buyer: MemberRole, acts: bool, status: int
) -> None:
    seller, buyer = await person(client, sessions), await person(client, sessions)
    organisation_id = buyer.organisation_id
    negotiator = await person(client, sessions, role=MEMBER, organisation_id=organisation_id)
    listing_id = await list_right(seller)
    if acts:
        await join(sessions, negotiator, seller, of_buyer)
    else:
        await join(sessions, seller, buyer, of_buyer)

    answer = await negotiator.post(f"/v1/listings/{listing_id}/offers", PRICE)

    assert answer.status_code == status
    assert answer.json().get("code") == ("same_people" if acts else None)


async def test_who_came_to_stand_for_both_sides_is_found_at_signature(
    client: httpx2.AsyncClient, sessions: Sessions
) -> None:
    seller, buyer = await person(client, sessions), await person(client, sessions)
    path = f"/v1/negotiations/{await offer(buyer, await list_right(seller))}/accept"
    deal = await ok(await seller.post(path, {"offer_number": 1}))
    await join(sessions, seller, buyer, OWNER)
    agreement = await ok(await buyer.get(f"/v1/deals/{deal['id']}/agreement"))
    before = await written(sessions)

    for signer in (buyer, seller):
        body = {"sha256": agreement["sha256"]}
        refused = await signer.post(f"/v1/deals/{deal['id']}/sign", body)
        assert (refused.status_code, refused.json()["code"]) == (409, "same_people")

    assert await written(sessions) == before
    assert (await ok(await buyer.get(f"/v1/deals/{deal['id']}")))["state"] == "agreed"
