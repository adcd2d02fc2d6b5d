"""An annuity that falls due is told to all whom the right's end would hurt, until it is paid."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import text

from marketplace.assets.fee_alerts.service import alert
from tests.factories.deals import Market, ok
from tests.factories.mail import unsent_messages
from tests.factories.people import Person
from tests.factories.register import registered, tell
from tests.factories.world import World

GRANTED = "2024-03-02"
PAID_UNTIL = "2027-03-02"
"""Three years come with the grant, whose day does not count (KR)."""


async def due(who: Person, **asked: Any) -> list[tuple[str, str]]:
    found = await ok(await who.get("/v1/fee-alerts", **asked))
    return [(one["right_id"], one["fees_paid_until"]) for one in found["items"]]


async def letters(world: World) -> list[tuple[str, bool]]:
    async with world.sessions() as session:
        found = await unsent_messages(session, world.app.state.keyring)
    return sorted((one.to, PAID_UNTIL in one.text) for one in found)


async def addresses(world: World, *people: Person) -> list[str]:
    """Confirm the addresses of some people, and tell them."""
    query = text("""
        UPDATE user_account SET email_verified_at = now() WHERE id = ANY (:ids) RETURNING email
    """)
    async with world.sessions.begin() as session:
        rows = await session.execute(query, {"ids": [one.user_id for one in people]})
        return sorted(row.email for row in rows)


async def until(world: World, year: int, month: int, day: int) -> None:
    world.clock.offset = datetime(year, month, day, 12, tzinfo=UTC) - datetime.now(UTC)


async def test_an_annuity_is_told_to_all_concerned_until_it_is_paid(world: World) -> None:
    await until(world, 2026, 12, 20)
    market = await Market.open(world)
    owner, licensee, stranger = market.seller, market.buyer, market.stranger
    right_id = await registered(owner)
    for kind, on in (("filed", "2020-05-01"), ("granted", GRANTED)):
        await tell(market.operator, right_id, kind, on)
    await tell(market.operator, right_id, "fee_paid", GRANTED, fee_year=3)
    licence = {
        "kind": "exclusive",
        "holder_organisation_id": str(licensee.organisation_id),
        "scope": {},
    }
    await ok(await owner.post(f"/v1/rights/{right_id}/encumbrances", licence))
    expected = await addresses(world, owner, licensee)
    keyring = world.app.state.keyring

    assert [await due(who) for who in (owner, licensee, stranger)] == [[], [], []]
    assert await due(owner, within_days=90) == [(right_id, PAID_UNTIL)]
    assert await alert(world.sessions, keyring) == 0

    await until(world, 2027, 1, 3)
    assert [await due(who) for who in (owner, licensee)] == [[(right_id, PAID_UNTIL)]] * 2
    assert await due(stranger) == []
    assert [await alert(world.sessions, keyring) for _ in range(2)] == [1, 0]
    assert await letters(world) == [(address, True) for address in expected]

    paid = await tell(market.operator, right_id, "fee_paid", "2027-01-03", fee_year=4)
    assert [await due(who) for who in (owner, licensee)] == [[], []]
    path = f"/v1/rights/{right_id}/legal-events/{paid['id']}/retract"
    assert (await market.operator.post(path, {"source": "a mistake"})).status_code == 204
    assert await due(owner) == [(right_id, PAID_UNTIL)]
    assert await alert(world.sessions, keyring) == 0
