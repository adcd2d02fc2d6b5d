"""An operator says that the bank refused a payout, and the statement says that it was paid."""

from collections.abc import Iterator
from uuid import uuid4

import httpx2
import pytest
from fastapi import FastAPI

from marketplace.kernel.db import Sessions
from marketplace.payments.ledger.addresses import BANK, BANK_EXPENSE, unallocated
from tests.factories.bank import BankDesk, bank_account, refused
from tests.factories.deals import credit, debit, ok
from tests.factories.people import operator

REASON = {"reason": "bank: no such branch"}
KRW = {"currency": "KRW"}


@pytest.fixture
async def desk(client: httpx2.AsyncClient, sessions: Sessions) -> BankDesk:
    return await BankDesk.open(client, sessions)


@pytest.fixture
def two_persons(app: FastAPI) -> Iterator[None]:
    usual = app.state.settings
    app.state.settings = usual.model_copy(update={"two_person_payouts": True})
    yield
    app.state.settings = usual


async def test_the_payee_is_not_paid_twice(desk: BankDesk) -> None:
    payout = await desk.sent_payout(500)
    await ok(await desk.operator.post(f"/v1/payouts/{payout['id']}/return", REASON))
    there = await desk.balance(BANK)
    await desk.bank(debit(500, payout["end_to_end_id"]))

    assert await desk.entries() == []
    assert (await desk.owed_to(desk.payer), await desk.balance(BANK)) == (0, there + 500)
    await refused(await desk.operator.post("/v1/payout-batches", KRW), 409, "nothing_to_pay")

    again = await desk.queued(debit(500, payout["end_to_end_id"]))
    assert again["reason"] == "debited_after_return"
    before = await desk.books()
    await refused(await desk.resolve(again, "expense"), 409, "entry_not_allocatable")
    assert await desk.books() == before
    await ok(await desk.resolve(again, "charge"))
    assert (await desk.owed_to(desk.payer), await desk.entries()) == (-500, [])


async def test_paid_again_already_the_payee_owes_it(desk: BankDesk) -> None:
    payout = await desk.sent_payout(500)
    await ok(await desk.operator.post(f"/v1/payouts/{payout['id']}/return", REASON))
    await desk.batch()
    await desk.bank(debit(500, payout["end_to_end_id"]))
    assert await desk.owed_to(desk.payer) == -500


async def test_money_of_nobody_known_is_refunded_by_it(desk: BankDesk) -> None:
    entry = await desk.queued(credit(70, "unknown"))
    payout = await ok(await desk.resolve(entry, "refund", {"account": bank_account()}))
    batch = await desk.batch()
    await ok(await desk.operator.post(f"/v1/payout-batches/{batch['id']}/send"))
    await ok(await desk.operator.post(f"/v1/payouts/{payout['id']}/return", REASON))
    await desk.bank(debit(70, payout["id"].replace("-", "")))
    assert [found["id"] for found in await desk.entries("refunded")] == [entry["id"]]
    assert (await desk.entries(), await desk.balance(unallocated(entry["id"]))) == ([], 0)


@pytest.mark.parametrize(("taken", "expense", "owed"), [(530, -30, 0), (470, 0, 30)])
async def test_a_debit_that_differs_is_charged(
    desk: BankDesk, taken: int, expense: int, owed: int
) -> None:
    payout = await desk.sent_payout(500)
    entry = await desk.queued(debit(taken, payout["end_to_end_id"]))
    await refused(await desk.resolve(entry, "expense"), 409, "entry_not_allocatable")
    before = await desk.balance(BANK_EXPENSE)
    await ok(await desk.resolve(entry, "charge"))
    assert await desk.payout_state(payout) == "confirmed"
    assert await desk.balance(BANK_EXPENSE) == before + expense
    assert await desk.owed_to(desk.payer) == owed
    charge = await desk.queued(debit(5, ""))
    await refused(await desk.resolve(charge, "charge"), 409, "entry_not_allocatable")


@pytest.mark.usefixtures("two_persons")
async def test_with_two_people_who_made_a_batch_does_not_call_it_returned(desk: BankDesk) -> None:
    await desk.give_account(desk.payer)
    await desk.owe(500)
    batch, second = await desk.batch(), await operator(desk.client, desk.sessions)
    await ok(await second.post(f"/v1/payout-batches/{batch['id']}/send"))
    path = f"/v1/payouts/{batch['payouts'][0]['id']}/return"
    before = await desk.books()
    await refused(await desk.operator.post(path, REASON), 403, "second_person_needed")
    assert await desk.books() == before
    await ok(await second.post(path, REASON))


async def test_a_payout_is_found_by_the_text_that_we_gave_it(desk: BankDesk) -> None:
    payout = await desk.sent_payout(500)
    name = str(payout["end_to_end_id"])
    header = "entry_id,booked_on,direction,amount,currency,remittance"
    line = f"{uuid4().hex},2026-01-06,debit,500,KRW,PAYOUT {name[:20].upper()} {name[20:].upper()}"
    await desk.load(f"{header}\n{line}".encode())
    assert (await desk.payout_state(payout), await desk.entries()) == ("confirmed", [])

    other = await desk.sent_payout(300)
    text = f"{name} {other['end_to_end_id']}"
    both = f"{uuid4().hex},2026-01-06,debit,300,KRW,{text}"
    await desk.load(f"{header}\n{both}".encode())
    (entry,) = await desk.entries()
    assert entry["reason"] == "several_references"
    assert await desk.payout_state(other) == "sent"
