"""Many who want one right at once: exactly one gets it, and nobody else is charged."""

import asyncio
from collections import Counter
from collections.abc import Awaitable
from typing import Any

import httpx2
import pytest
from sqlalchemy import text

from tests.factories.deals import PRICE_MINOR, Market, list_right, offer, ok
from tests.factories.people import Person, person
from tests.factories.world import World

RIVALS = 50
DOOR = (
    """CREATE FUNCTION wait_at_the_door() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN PERFORM pg_advisory_xact_lock_shared(1); RETURN NEW; END'""",
    """CREATE TRIGGER door BEFORE INSERT ON right_reservation
    FOR EACH ROW EXECUTE FUNCTION wait_at_the_door()""",
)
WAITING = "SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted"
LISTING_STATE = "SELECT state FROM listing WHERE id = :listing_id"
PRICE = {"amount_minor": PRICE_MINOR, "currency": "KRW"}
LOST = {"right_reserved", "listing_not_open", "illegal_move"}
"""The right is taken, or the loser's listing or negotiation has heard of it already."""


async def negotiations(
    world: World, listing_id: str, rivals: int = RIVALS
) -> list[tuple[Person, str]]:
    """Buyers of one right, each with an offer."""

    async def begin(number: int) -> tuple[Person, str]:
        buyer = await person(world.client, world.sessions, name=f"Rival {number}")
        return buyer, await offer(buyer, listing_id)

    return await asyncio.gather(*map(begin, range(rivals)))


async def value(world: World, query: str, **values: Any) -> Any:
    async with world.sessions() as session:
        return (await session.execute(text(query), values)).scalar_one()


async def accept(who: Person, negotiation_id: str, number: int) -> httpx2.Response:
    return await who.post(f"/v1/negotiations/{negotiation_id}/accept", {"offer_number": number})


async def require_one_winner(world: World, accepts: list[Awaitable[httpx2.Response]]) -> None:
    answers = await asyncio.gather(*accepts)
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: len(accepts) - 1}
    assert {a.json()["code"] for a in answers if a.status_code == 409} <= LOST
    await world.work()
    assert await value(world, "SELECT count(*) FROM deal") == 1
    assert await value(world, "SELECT count(*) FROM right_reservation") == 1
    assert await value(world, "SELECT count(*) FROM negotiation WHERE state = 'accepted'") == 1
    assert await value(world, "SELECT count(*) FROM ledger_transaction") == 0
    assert await value(world, "SELECT count(*) FROM payment_request") == 0
    assert await value(world, "SELECT count(*) FROM event_failure") == 0
    assert await world.proofs() == []


async def test_fifty_buyers_accept_their_counter_offers_at_once(world: World) -> None:
    market = await Market.open(world)
    talks = await negotiations(world, await list_right(market.seller))
    counters = (
        market.seller.post(f"/v1/negotiations/{talk}/counter", {"price": PRICE})
        for _, talk in talks
    )
    assert {answer.status_code for answer in await asyncio.gather(*counters)} == {200}

    await require_one_winner(world, [accept(buyer, talk, 2) for buyer, talk in talks])


async def test_a_seller_accepts_fifty_offers_at_once(world: World) -> None:
    market = await Market.open(world)
    talks = await negotiations(world, await list_right(market.seller))

    await require_one_winner(world, [accept(market.seller, talk, 1) for _, talk in talks])


async def test_accepts_that_reach_the_database_in_one_instant_do_not_deadlock(world: World) -> None:
    """Everybody is held at the door of the reservations and let in together.

    Two inserts into an exclusion constraint each wait for the other when neither was first.
    """
    market = await Market.open(world)
    listing_id = await list_right(market.seller)
    talks = await negotiations(world, listing_id, rivals=8)
    async with world.engine.begin() as connection:
        for statement in DOOR:
            await connection.execute(text(statement))
    async with world.engine.begin() as door:
        await door.execute(text("SELECT pg_advisory_xact_lock(1)"))
        accepts = [asyncio.create_task(accept(market.seller, talk, 1)) for _, talk in talks]
        while (await door.execute(text(WAITING))).scalar_one() < len(accepts):
            continue

    await require_one_winner(world, accepts)


@pytest.mark.parametrize("first", ["accept", "withdraw"])
async def test_accepting_races_withdrawal_of_the_listing(world: World, first: str) -> None:
    market = await Market.open(world)
    outcomes = []
    for _ in range(4):
        listing_id = await list_right(market.seller)
        negotiation_id = await offer(market.buyer, listing_id)
        path = f"/v1/negotiations/{negotiation_id}"
        await ok(await market.seller.post(f"{path}/counter", {"price": PRICE}))
        race = [
            accept(market.buyer, negotiation_id, 2),
            market.seller.post(f"/v1/listings/{listing_id}/withdraw"),
        ]
        if first == "withdraw":
            race = [asyncio.sleep(0), *reversed(race)]
        answers = [answer for answer in await asyncio.gather(*race) if answer is not None]
        accepted, withdrawn = answers if first == "accept" else reversed(answers)
        await world.work()
        listing_state = await value(world, LISTING_STATE, listing_id=listing_id)
        talk = await ok(await market.buyer.get(path))
        outcomes.append(
            (
                (accepted.status_code, accepted.json().get("code")),
                (withdrawn.status_code, withdrawn.json().get("code")),
                (listing_state, talk["state"], talk["deal_id"] is not None),
            )
        )

    assert set(outcomes) <= {
        ((201, None), (409, "illegal_move"), ("reserved", "accepted", True)),
        ((409, "listing_not_open"), (200, None), ("withdrawn", "closed", False)),
    }
    assert await world.proofs() == []
