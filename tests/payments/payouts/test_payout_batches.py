"""Money leaves in batches, once, and comes back when the bank says that it did not arrive."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID
from xml.etree.ElementTree import Element
from zoneinfo import ZoneInfo

import httpx2
import pytest
from defusedxml.ElementTree import fromstring
from fastapi import FastAPI

from marketplace.kernel.clock import ShiftedClock
from marketplace.kernel.db import Sessions
from marketplace.kernel.money import minor_from_text
from marketplace.payments.ledger.addresses import BANK, transit, unallocated
from marketplace.payments.providers.bank.bank_account import BankAccount
from marketplace.payments.providers.bank.pain001 import NAMESPACE
from tests.factories.bank import ACCOUNT_NUMBER, BankDesk, bank_account, refused, returned, returns
from tests.factories.deals import credit, debit, ok
from tests.factories.people import operator, person

PATH = "/v1/payout-batches"
XML = {"p": NAMESPACE}
KRW = {"currency": "KRW"}


@pytest.fixture
async def desk(client: httpx2.AsyncClient, sessions: Sessions) -> BankDesk:
    return await BankDesk.open(client, sessions)


async def file_of(desk: BankDesk, batch_id: str) -> bytes:
    answer = await desk.operator.get(f"{PATH}/{batch_id}/file")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/xml"
    return answer.content


def text_at(element: Element, path: str) -> str:
    found = element.findtext(path, namespaces=XML)
    assert found is not None, path
    return found


async def test_a_batch_collects_every_payable_with_a_bank_account(desk: BankDesk) -> None:
    first = desk.payer
    owed: dict[str, int] = {}
    for amount in (500, 700, 900):
        desk.payer = await person(desk.client, desk.sessions, name=f"owed {amount}")
        await desk.owe(amount)
        if amount != 900:
            await desk.give_account(desk.payer, f"110-000-{amount}")
            owed[str(desk.payer.organisation_id)] = amount
    last, desk.payer = desk.payer, first
    refund = await desk.queued(credit(70, "unknown"))
    await ok(await desk.resolve(refund, "refund", {"account": bank_account("110-000-070")}))

    batch = await desk.batch()

    paid = {payout["organisation_id"]: payout["amount_minor"] for payout in batch["payouts"]}
    assert paid == {**owed, None: 70}
    assert {payout["state"] for payout in batch["payouts"]} == {"prepared"}
    assert await desk.owed_to(last) == 900
    assert sum([await desk.balance(transit(payout["id"])) for payout in batch["payouts"]]) == 1_270


@pytest.mark.parametrize(
    "owed", ["nothing", "without an account", "another currency", "in transit"]
)
async def test_without_anything_to_pay_there_is_no_batch(desk: BankDesk, owed: str) -> None:
    if owed == "without an account":
        await desk.owe(500)
    elif owed == "another currency":
        await desk.give_account(desk.payer)
        await desk.owe(500, "USD")
    elif owed == "in transit":
        await desk.sent_payout()
    before = await desk.books()

    await refused(await desk.operator.post(PATH, KRW), 409, "nothing_to_pay")

    assert await desk.books() == before


@pytest.fixture
def two_persons(app: FastAPI) -> Iterator[None]:
    """The platform wants two people for a batch of payouts."""
    usual = app.state.settings
    app.state.settings = usual.model_copy(update={"two_person_payouts": True})
    yield
    app.state.settings = usual


@pytest.mark.usefixtures("two_persons")
async def test_with_two_people_who_made_a_batch_does_not_send_it(desk: BankDesk) -> None:
    await desk.give_account(desk.payer)
    await desk.owe(500)
    path = f"{PATH}/{(await desk.batch())['id']}/send"
    before = await desk.books()

    await refused(await desk.operator.post(path), 403, "second_person_needed")

    assert await desk.books() == before
    second = await operator(desk.client, desk.sessions)
    assert (await ok(await second.post(path)))["sent_at"]


async def test_the_file_exists_once_sent_and_is_the_same_each_time(
    desk: BankDesk, clock: ShiftedClock, app: FastAPI
) -> None:
    for amount in (1_005, 20):
        desk.payer = await person(desk.client, desk.sessions)
        await desk.give_account(desk.payer)
        await desk.owe(amount, "USD")
    batch = await desk.batch("USD")
    path = f"{PATH}/{batch['id']}"
    await refused(await desk.operator.get(f"{path}/file"), 409, "batch_not_sent")
    clock.offset += timedelta(days=3)
    today = clock.now().astimezone(ZoneInfo("Asia/Seoul")).date()
    await ok(await desk.operator.post(f"{path}/send"))

    first = await file_of(desk, batch["id"])

    clock.offset += timedelta(days=400)
    await desk.give_account(desk.payer, "999-999-999")
    ours = app.state.platform_account
    app.state.platform_account = BankAccount(**bank_account("777-777-777777", "another bank"))
    again = await file_of(desk, batch["id"])
    app.state.platform_account = ours
    assert again == first
    document = fromstring(first)
    header, payment = document.find(".//p:GrpHdr", XML), document.find(".//p:PmtInf", XML)
    assert text_at(payment, "p:ReqdExctnDt/p:Dt") == str(today)
    assert text_at(payment, "p:DbtrAcct/p:Id/p:Othr/p:Id") == "000000000000"
    for totals in (header, payment):
        assert (text_at(totals, "p:NbOfTxs"), text_at(totals, "p:CtrlSum")) == ("2", "10.25")
    transfers = payment.findall("p:CdtTrfTxInf", XML)
    amounts = [minor_from_text(text_at(each, "p:Amt/p:InstdAmt"), "USD") for each in transfers]
    assert sorted(amounts) == [20, 1_005]
    named = {text_at(each, "p:PmtId/p:EndToEndId") for each in transfers}
    assert named == {UUID(payout["id"]).hex for payout in batch["payouts"]}
    numbers = {text_at(each, "p:CdtrAcct/p:Id/p:Othr/p:Id") for each in transfers}
    assert numbers == {ACCOUNT_NUMBER.replace("-", "")}


async def test_a_batch_is_sent_once(desk: BankDesk) -> None:
    payout = await desk.sent_payout()
    before = await desk.books()

    for _ in range(2):
        again = await desk.operator.post(f"{PATH}/{payout['batch_id']}/send")
        await refused(again, 409, "batch_sent")

    assert await desk.books() == before


async def test_a_batch_of_cancelled_payouts_is_not_sent(desk: BankDesk) -> None:
    await desk.owe(500)
    await desk.give_account(desk.payer)
    batch = await desk.batch()
    (payout,) = batch["payouts"]
    cancelled = await ok(await desk.operator.post(f"/v1/payouts/{payout['id']}/cancel"))
    assert (cancelled["state"], await desk.owed_to(desk.payer)) == ("cancelled", 500)
    before = await desk.books()

    await refused(await desk.operator.post(f"{PATH}/{batch['id']}/send"), 409, "batch_empty")

    assert await desk.books() == before
    assert [found["amount_minor"] for found in (await desk.batch())["payouts"]] == [500]


async def test_a_cancelled_payout_is_not_in_the_file(desk: BankDesk) -> None:
    for amount in (500, 700):
        desk.payer = await person(desk.client, desk.sessions)
        await desk.give_account(desk.payer)
        await desk.owe(amount)
    batch = await desk.batch()
    first, second = batch["payouts"]
    await ok(await desk.operator.post(f"/v1/payouts/{first['id']}/cancel"))
    await ok(await desk.operator.post(f"{PATH}/{batch['id']}/send"))

    content = (await file_of(desk, batch["id"])).decode()

    assert UUID(second["id"]).hex in content
    assert UUID(first["id"]).hex not in content


async def test_the_statement_confirms_a_payout(desk: BankDesk) -> None:
    payout = await desk.confirmed_payout(500)

    assert await desk.balance(transit(payout["id"])) == 0
    assert await desk.balance(BANK) == -1  # the request of one that was paid and kept
    assert await desk.owed_to(desk.payer) == 0
    finished = await ok(await desk.operator.post(f"/v1/payouts/{payout['id']}/finish"))
    assert finished["state"] == "final"


@pytest.mark.parametrize("state", ["sent", "confirmed"])
@pytest.mark.parametrize(("amount", "currency"), [(499, "KRW"), (501, "KRW"), (500, "JPY")])
async def test_a_movement_that_differs_from_its_payout_waits(
    desk: BankDesk, state: str, amount: int, currency: str
) -> None:
    payout = await (desk.sent_payout() if state == "sent" else desk.confirmed_payout())
    name = payout["end_to_end_id"]
    line = debit(amount, name, currency=currency)
    if state == "confirmed":
        line = line.replace("debit", "credit")

    entry = await desk.queued(line)

    reason = "payout_differs" if state == "sent" else "unknown_reference"
    assert entry["reason"] == reason
    assert await desk.payout_state(payout) == state
    assert await desk.balance(transit(payout["id"])) == (500 if state == "sent" else 0)


async def test_a_payout_confirmed_twice_moves_money_once(desk: BankDesk) -> None:
    payout = await desk.confirmed_payout(500)
    bank_minor = await desk.balance(BANK)

    entry = await desk.queued(debit(500, payout["end_to_end_id"]))

    assert (entry["reason"], await desk.balance(BANK)) == ("payout_differs", bank_minor)


async def test_a_returned_payout_is_payable_again_and_leaves_by_a_new_account(
    desk: BankDesk,
) -> None:
    payout = await desk.confirmed_payout(500)

    await desk.load(returns(returned(500, payout["end_to_end_id"], reason="AC04 Account closed")))

    batch = await ok(await desk.operator.get(f"{PATH}/{payout['batch_id']}"))
    (found,) = batch["payouts"]
    told = (found["state"], found["return_code"], found["return_text"])
    assert told == ("returned", "AC04", "Account closed")
    assert await desk.owed_to(desk.payer) == 500
    await desk.give_account(desk.payer, "222-333-444444")
    (again,) = (await desk.batch())["payouts"]
    assert (again["amount_minor"], again["masked"]) == (500, "****4444")
    assert again["id"] != payout["id"]


async def test_a_return_before_its_confirmation_waits(desk: BankDesk) -> None:
    payout = await desk.sent_payout(500)

    await desk.load(returns(returned(500, payout["end_to_end_id"])))

    (entry,) = await desk.entries()
    assert entry["reason"] == "payout_differs"
    assert await desk.balance(unallocated(entry["id"])) == 500
    assert await desk.payout_state(payout) == "sent"


async def test_a_payout_that_the_bank_refused_is_payable_again(desk: BankDesk) -> None:
    payout = await desk.sent_payout(500)
    path = f"/v1/payouts/{payout['id']}/return"

    told = await ok(await desk.operator.post(path, {"reason": "bank: no such branch"}))

    assert (told["state"], told["return_text"]) == ("returned", "bank: no such branch")
    assert await desk.owed_to(desk.payer) == 500
    before = await desk.books()
    await refused(await desk.operator.post(path, {"reason": "again"}), 409, "illegal_move")
    assert await desk.books() == before


MOVES = ("cancel", "return", "finish")
OPEN_MOVES = {
    "prepared": {"cancel"},
    "sent": {"return"},
    "confirmed": {"finish"},
    "returned": set(),
    "cancelled": set(),
    "final": set(),
}


async def bring(desk: BankDesk, state: str) -> dict[str, Any]:
    if state in {"prepared", "cancelled"}:
        await desk.owe(500)
        await desk.give_account(desk.payer)
        payout: dict[str, Any] = (await desk.batch())["payouts"][0]
        if state == "cancelled":
            await ok(await desk.operator.post(f"/v1/payouts/{payout['id']}/cancel"))
        return payout
    if state == "sent":
        return await desk.sent_payout()
    if state == "returned":
        payout = await desk.sent_payout()
        await ok(await desk.operator.post(f"/v1/payouts/{payout['id']}/return", {"reason": "r"}))
        return payout
    payout = await desk.confirmed_payout()
    if state == "final":
        await ok(await desk.operator.post(f"/v1/payouts/{payout['id']}/finish"))
    return payout


@pytest.mark.parametrize("state", OPEN_MOVES)
async def test_a_payout_makes_the_moves_of_its_state_and_no_other(
    desk: BankDesk, state: str
) -> None:
    payout = await bring(desk, state)
    assert await desk.payout_state(payout) == state
    before = await desk.books()

    for name in MOVES:
        path, body = f"/v1/payouts/{payout['id']}/{name}", {"reason": "it came back"}
        await refused(await desk.payer.post(path, body), 403, "permission_missing")
        if name not in OPEN_MOVES[state]:
            await refused(await desk.operator.post(path, body), 409, "illegal_move")
    assert await desk.books() == before
    for name in OPEN_MOVES[state]:
        path = f"/v1/payouts/{payout['id']}/{name}"
        await ok(await desk.operator.post(path, {"reason": "it came back"}))


@pytest.mark.parametrize(
    ("state", "days", "after", "owed"),
    [
        ("prepared", 6.9, "prepared", 0),
        ("prepared", 7.1, "cancelled", 500),
        ("sent", 7.1, "sent", 0),
        ("sent", 1_000, "sent", 0),
        ("confirmed", 59.9, "confirmed", 0),
        ("confirmed", 60.1, "final", 0),
    ],
)
async def test_the_clock_never_decides_about_money_that_left(
    desk: BankDesk, clock: ShiftedClock, state: str, days: float, after: str, owed: int
) -> None:
    payout = await bring(desk, state)

    await desk.pass_days(clock, days)

    assert (await desk.payout_state(payout), await desk.owed_to(desk.payer)) == (after, owed)


@pytest.mark.parametrize("end", ["cancelled", "by the clock", "refused", "returned"])
async def test_a_refund_that_did_not_arrive_waits_for_the_operator_again(
    desk: BankDesk, clock: ShiftedClock, end: str
) -> None:
    entry = await desk.queued(credit(70, "unknown"))
    payout = await ok(await desk.resolve(entry, "refund", {"account": bank_account()}))
    path, name = f"/v1/payouts/{payout['id']}", UUID(payout["id"]).hex
    if end in {"refused", "returned"}:
        batch = await desk.batch()
        await ok(await desk.operator.post(f"{PATH}/{batch['id']}/send"))
    if end == "cancelled":
        await ok(await desk.operator.post(f"{path}/cancel"))
    elif end == "by the clock":
        await desk.pass_days(clock, 7.1)
    elif end == "refused":
        await ok(await desk.operator.post(f"{path}/return", {"reason": "closed"}))
    else:
        await desk.bank(debit(70, name))
        await desk.load(returns(returned(70, name)))

    (again,) = await desk.entries()

    assert (again["id"], again["reason"]) == (entry["id"], "refund_failed")
    assert await desk.balance(unallocated(entry["id"])) == 70
    other = bank_account("333-444-555555")
    retried = await ok(await desk.resolve(again, "refund", {"account": other}))
    assert (retried["masked"], retried["amount_minor"]) == ("****5555", 70)
    assert await desk.balance(unallocated(entry["id"])) == 0


async def test_a_refund_is_over_when_its_payout_is_final(
    desk: BankDesk, clock: ShiftedClock
) -> None:
    entry = await desk.queued(credit(70, "unknown"))
    payout = await ok(await desk.resolve(entry, "refund", {"account": bank_account()}))
    batch = await desk.batch()
    await ok(await desk.operator.post(f"{PATH}/{batch['id']}/send"))
    await desk.bank(debit(70, UUID(payout["id"]).hex))
    assert [found["id"] for found in await desk.entries("refunding")] == [entry["id"]]

    await desk.pass_days(clock, 60.1)

    assert [found["id"] for found in await desk.entries("refunded")] == [entry["id"]]
    assert await desk.payout_state(payout) == "final"


async def test_a_payable_over_the_limit_of_one_transfer_leaves_in_parts(desk: BankDesk) -> None:
    await desk.give_account(desk.payer)
    most = 10**15 - 1
    for _ in range(2):
        await desk.owe(most - 1)

    amounts = [(await desk.batch())["payouts"][0]["amount_minor"] for _ in range(2)]

    assert amounts == [most, most - 2]


async def test_the_answers_know_no_such_batch_or_payout(desk: BankDesk) -> None:
    unknown = "01890a5d-0000-7000-8000-00000000ffff"
    for answer in (
        await desk.operator.get(f"{PATH}/{unknown}"),
        await desk.operator.get(f"{PATH}/{unknown}/file"),
        await desk.operator.post(f"{PATH}/{unknown}/send"),
        *[
            await desk.operator.post(f"/v1/payouts/{unknown}/{name}", {"reason": "r"})
            for name in MOVES
        ],
    ):
        await refused(answer, 404, "not_found")
