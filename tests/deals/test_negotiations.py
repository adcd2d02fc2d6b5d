from datetime import timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from marketplace.deals.negotiations.lifecycle import NEGOTIATION, NegotiationState
from marketplace.deals.negotiations.service import ROUNDS_MAX
from marketplace.kernel.clock import ShiftedClock
from marketplace.kernel.db import Sessions
from tests.factories.deals import Market, list_right, offer, ok
from tests.factories.people import Person, operator, person
from tests.factories.stage import Stage, figures
from tests.factories.undone import undone
from tests.factories.world import World


def price(amount_minor: int, **about: Any) -> dict[str, Any]:
    return {"price": {"amount_minor": amount_minor, "currency": "KRW"}, **about}


BODIES = {"counter": price(5), "accept": {"offer_number": 1}, "decline": None, "withdraw": None}
SIDES = {"awaiting_seller": "stranger", "awaiting_buyer": "member"}
"""Who the buyer of the stage's negotiation in this state is."""


def expected(move: str, state: NegotiationState, role: str) -> tuple[int, str | None]:
    found = [m for m in NEGOTIATION.table if m.name == move and state in m.sources]
    if not any(role in m.by for m in found):
        return (403, "not_your_move") if found else (409, "illegal_move")
    if move == "accept" and state is NegotiationState.AWAITING_BUYER:
        return 409, "offer_changed"
    return {"accept": 201}.get(move, 200), None


@pytest.mark.parametrize("state", NEGOTIATION.due)
@pytest.mark.parametrize("move", BODIES)
async def test_an_answer_is_open_to_whom_the_table_says(
    stage: Stage, move: str, state: NegotiationState
) -> None:
    path = f"/v1/negotiations/{stage.negotiations[state]}"
    buyer = SIDES[state.removeprefix("suspended_")]
    outsiders = {"rival": (404, "not_found"), "operator": (403, "permission_missing")}
    async with undone(stage.world) as connection:
        before = await figures(connection, stage.deals["agreed"])
        for who in ("seller", buyer, *outsiders, "viewer"):
            attempt = await connection.begin_nested()

            answer = await stage.people[who].post(f"{path}/{move}", BODIES[move])

            role = "seller" if who == "seller" else "buyer"
            status, code = outsiders.get(who) or expected(move, state, role)
            if who == "viewer":
                status, code = 403, "permission_missing"
            assert (answer.status_code, answer.json().get("code")) == (status, code), who
            if not answer.is_success:
                assert await figures(connection, stage.deals["agreed"]) == before
            await attempt.rollback()


@pytest.fixture
async def people(client: httpx2.AsyncClient, sessions: Sessions) -> tuple[Person, Person]:
    return await person(client, sessions), await person(client, sessions, name="Buyer")


