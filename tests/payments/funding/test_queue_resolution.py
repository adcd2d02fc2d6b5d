"""The operator decides about money that matched nothing; each decision is made once."""

from typing import Any

import httpx2
import pytest

from marketplace.kernel.db import Sessions
from marketplace.payments.ledger.addresses import BANK, BANK_EXPENSE, held, transit, unallocated
from tests.factories.bank import BankDesk, bank_account, refused
from tests.factories.deals import credit, debit, ok

REFUND = {"account": bank_account()}


@pytest.fixture
async def desk(client: httpx2.AsyncClient, sessions: Sessions) -> BankDesk:
    return await BankDesk.open(client, sessions)


async def test_parts_add_up_until_the_request_is_paid(desk: BankDesk) -> None:
    due = await desk.request(1_000)
    parts = [await desk.queued(credit(amount, due.reference)) for amount in (300, 200)]
    for part in parts:
        applied = await ok(await desk.resolve(part, "apply", {"reference": due.reference}))
        assert applied["state"] == "applied"
    assert await desk.received_minor(due) == 500
    assert await desk.is_open(due)

    await desk.bank(credit(500, due.reference))

    assert not await desk.is_open(due)
    assert await desk.balance(held(due.subject)) == 1_000
    assert await desk.owed_to(desk.payer) == 0
    assert await desk.entries() == []


async def test_the_last_part_pays_the_request(desk: BankDesk) -> None:
    due = await desk.request(1_000)
    for amount in (999, 1):
        entry = await desk.queued(credit(amount, "without a reference"))
        await ok(await desk.resolve(entry, "apply", {"reference": due.reference}))

    assert not await desk.is_open(due)
    assert await desk.balance(held(due.subject)) == 1_000


@pytest.mark.parametrize("separator", ["-", " ", "", " - "])
async def test_a_reference_may_be_copied_as_a_payer_would(desk: BankDesk, separator: str) -> None:
    due = await desk.request(1_000)
    copied = due.reference.lower().replace("-", separator)
    entry = await desk.queued(credit(1_000, "without a reference"))

    await ok(await desk.resolve(entry, "apply", {"reference": copied}))

    assert not await desk.is_open(due)


async def test_what_exceeds_the_request_is_owed_back_to_the_payer(desk: BankDesk) -> None:
    due = await desk.request(1_000)
    entry = await desk.queued(credit(1_234, due.reference))

    await ok(await desk.resolve(entry, "apply", {"reference": due.reference}))

    assert await desk.balance(held(due.subject)) == 1_000
    assert await desk.owed_to(desk.payer) == 234
    assert await desk.balance(unallocated(entry["id"])) == 0


async def test_a_part_is_given_back_when_the_request_is_cancelled(desk: BankDesk) -> None:
    due = await desk.request(1_000)
    entry = await desk.queued(credit(300, due.reference))
    await ok(await desk.resolve(entry, "apply", {"reference": due.reference}))

    await desk.cancel(due)

    assert await desk.balance(held(due.subject)) == 0
    assert await desk.owed_to(desk.payer) == 300


async def test_a_refund_goes_to_the_given_account(desk: BankDesk) -> None:
    entry = await desk.queued(credit(70, "unknown"))

    payout = await ok(await desk.resolve(entry, "refund", REFUND))

    assert (payout["state"], payout["masked"], payout["amount_minor"]) == (
        "prepared",
        "****4321",
        70,
    )
    assert payout["organisation_id"] is None
    assert await desk.balance(transit(payout["id"])) == 70
    assert await desk.balance(unallocated(entry["id"])) == 0
    assert [found["id"] for found in (await desk.batch())["payouts"]] == [payout["id"]]


async def test_a_debit_can_be_the_platforms_expense(desk: BankDesk) -> None:
    entry = await desk.queued(debit(30, "bank charge"))

    assert (await ok(await desk.resolve(entry, "expense")))["state"] == "expensed"

    assert (await desk.balance(BANK), await desk.balance(BANK_EXPENSE)) == (30, -30)


@pytest.mark.parametrize(
    ("line", "how", "body"),
    [
        (credit(10, "x"), "apply", "reference"),
        (credit(10, "x"), "refund", REFUND),
        (debit(10, "x"), "expense", None),
    ],
)
async def test_an_entry_is_resolved_once(desk: BankDesk, line: str, how: str, body: Any) -> None:
    due = await desk.request(1_000)
    sent = {"reference": due.reference} if body == "reference" else body
    entry = await desk.queued(line)
    await ok(await desk.resolve(entry, how, sent))
    before = await desk.books()

    await refused(await desk.resolve(entry, how, sent), 409, "illegal_move")
    other = ("refund", REFUND) if how == "apply" else ("apply", {"reference": due.reference})
    code = "entry_not_allocatable" if how == "expense" else "illegal_move"
    await refused(await desk.resolve(entry, *other), 409, code)

    assert await desk.books() == before


@pytest.mark.parametrize(
    ("line", "how", "body", "status", "code"),
    [
        (credit(10, "x"), "expense", None, 409, "entry_not_allocatable"),
        (debit(10, "x"), "apply", "open", 409, "entry_not_allocatable"),
        (debit(10, "x"), "refund", REFUND, 409, "entry_not_allocatable"),
        (credit(10, "x", currency="USD"), "apply", "open", 422, "currency_mismatch"),
        (credit(10, "x"), "apply", "cancelled", 409, "payment_request_not_open"),
        (credit(10, "x"), "apply", "paid", 409, "payment_request_not_open"),
        (credit(10, "x"), "apply", "IPM-0000-0000-0", 404, "not_found"),
        (credit(10, "x"), "apply", "open paid", 404, "not_found"),
        (credit(10, "x"), "apply", "", 422, "validation_failed"),
        (credit(10, "x"), "apply", "a\0b", 422, "validation_failed"),
        (credit(10, "x"), "refund", {"account": bank_account("12")}, 422, "invalid_bank_account"),
        (
            credit(10, "x"),
            "refund",
            {"account": bank_account("DE89 3704 0044 0532 0130 01")},
            422,
            "invalid_bank_account",
        ),
        (credit(10, "x"), "refund", {}, 422, "validation_failed"),
    ],
)
async def test_a_refused_decision_changes_nothing(
    desk: BankDesk, line: str, how: str, body: Any, status: int, code: str
) -> None:
    dues = {state: await desk.request(50) for state in ("open", "cancelled", "paid")}
    await desk.cancel(dues["cancelled"])
    await desk.bank(credit(50, dues["paid"].reference))
    if isinstance(body, str):
        words = body.split(" ")
        named = [dues[word].reference if word in dues else word for word in words]
        body = {"reference": " ".join(named)}
    entry = await desk.queued(line)
    before = await desk.books()

    await refused(await desk.resolve(entry, how, body), status, code)

    assert await desk.books() == before
