"""Every clock of listings, negotiations and deals: nothing before its time, the move after it."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from marketplace.deals.lifecycle import DEAL, DealState
from marketplace.deals.negotiations.lifecycle import NEGOTIATION, NegotiationState
from marketplace.kernel.clocks import POSTPONED, Clock, run_due
from marketplace.kernel.lifecycle import Lifecycle
from marketplace.listings.lifecycle import LISTING, ListingState
from marketplace.wiring import CLOCKS
from tests.factories.deals import list_right, ok, right_body
from tests.factories.register import look_up
from tests.factories.stage import Stage, figures, moves_told
from tests.factories.undone import undone

MARGIN = timedelta(minutes=1)
"""Time goes on while a test runs."""


async def state_and_due(
    connection: AsyncConnection, table: str, row_id: str
) -> tuple[str, datetime | None]:
    query = text(f"SELECT state, due_at FROM {table} WHERE id = :id")  # noqa: S608 - a test's own name
    row = (await connection.execute(query, {"id": row_id})).one()
    return row.state, row.due_at


async def wait_until(stage: Stage, moment: datetime, *clocks: Clock) -> None:
    """Move time, and let the worker do what has become due: by these clocks, or by all."""
    world = stage.world
    world.clock.offset += moment - world.clock.now()
    for clock in clocks:
        while await run_due(world.sessions, clock):
            pass
    if not clocks:
        await world.work()


async def assert_clock(
    stage: Stage, connection: AsyncConnection, lifecycle: Lifecycle[Any], row_id: str, state: str
) -> None:
    """The row's clock is set, rests a second before its time, and then makes the table's move."""
    clock = next(clock for clock in CLOCKS if clock.model.lifecycle is lifecycle)
    kind, move = lifecycle.name, lifecycle.due[state].move
    found, due_at = await state_and_due(connection, kind, row_id)
    assert found == state
    assert due_at is not None
    told = await moves_told(connection, f"{kind}:{row_id}")

    await wait_until(stage, due_at - MARGIN, clock)
    assert await state_and_due(connection, kind, row_id) == (state, due_at)
    await wait_until(stage, due_at + MARGIN, clock)

    target = lifecycle.step(state, move, role="clock").target
    assert (await state_and_due(connection, kind, row_id))[0] == target
    fresh = (await moves_told(connection, f"{kind}:{row_id}"))[len(told) :]
    assert fresh == [(f"{kind}.{move}", "clock")]


async def look_up_before(stage: Stage, deal_id: str, moment: datetime) -> None:
    """Somebody looks at the register before a deal is due; else its release is refused."""
    clock = stage.world.clock
    clock.offset += moment - MARGIN - clock.now()
    right_id = await stage.right_of(deal_id)
    await look_up(stage.market.operator, right_id, clock.now().date().isoformat())


@pytest.mark.parametrize("state", DEAL.due)
async def test_the_clock_ends_every_phase_of_a_deal(stage: Stage, state: DealState) -> None:
    deal_id = stage.deals[state]
    async with undone(stage.world) as connection:
        since = datetime.fromisoformat((await stage.deal(deal_id))["due_at"])
        assert abs(since - DEAL.due[state].after - stage.world.clock.now()) < timedelta(minutes=2)

        if state is DealState.RECORDED:
            await look_up_before(stage, deal_id, since)

        await assert_clock(stage, connection, DEAL, deal_id, state)

        held = (await stage.deal(deal_id))["held"]["amount_minor"]
        still_held = {"transfer_filed": 100_000_000}
        assert held == still_held.get(state, 0)


@pytest.mark.parametrize("state", NEGOTIATION.due)
async def test_the_clock_ends_a_negotiation_when_its_offer_is_over(
    stage: Stage, state: NegotiationState
) -> None:
    async with undone(stage.world) as connection:
        await assert_clock(stage, connection, NEGOTIATION, stage.negotiations[state], state)


async def listing_in(stage: Stage, state: ListingState) -> str:
    market = stage.market
    if state is ListingState.RESERVED:
        return str((await stage.deal(stage.deals["agreed"]))["listing_id"])
    if state is ListingState.DRAFT:
        right = await ok(await market.seller.post("/v1/rights", right_body()))
        draft = {
            "right_id": right["id"],
            "title": "draft",
            "teaser": "draft",
            "language": "en",
            "currency": "KRW",
        }
        return str((await ok(await market.seller.post("/v1/listings", draft)))["id"])
    listing_id = await list_right(market.seller)
    if state is ListingState.SUSPENDED:
        await ok(await market.operator.post(f"/v1/listings/{listing_id}/suspend"))
    return listing_id


@pytest.mark.parametrize("state", LISTING.due)
async def test_the_clock_ends_every_state_of_a_listing(stage: Stage, state: ListingState) -> None:
    async with undone(stage.world) as connection:
        listing_id = await listing_in(stage, state)

        await assert_clock(stage, connection, LISTING, listing_id, state)

        public = (await stage.market.stranger.get(f"/v1/listings/{listing_id}")).status_code
        assert public == (200 if state is ListingState.RESERVED else 404)


async def test_an_offer_ends_at_the_moment_it_says(stage: Stage) -> None:
    """The clock may be late with its move; the validity is exact, so acceptance is refused."""
    market, clock = stage.market, stage.world.clock
    async with undone(stage.world) as connection:
        listing_id = await list_right(market.seller)
        until = clock.now() + timedelta(hours=2)
        body = {
            "price": {"amount_minor": 1, "currency": "KRW"},
            "valid_until": until.isoformat(),
        }
        made = await ok(await market.buyer.post(f"/v1/listings/{listing_id}/offers", body))
        path = f"/v1/negotiations/{made['id']}"
        assert datetime.fromisoformat(made["offers"][0]["valid_until"]) == until
        before = await figures(connection, stage.deals["agreed"])

        clock.offset += until - clock.now()
        for move, sent in (
            ("accept", {"offer_number": 1}),
            ("counter", {"price": {"amount_minor": 2, "currency": "KRW"}}),
        ):
            refused = await market.seller.post(f"{path}/{move}", sent)
            assert (refused.status_code, refused.json()["code"]) == (409, "offer_expired")
        assert await figures(connection, stage.deals["agreed"]) == before

        await stage.world.work()
        assert (await ok(await market.buyer.get(path)))["state"] == "expired"
        again = await market.buyer.post(
            f"/v1/listings/{listing_id}/offers", {"price": body["price"]}
        )
        assert again.status_code == 201


@pytest.mark.parametrize("event", ["lapsed", "invalidated", "expired"])
async def test_a_right_out_of_force_is_not_paid_for_until_it_is_restored(
    stage: Stage, event: str
) -> None:
    """The clock is refused, says so in the history, and comes again in six hours."""
    market, clock, deal_id = stage.market, stage.world.clock, stage.deals["recorded"]
    async with undone(stage.world) as connection:
        right_id = await stage.right_of(deal_id)
        event_id = await record(stage, right_id, event)
        before = await figures(connection, deal_id)
        for who in ("buyer", "operator"):
            refused = await stage.people[who].post(f"/v1/deals/{deal_id}/release")
            assert (refused.status_code, refused.json()["code"]) == (409, "right_not_tradable")
        assert await figures(connection, deal_id) == before

        for attempts in (1, 2):
            _, due_at = await state_and_due(connection, "deal", deal_id)
            assert due_at is not None
            await wait_until(stage, due_at + MARGIN)
            state, later = await state_and_due(connection, "deal", deal_id)
            assert state == "recorded"
            assert later is not None
            assert timedelta(0) <= clock.now() + POSTPONED - later < timedelta(minutes=1)
            history = await ok(await market.seller.get(f"/v1/deals/{deal_id}/history"))
            refusals = [fact for fact in history if fact["type"] == "deal.clock_refused"]
            assert [fact["data"] for fact in refusals] == [
                {"code": "right_not_tradable"}
            ] * attempts
        assert (await stage.deal(deal_id))["held"]["amount_minor"] == 100_000_000

        await look_up_before(stage, deal_id, later)
        await undo(stage, right_id, event, event_id)
        await wait_until(stage, later + MARGIN)
        assert await market.state(deal_id) == "settled"


async def undo(stage: Stage, right_id: str, event: str, event_id: str) -> None:
    """What was invalidated never was, and is not restored; only the fact can be taken back."""
    if event != "invalidated":
        await record(stage, right_id, "restored")
        return
    path = f"/v1/rights/{right_id}/legal-events/{event_id}/retract"
    taken_back = await stage.market.operator.post(path, {"source": "correction"})
    assert taken_back.status_code == 204


async def record(stage: Stage, right_id: str, event: str) -> str:
    body = {
        "kind": event,
        "occurred_on": stage.world.clock.now().date().isoformat(),
        "source": "register",
    }
    path = f"/v1/rights/{right_id}/legal-events"
    return str((await ok(await stage.market.operator.post(path, body)))["id"])


async def test_a_payment_that_just_arrived_keeps_the_clock_from_cancelling(stage: Stage) -> None:
    market, deal_id = stage.market, stage.deals["signed"]
    async with undone(stage.world) as connection:
        await market.pay(deal_id)
        _, due_at = await state_and_due(connection, "deal", deal_id)
        assert due_at is not None

        await wait_until(stage, due_at + MARGIN)

        assert await market.state(deal_id) == "signed"
        told = await moves_told(connection, f"deal:{deal_id}")
        assert told[-1] == ("deal.clock_refused", "clock")


async def test_amending_restarts_the_clock_and_waiving_does_not(stage: Stage) -> None:
    market, clock = stage.market, stage.world.clock
    async with undone(stage.world) as connection:
        clock.offset += timedelta(days=1)
        agreed, filed = stage.deals["agreed"], stage.deals["transfer_filed"]
        _, agreed_due = await state_and_due(connection, "deal", agreed)
        _, filed_due = await state_and_due(connection, "deal", filed)
        assert agreed_due is not None

        await ok(await market.buyer.post(f"/v1/deals/{agreed}/amend", {"additional_terms": "x"}))
        await ok(await market.seller.post(f"/v1/deals/{filed}/waive-recordal"))

        _, restarted = await state_and_due(connection, "deal", agreed)
        assert restarted is not None
        assert restarted - agreed_due > timedelta(hours=23)
        assert (await state_and_due(connection, "deal", filed))[1] == filed_due
        refused = await market.seller.post(f"/v1/deals/{filed}/waive-recordal")
        assert (refused.status_code, refused.json()["code"]) == (409, "already_waived")
        await ok(await market.buyer.post(f"/v1/deals/{filed}/confirm-waiver"))
        assert await market.state(filed) == "recorded"