async def test_sides_alternate_and_the_whole_history_stays(
    people: tuple[Person, Person], sessions: Sessions
) -> None:
    seller, buyer = people
    listing_id = await list_right(seller)
    negotiation_id = await offer(buyer, listing_id, 60)
    path = f"/v1/negotiations/{negotiation_id}"
    talks = ((seller, buyer, 90), (buyer, seller, 70), (seller, buyer, 80))
    for number, (mover, waiting, amount) in enumerate(talks, 2):
        out_of_turn = await waiting.post(f"{path}/counter", price(1))
        assert (out_of_turn.status_code, out_of_turn.json()["code"]) == (403, "not_your_move")
        found = await ok(await mover.post(f"{path}/counter", price(amount, message="가격")))
        assert found["rounds"] == number
        assert found["state"] == f"awaiting_{'buyer' if mover is seller else 'seller'}"

    refused = await buyer.post(f"{path}/accept", {"offer_number": 3})
    assert (refused.status_code, refused.json()["code"]) == (409, "offer_changed")
    deal = await ok(await buyer.post(f"{path}/accept", {"offer_number": 4}))

    assert deal["price"] == {"amount_minor": 80, "currency": "KRW"}
    read = await ok(await seller.get(path))
    assert [(o["number"], o["by"], o["price"]["amount_minor"]) for o in read["offers"]] == [
        (1, "buyer", 60),
        (2, "seller", 90),
        (3, "buyer", 70),
        (4, "seller", 80),
    ]
    assert (read["state"], read["deal_id"]) == ("accepted", deal["id"])
    for statement in ("UPDATE offer SET price_minor = 1", "DELETE FROM offer"):
        with pytest.raises(DBAPIError, match="append-only"):
            async with sessions.begin() as session:
                await session.execute(text(statement))


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"price": {"amount_minor": 5, "currency": "USD"}}, 422, "currency_mismatch"),
        (price(5, valid_until="minutes:59"), 422, "invalid_validity"),
        (price(5, valid_until="minutes:-1"), 422, "invalid_validity"),
        (price(5, valid_until="minutes:129601"), 422, "invalid_validity"),
        (price(5, valid_until="2030-01-01T00:00:00"), 422, "validation_failed"),
        (price(0), 422, "price_needed"),
        (price(-5), 422, "validation_failed"),
        (price(10**15), 422, "validation_failed"),
        ({"price": {"amount_minor": 5.0, "currency": "KRW"}}, 422, "validation_failed"),
        ({"price": {"amount_minor": 5, "currency": "XAU"}}, 422, "unknown_currency"),
        (price(5, message="NUL \x00"), 422, "validation_failed"),
        (price(5, by="seller"), 422, "validation_failed"),
    ],
)
@pytest.mark.parametrize("move", ["offer", "counter"])
async def test_an_offer_that_is_none(
    stage: Stage, move: str, body: dict[str, Any], status: int, code: str
) -> None:
    market = stage.market
    sent = dict(body)
    unit, _, number = str(sent.get("valid_until", "")).partition(":")
    if unit == "minutes":
        until = stage.world.clock.now() + timedelta(minutes=int(number))
        sent["valid_until"] = until.isoformat()
    async with undone(stage.world) as connection:
        listing_id = await list_right(market.seller)
        path, mover = f"/v1/listings/{listing_id}/offers", market.buyer
        if move == "counter":
            negotiation_id = await offer(market.buyer, listing_id)
            path, mover = f"/v1/negotiations/{negotiation_id}/counter", market.seller
        before = await figures(connection, stage.deals["agreed"])

        answer = await mover.post(path, sent)

        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert await figures(connection, stage.deals["agreed"]) == before


async def test_validity_is_an_hour_at_least_and_ninety_days_at_most(
    people: tuple[Person, Person], clock: ShiftedClock
) -> None:
    seller, buyer = people
    for minutes in (61, 90 * 24 * 60 - 1):
        until = (clock.now() + timedelta(minutes=minutes)).isoformat()
        listing_id = await list_right(seller)
        answer = await buyer.post(f"/v1/listings/{listing_id}/offers", price(5, valid_until=until))
        assert answer.status_code == 201


async def test_who_may_make_an_offer_on_what(stage: Stage) -> None:
    market = stage.market
    reserved = (await stage.deal(stage.deals["agreed"]))["listing_id"]
    sold = (await stage.deal(stage.deals["settled"]))["listing_id"]
    async with undone(stage.world) as connection:
        listed, withdrawn = [await list_right(market.seller) for _ in range(2)]
        await ok(await market.seller.post(f"/v1/listings/{withdrawn}/withdraw"))
        await offer(market.buyer, listed)
        before = await figures(connection, stage.deals["agreed"])
        for who, listing_id, status, code in (
            ("seller", listed, 409, "own_listing"),
            ("buyer", listed, 409, "negotiation_exists"),
            ("member", listed, 409, "negotiation_exists"),
            ("viewer", listed, 403, "permission_missing"),
            ("operator", listed, 403, "permission_missing"),
            ("stranger", reserved, 409, "listing_not_open"),
            ("stranger", sold, 409, "listing_not_open"),
            ("stranger", withdrawn, 409, "listing_not_open"),
            ("stranger", stage.deals["agreed"], 404, "not_found"),
        ):
            answer = await stage.people[who].post(f"/v1/listings/{listing_id}/offers", price(5))
            assert (answer.status_code, answer.json()["code"]) == (status, code), who
            assert await figures(connection, stage.deals["agreed"]) == before


async def test_a_hundred_rounds_are_enough(
    people: tuple[Person, Person], connection: AsyncConnection
) -> None:
    seller, buyer = people
    negotiation_id = await offer(buyer, await list_right(seller))
    path = f"/v1/negotiations/{negotiation_id}"
    await _talk_until(connection, negotiation_id, ROUNDS_MAX - 1)
    await ok(await seller.post(f"{path}/counter", price(ROUNDS_MAX)))

    refused = await buyer.post(f"{path}/counter", price(7))

    assert (refused.status_code, refused.json()["code"]) == (409, "round_limit")
    found = await ok(await buyer.get(path))
    assert (found["rounds"], len(found["offers"])) == (ROUNDS_MAX, ROUNDS_MAX)
    deal = await ok(await buyer.post(f"{path}/accept", {"offer_number": ROUNDS_MAX}))
    assert deal["price"]["amount_minor"] == ROUNDS_MAX


