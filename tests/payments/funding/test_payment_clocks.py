"""What time does to money that waits: it reminds, it gives back, it never decides."""

import httpx2
import pytest
from sqlalchemy import text

from marketplace.kernel.clock import ShiftedClock
from marketplace.kernel.db import Sessions
from marketplace.payments.ledger.addresses import BANK, held, unallocated
from marketplace.payments.ledger.verify import run_checks
from marketplace.wiring import PROOFS
from tests.factories.bank import BankDesk, bank_account
from tests.factories.deals import Market, credit, debit, ok, statement
from tests.factories.world import World


@pytest.fixture
async def desk(client: httpx2.AsyncClient, sessions: Sessions) -> BankDesk:
    return await BankDesk.open(client, sessions)


async def broken(desk: BankDesk) -> list[str]:
    async with desk.sessions() as session:
        return [check.name for check in await run_checks(session, PROOFS) if check.problems]


async def events(desk: BankDesk, type_: str) -> int:
    query = text("SELECT count(*) FROM event WHERE type = :type")
    async with desk.sessions() as session:
        return int((await session.execute(query, {"type": type_})).scalar_one())


@pytest.mark.parametrize("line", [credit(70, "unknown"), debit(70, "unknown")])
async def test_time_only_reminds_of_what_waits_in_the_queue(
    desk: BankDesk, clock: ShiftedClock, line: str
) -> None:
    entry = await desk.queued(line)
    money = (await desk.balance(BANK), await desk.balance(unallocated(entry["id"])))

    for week in range(1, 4):
        await desk.pass_days(clock, 7.01)
        assert await events(desk, "bank_entry.remind") == week

    (waiting,) = await desk.entries()
    assert (waiting["id"], waiting["reason"]) == (entry["id"], entry["reason"])
    assert (await desk.balance(BANK), await desk.balance(unallocated(entry["id"]))) == money
    assert await broken(desk) == []


@pytest.mark.parametrize("direction", ["credit", "debit"])
async def test_an_entry_that_nobody_matched_for_a_day_goes_to_the_queue_with_its_money(
    desk: BankDesk, clock: ShiftedClock, direction: str
) -> None:
    line = credit(70, "unknown").replace("credit", direction)
    await ok(await desk.operator.upload("/v1/bank-statements", statement(line)))

    await desk.pass_days(clock, 1.01)

    (entry,) = await desk.entries()
    assert entry["reason"] == "not_matched"
    aside = 70 if direction == "credit" else 0
    assert await desk.balance(unallocated(entry["id"])) == aside
    assert await broken(desk) == []
    how = ("refund", {"account": bank_account()}) if aside else ("expense", None)
    await ok(await desk.resolve(entry, *how))
    assert await broken(desk) == []


async def test_a_part_goes_back_when_the_request_expires(
    desk: BankDesk, clock: ShiftedClock
) -> None:
    due = await desk.request(1_000)
    entry = await desk.queued(credit(300, due.reference))
    await ok(await desk.resolve(entry, "apply", {"reference": due.reference}))

    await desk.pass_days(clock, 60.01)

    assert not await desk.is_open(due)
    assert (await desk.balance(held(due.subject)), await desk.owed_to(desk.payer)) == (0, 300)
    late = await desk.queued(credit(700, due.reference))
    assert late["reason"] == "request_closed"
    assert await broken(desk) == []


async def test_a_payment_after_cancellation_is_never_stuck(world: World) -> None:
    market = await Market.open(world)
    deal_id = await market.deal("signed")
    payment = await market.payment(deal_id)
    price_minor = payment["amount"]["amount_minor"]
    await ok(await market.seller.post(f"/v1/deals/{deal_id}/cancel"))

    await market.bank(credit(price_minor, payment["reference"]))

    assert await market.state(deal_id) == "cancelled"
    (entry,) = (await ok(await market.operator.get("/v1/bank-entries")))["items"]
    assert entry["reason"] == "request_closed"
    assert await world.proofs() == []
    refund = {"account": bank_account()}
    path = f"/v1/bank-entries/{entry['id']}/refund"
    payout = await ok(await market.operator.post(path, refund))
    batch = await ok(await market.operator.post("/v1/payout-batches", {"currency": "KRW"}))
    await ok(await market.operator.post(f"/v1/payout-batches/{batch['id']}/send"))
    await market.bank(debit(price_minor, payout["id"].replace("-", "")))
    (paid,) = (await ok(await market.operator.get(f"/v1/payout-batches/{batch['id']}")))["payouts"]
    assert (paid["state"], paid["amount_minor"]) == ("confirmed", price_minor)
    assert await world.proofs() == []


async def test_the_clock_does_not_cancel_a_deal_whose_money_came(world: World) -> None:
    """The payment is matched, its news not yet delivered, and the deal is due to be cancelled."""
    market = await Market.open(world)
    deal_id = await market.deal("signed")
    payment = await market.payment(deal_id)
    line = credit(payment["amount"]["amount_minor"], payment["reference"])
    await ok(await market.operator.upload("/v1/bank-statements", statement(line)))
    desk = await BankDesk.open(world.client, world.sessions)
    await desk.bank(credit(1, "anything"))

    await desk.pass_days(world.clock, 31)

    assert await market.state(deal_id) == "signed"
    await world.work()
    assert await market.state(deal_id) == "funded"
    assert await world.proofs() == []
