"""What one of several owners may grant alone, and what hangs over a right when it is pledged."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from tests.assets.encumbrances.test_encumbrances import (
    grant,
    licence,
    patent,
    pledge_entry,
    record,
)
from tests.factories.deals import Market, ok
from tests.factories.people import Person
from tests.factories.refusals import told
from tests.factories.register import registered, tell
from tests.factories.tables import contents

HALF = {"numerator": 1, "denominator": 2}
SECURED = {"secured": {"amount_minor": 40_000_000, "currency": "KRW"}}
ACTS = {
    "pledge": "pledge",
    "registered_exclusive": "license_exclusive",
    "exclusive": "license_exclusive",
    "sole": "license_sole",
    "non_exclusive": "license",
    "option": "sell",
    "open_licence": "list",
}
ALONE = {"KR": set[str](), "CN": {"non_exclusive"}, "US": {"non_exclusive"}}


async def shared(market: Market, office: str = "KR") -> str:
    """A right of the seller and of the stranger."""
    people = (market.seller, market.stranger)
    halves = [{"organisation_id": str(one.organisation_id), "share": HALF} for one in people]
    return await registered(market.seller, office, owners=halves)


def body_of(kind: str, to: Person) -> dict[str, Any]:
    body = licence(to, kind) | (SECURED if kind == "pledge" else {})
    return {"kind": kind} if kind == "open_licence" else body


@pytest.mark.parametrize("office", ALONE)
async def test_an_owner_of_several_grants_what_the_others_agreed_to(
    market: Market, office: str
) -> None:
    right_id, other = await shared(market, office), market.stranger
    for kind, act in ACTS.items():
        refused = await grant(market, right_id, body_of(kind, market.buyer))
        if kind in ALONE[office]:
            assert refused.status_code == 201
            path = f"/v1/encumbrances/{refused.json()['id']}/release"
            await ok(await market.buyer.post(path))
            continue
        assert told(refused) == (409, "consents_missing"), kind
        assert refused.json()["act"] == act
        assert refused.json()["owners"] == [str(other.organisation_id)]


async def test_a_consent_is_to_exactly_what_is_granted_and_once(market: Market) -> None:
    right_id, other = await shared(market), market.stranger
    body = body_of("pledge", market.buyer)
    missing = (await grant(market, right_id, body)).json()
    ask = {
        "act": missing["act"],
        "terms": missing["terms"],
        "counterparty_organisation_id": str(market.buyer.organisation_id),
    }
    (asked,) = await ok(await market.seller.post(f"/v1/rights/{right_id}/consents", ask))
    path = f"/v1/consents/{asked['id']}/give"
    await ok(await other.post(path, {"terms_sha256": asked["terms_sha256"]}))

    more = body | {"secured": {"amount_minor": 40_000_001, "currency": "KRW"}}
    elsewhere = body | {"holder_organisation_id": str(other.organisation_id)}
    async with market.world.sessions.begin() as session:
        before = await contents(await session.connection())
    for changed in (more, elsewhere):
        assert told(await grant(market, right_id, changed)) == (409, "consents_missing")
    async with market.world.sessions.begin() as session:
        assert await contents(await session.connection()) == before
    granted = await ok(await grant(market, right_id, body))
    used = await ok(await other.get(f"/v1/consents/{asked['id']}"))
    assert (used["state"], used["used_for"]) == ("used", f"encumbrance:{granted['id']}")
    assert told(await grant(market, right_id, body)) == (409, "consents_missing")


async def test_the_database_itself_asks_for_the_consents(market: Market) -> None:
    right_id = await shared(market)
    insert = text(
        "INSERT INTO encumbrance (id, created_at, version, right_id, kind, subject,"
        " holder_organisation_id, granted_by, claims, territories, fields_of_use, uses, starts_at,"
        " claim_range, territory_range, field_range, challenge_accepted, source, valid_from,"
        " changed_at, state) SELECT gen_random_uuid(), now(), 1, r.id, 'exclusive',"
        " 'right:' || r.id, :holder, :owner, '{}', '{}', '{}', 63, now(), '{(,)}', '{(,)}',"
        " '{(,)}', false, 'contract', now(), now(), 'active'"
        " FROM ip_right r WHERE r.id = :right_id"
    )
    values = {
        "right_id": right_id,
        "holder": market.buyer.organisation_id,
        "owner": market.seller.organisation_id,
    }
    with pytest.raises(IntegrityError, match="other owners have not consented"):
        async with market.world.sessions.begin() as session:
            await session.execute(insert, values)


async def test_what_a_register_holds_is_neither_pledged_nor_licensed(market: Market) -> None:
    right_id = await patent(market)
    await tell(market.operator, right_id, "attached", "2024-01-05")
    for kind in ACTS:
        refused = await grant(market, right_id, body_of(kind, market.buyer))
        assert told(refused) == (409, "right_restrained"), kind
    await tell(market.operator, right_id, "attachment_lifted", "2024-01-06")
    granted = await grant(market, right_id, body_of("pledge", market.buyer))
    assert granted.status_code == 201


async def test_a_right_is_pledged_with_its_fees_paid_and_unchallenged_or_accepted(
    market: Market,
) -> None:
    body = body_of("pledge", market.buyer)
    right_id = await registered(market.seller, "CN", serial=7_000_011)
    await tell(market.operator, right_id, "challenged", "2024-01-05")
    assert told(await grant(market, right_id, body)) == (409, "right_challenged")
    entered = pledge_entry(market.buyer, "5")
    assert told(await record(market, right_id, entered)) == (409, "right_challenged")
    licensed = await grant(market, right_id, body_of("non_exclusive", market.buyer))
    assert licensed.status_code == 201
    accepted = await ok(await grant(market, right_id, body | {"challenge_accepted": True}))
    assert accepted["challenge_accepted"] is True

    today = market.world.clock.now().date()
    right_id = await registered(market.seller, serial=7_000_012)
    granted_on = today - timedelta(days=3 * 365 + 60)  # paid for three years, then a grace
    await tell(market.operator, right_id, "filed", f"{granted_on.year - 1}-01-15")
    await tell(market.operator, right_id, "granted", granted_on.isoformat())
    await tell(market.operator, right_id, "fee_paid", granted_on.isoformat(), fee_year=3)
    assert told(await grant(market, right_id, body)) == (409, "fees_due")
    await tell(market.operator, right_id, "fee_paid", today.isoformat(), fee_year=9)
    assert (await grant(market, right_id, body)).status_code == 201