async def _talk_until(connection: AsyncConnection, negotiation_id: str, rounds: int) -> None:
    """Write the rounds down as the service would have, without a hundred requests."""
    values = {"id": negotiation_id, "rounds": rounds}
    offers = """
        INSERT INTO offer (id, created_at, negotiation_id, number, by, price_minor, currency,
            valid_until)
        SELECT gen_random_uuid(), o.created_at, o.negotiation_id, n,
            CASE n % 2 WHEN 1 THEN 'buyer' ELSE 'seller' END, n, o.currency, o.valid_until
        FROM offer o, generate_series(2, CAST(:rounds AS int)) n WHERE o.negotiation_id = :id
    """
    await connection.execute(text(offers), values)
    counted = "UPDATE negotiation SET rounds = :rounds WHERE id = :id"
    await connection.execute(text(counted), values)


async def test_talks_wait_while_another_deal_runs_and_go_on_or_end_with_it(world: World) -> None:
    market = await Market.open(world)
    listing_id = await list_right(market.seller)
    winner, loser = await offer(market.buyer, listing_id), await offer(market.stranger, listing_id)
    path = f"/v1/negotiations/{loser}"
    validity = (await ok(await market.stranger.get(path)))["offers"][0]["valid_until"]

    async def accept() -> str:
        sent = {"offer_number": 1}
        return str(
            (await ok(await market.seller.post(f"/v1/negotiations/{winner}/accept", sent)))["id"]
        )

    async def state() -> str:
        await world.work()
        return str((await ok(await market.stranger.get(path)))["state"])

    deal_id = await accept()
    assert await state() == "suspended_awaiting_seller"
    refused = await market.seller.post(f"{path}/accept", {"offer_number": 1})
    assert (refused.status_code, refused.json()["code"]) == (409, "illegal_move")
    await ok(await market.buyer.post(f"/v1/deals/{deal_id}/cancel"))
    assert await state() == "awaiting_seller"
    found = await ok(await market.stranger.get(path))
    assert found["offers"][0]["valid_until"] == validity

    winner = await offer(market.buyer, listing_id)
    await accept()
    assert await state() == "suspended_awaiting_seller"
    deal_id = (await ok(await market.buyer.get("/v1/deals")))["items"][0]["id"]
    await market._bring(deal_id, "recorded")
    assert await state() == "closed"
    for move, body in BODIES.items():
        refused = await market.seller.post(f"{path}/{move}", body)
        assert (refused.status_code, refused.json()["code"]) == (409, "illegal_move")


@pytest.mark.parametrize("move", ["suspend", "withdraw"])
async def test_talks_follow_the_listing(world: World, move: str) -> None:
    market = await Market.open(world)
    listing_id = await list_right(market.seller)
    path = f"/v1/negotiations/{await offer(market.buyer, listing_id)}"
    mover = {"suspend": market.operator, "withdraw": market.seller}[move]

    await ok(await mover.post(f"/v1/listings/{listing_id}/{move}"))
    await world.work()

    after = {"suspend": "suspended_awaiting_seller", "withdraw": "closed"}[move]
    assert (await ok(await market.buyer.get(path)))["state"] == after
    if move == "suspend":
        await ok(await market.operator.post(f"/v1/listings/{listing_id}/resume"))
        await world.work()
        assert (await ok(await market.buyer.get(path)))["state"] == "awaiting_seller"


async def test_a_negotiation_is_between_two(
    people: tuple[Person, Person], client: httpx2.AsyncClient, sessions: Sessions
) -> None:
    seller, buyer = people
    negotiation_id = await offer(buyer, await list_right(seller))
    others = await person(client, sessions), await operator(client, sessions)

    for one in people:
        listed = (await ok(await one.get("/v1/negotiations")))["items"]
        assert [row["id"] for row in listed] == [negotiation_id]
    for other in others:
        answer = await other.get(f"/v1/negotiations/{negotiation_id}")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
        assert (await ok(await other.get("/v1/negotiations")))["items"] == []
