"""What threatens a right is told to all whom its end would hurt, once, and early where it can."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import text

from marketplace.assets.alerts.service import note_fees, tell
from tests.factories.deals import Market, ok
from tests.factories.mail import unsent_messages
from tests.factories.people import Person
from tests.factories.register import registered
from tests.factories.register import tell as tell_event
from tests.factories.world import World

GRANTED = "2024-03-02"
PAID_UNTIL = "2027-03-02"
"""Three years come with the grant, whose day does not count (KR)."""


async def alerts(who: Person, **asked: Any) -> list[tuple[str, str, bool]]:
    found = await ok(await who.get("/v1/right-alerts", **asked))
    return [(one["reason"], one["since"], one["open"]) for one in found["items"]]


async def letters(world: World) -> list[tuple[str, str]]:
    """Who is written to since they were last looked at, and the subjects, in English."""
    async with world.sessions.begin() as session:
        found = await unsent_messages(session, world.app.state.keyring)
        await session.execute(text("DELETE FROM mail"))
    return sorted((one.to, one.subject.partition(" ·")[0]) for one in found)


async def confirm(world: World, *people: Person) -> list[str]:
    """Confirm the addresses of some people, and tell them."""
    query = text("""
        UPDATE user_account SET email_verified_at = now() WHERE id = ANY (:ids) RETURNING email
    """)
    async with world.sessions.begin() as session:
        rows = await session.execute(query, {"ids": [one.user_id for one in people]})
        return sorted(row.email for row in rows)


async def until(world: World, year: int, month: int, day: int) -> None:
    """Let time pass, with what the worker does."""
    world.clock.offset = datetime(year, month, day, 12, tzinfo=UTC) - datetime.now(UTC)
    await world.work()
    await note_fees(world.sessions)
    while await tell(world.sessions, world.app.state.keyring):
        pass


async def test_what_threatens_a_right_is_told_to_all_who_lose_by_it(world: World) -> None:
    await until(world, 2026, 12, 20)
    market = await Market.open(world)
    owner, licensee, stranger = market.seller, market.buyer, market.stranger
    right_id = await registered(owner)
    for kind, on in (("filed", "2020-05-01"), ("granted", GRANTED)):
        await tell_event(market.operator, right_id, kind, on)
    await tell_event(market.operator, right_id, "fee_paid", GRANTED, fee_year=3)
    licence = {
        "kind": "exclusive",
        "holder_organisation_id": str(licensee.organisation_id),
        "scope": {},
    }
    await ok(await owner.post(f"/v1/rights/{right_id}/encumbrances", licence))
    concerned = await confirm(world, owner, licensee)
    await until(world, 2026, 12, 20)
    assert [await alerts(who) for who in (owner, licensee, stranger)] == [[], [], []]
    assert await letters(world) == []

    await until(world, 2027, 1, 3)
    fee = ("fee_due", PAID_UNTIL, True)
    assert [await alerts(who) for who in (owner, licensee, stranger)] == [[fee], [fee], []]
    assert await letters(world) == [(one, "An annuity falls due") for one in concerned]
    await until(world, 2027, 1, 4)
    assert await letters(world) == []

    paid = await tell_event(market.operator, right_id, "fee_paid", "2027-01-03", fee_year=4)
    await until(world, 2027, 1, 5)
    assert await alerts(owner) == []
    assert await alerts(owner, open_only=False) == [(*fee[:2], False)]
    path = f"/v1/rights/{right_id}/legal-events/{paid['id']}/retract"
    assert (await market.operator.post(path, {"source": "a mistake"})).status_code == 204
    assert await alerts(owner) == [fee]
    assert await letters(world) == []

    await tell_event(market.operator, right_id, "attached", "2027-01-05")
    await until(world, 2027, 10, 1)
    assert await alerts(licensee) == [
        ("lapsed", "2027-10-01", True),
        ("attached", "2027-01-05", True),
    ]
    assert await letters(world) == [
        (one, "A right is threatened") for one in concerned for _ in range(2)
    ]
