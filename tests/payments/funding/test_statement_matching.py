"""Bank statements through the door: what matches exactly is booked, the rest waits in the queue."""

from datetime import timedelta

import httpx2
import pytest

from marketplace.kernel.clock import ShiftedClock
from marketplace.kernel.db import Sessions
from marketplace.payments.ledger.addresses import BANK, held, unallocated
from tests.factories.bank import BankDesk, refused
from tests.factories.deals import credit, debit, ok, statement


@pytest.fixture
async def desk(client: httpx2.AsyncClient, sessions: Sessions) -> BankDesk:
    return await BankDesk.open(client, sessions)


async def test_an_exact_payment_is_held_and_its_request_paid(desk: BankDesk) -> None:
    due = await desk.request(1_000)

    told = await desk.bank(credit(1_000, due.reference.lower().replace("-", " ")))

    assert (told["entries"], told["new_entries"]) == (1, 1)
    progress = await ok(await desk.operator.get(f"/v1/bank-statements/{told['id']}"))
    assert progress["by_state"] == {"matched": 1}
    assert (await desk.balance(held(due.subject)), await desk.balance(BANK)) == (1_000, -1_000)
    assert not await desk.is_open(due)


@pytest.mark.parametrize(
    ("amount", "note", "currency", "reason"),
    [
        (999, "{due}", "KRW", "underpaid"),
        (1_001, "{due}", "KRW", "overpaid"),
        (1_000, "no reference at all", "KRW", "unknown_reference"),
        (1_000, "IPM-0000-0000-1", "KRW", "unknown_reference"),
        (1_000, "{due:.14}", "KRW", "unknown_reference"),
        (1_000, "{due} and {other}", "KRW", "several_references"),
        (10, "{due}", "USD", "wrong_currency"),
    ],
)
async def test_what_does_not_match_exactly_is_set_aside(
    desk: BankDesk, amount: int, note: str, currency: str, reason: str
) -> None:
    due, other = await desk.request(1_000), await desk.request(1_000)
    remittance = note.format(due=due.reference, other=other.reference)

    entry = await desk.queued(credit(amount, remittance, currency=currency))

    assert entry["reason"] == reason
    amount_minor = entry["amount_minor"]
    assert await desk.balance(unallocated(entry["id"]), currency) == amount_minor
    assert await desk.balance(BANK, currency) == -amount_minor
    for untouched in (due, other):
        assert await desk.is_open(untouched)
        assert await desk.received_minor(untouched) == 0


async def test_of_two_payments_of_one_request_the_second_waits(desk: BankDesk) -> None:
    due = await desk.request(1_000)

    entry = await desk.queued(credit(1_000, due.reference), credit(1_000, due.reference))

    assert entry["reason"] == "request_closed"
    assert await desk.balance(held(due.subject)) == 1_000
    assert await desk.balance(unallocated(entry["id"])) == 1_000


async def test_a_payment_after_cancellation_waits_for_the_operator(desk: BankDesk) -> None:
    due = await desk.request(1_000)
    await desk.cancel(due)

    entry = await desk.queued(credit(1_000, due.reference))

    assert entry["reason"] == "request_closed"
    assert await desk.balance(held(due.subject)) == 0


async def test_an_unknown_debit_waits_and_books_nothing(desk: BankDesk) -> None:
    entry = await desk.queued(debit(300, "somebody-elses-order"))

    assert (entry["reason"], entry["direction"]) == ("unknown_debit", "debit")
    assert await desk.balance(BANK) == 0


async def test_the_same_file_twice_counts_once(desk: BankDesk) -> None:
    due = await desk.request(1_000)
    content = statement(credit(1_000, due.reference), credit(5, "unknown"))
    first = await desk.load(content)
    before = await desk.books()

    assert await desk.load(content) == first

    assert await desk.books() == before


OURS = "000-000-000000"
"""The account of the settings that nobody changed."""


def on_account(account: str | None, entry: str, note: str = "note") -> bytes:
    """A statement that names its account, or has no column for it."""
    header = "entry_id,booked_on,direction,amount,currency,remittance"
    line = f"{entry},2026-01-05,credit,1000,KRW,{note}"
    more = ("", "") if account is None else (",account", f",{account}")
    return f"{header}{more[0]}\n{line}{more[1]}".encode()


def camt053(account: str, entry: str, note: str) -> bytes:
    amount = '<Amt Ccy="KRW">1000</Amt><CdtDbtInd>CRDT</CdtDbtInd>'
    return (
        "<Document><BkToCstmrStmt><Stmt><Id>S1</Id>"
        f"<Acct><Id>{account}</Id><Ccy>KRW</Ccy></Acct><Ntry>{amount}<Sts>BOOK</Sts>"
        f"<BookgDt><Dt>2026-01-05</Dt></BookgDt><AcctSvcrRef>{entry}</AcctSvcrRef><NtryDtls>"
        f"<TxDtls><RmtInf><Ustrd>{note}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>"
        "</Stmt></BkToCstmrStmt></Document>"
    ).encode()


async def test_a_statement_of_another_account_pays_nothing(desk: BankDesk) -> None:
    due = await desk.request(1_000)
    before = await desk.books()

    for content in (
        camt053("<IBAN>DE89370400440532013000</IBAN>", "e1", due.reference),
        camt053("<Othr><Id>110-000-000000</Id></Othr>", "e1", due.reference),
        on_account("110-000-000000", "e1", due.reference),
        on_account("-", "e1", due.reference),
    ):
        refusal = await desk.operator.upload("/v1/bank-statements", content)
        await refused(refusal, 422, "foreign_account")
        assert "DE89370400440532013000" not in refusal.text

    assert await desk.books() == before
    own = camt053("<Othr><Id>000 000 000000</Id></Othr>", "e1", due.reference)
    assert (await desk.load(own))["new_entries"] == 1
    assert not await desk.is_open(due)


async def test_a_day_after_tomorrow_is_not_booked_yet(desk: BankDesk, clock: ShiftedClock) -> None:
    tomorrow = clock.now().date() + timedelta(days=1)
    late = statement(f"e1,{tomorrow + timedelta(days=1)},credit,5,KRW,x,")

    refusal = await desk.operator.upload("/v1/bank-statements", late)
    await refused(refusal, 422, "malformed_statement")

    told = await desk.bank(f"e1,{tomorrow},credit,5,KRW,x,")
    assert told["new_entries"] == 1


async def test_an_entry_counts_once_however_its_account_is_spelt(desk: BankDesk) -> None:
    spellings = (None, "", OURS, "000000000000", "000 000 000000")

    told = [await desk.load(on_account(spelling, "e1")) for spelling in spellings]

    assert [each["new_entries"] for each in told] == [1, 0, 0, 0, 0]
    assert {each["account"] for each in told} == {"000000000000"}
    assert await desk.balance(BANK) == -1_000


async def test_overlapping_files_tell_an_entry_once(desk: BankDesk) -> None:
    due = await desk.request(1_000)
    shared = credit(1_000, due.reference)
    await desk.bank(credit(1, "before"), shared)

    told = await desk.bank(shared, credit(2, "after"))

    assert (told["entries"], told["new_entries"]) == (2, 1)
    assert await desk.balance(BANK) == -1_003
    assert await desk.balance(held(due.subject)) == 1_000


@pytest.mark.parametrize(
    "again",
    [
        "e1,2026-01-05,credit,1001,KRW,note,",
        "e1,2026-01-05,debit,1000,KRW,note,",
        "e1,2026-01-05,credit,1000,JPY,note,",
        "e1,2026-01-06,credit,1000,KRW,note,",
        "e1,2026-01-05,credit,1000,KRW,another note,",
        "e1,2026-01-05,credit,1000,KRW,note,end-to-end",
    ],
)
async def test_an_entry_told_differently_refuses_the_whole_file(desk: BankDesk, again: str) -> None:
    await desk.bank("e1,2026-01-05,credit,1000,KRW,note,")
    before = await desk.books()
    currency = again.split(",")[4]
    content = statement(credit(7, "new", currency=currency), again)

    refusal = await desk.operator.upload("/v1/bank-statements", content)

    await refused(refusal, 422, "malformed_statement")
    assert await desk.books() == before


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"", 422, "malformed_statement"),
        (b"hello", 422, "malformed_statement"),
        (b"\xff\xfe\x00", 422, "malformed_statement"),
        (statement(), 422, "malformed_statement"),
        (statement("e1,2026-01-05,credit,1.5,KRW,x,"), 422, "malformed_statement"),
        (statement("e1,2026-01-05,credit,-5,KRW,x,"), 422, "malformed_statement"),
        (statement("e1,2026-01-05,credit,0,KRW,x,"), 422, "malformed_statement"),
        (statement("e1,2026-13-05,credit,5,KRW,x,"), 422, "malformed_statement"),
        (statement("e1,0001-01-01,credit,5,KRW,x,"), 422, "malformed_statement"),
        (statement("e1,1989-12-31,credit,5,KRW,x,"), 422, "malformed_statement"),
        (statement("e1,9999-12-31,credit,5,KRW,x,"), 422, "malformed_statement"),
        (statement("e1,2026-01-05,credit,5,XXX,x,"), 422, "malformed_statement"),
        (statement(f"e1,2026-01-05,credit,{10**15},KRW,x,"), 422, "malformed_statement"),
        (statement(*["e1,2026-01-05,credit,5,KRW,x,"] * 2), 422, "malformed_statement"),
        (
            b'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY a "aaaa">]><Document>&a;</Document>',
            422,
            "malformed_statement",
        ),
        (b"<Document><unclosed></Document>", 422, "malformed_statement"),
        (b"entry_id" + b"," * (10 * 1024 * 1024), 413, "too_large"),
    ],
)
async def test_a_malformed_file_stores_nothing(
    desk: BankDesk, content: bytes, status: int, code: str
) -> None:
    before = await desk.books()

    await refused(await desk.operator.upload("/v1/bank-statements", content), status, code)

    assert await desk.books() == before


async def test_statements_and_entries_are_the_operators(
    client: httpx2.AsyncClient, desk: BankDesk
) -> None:
    entry = await desk.queued(credit(5, "unknown"))
    path = f"/v1/bank-entries/{entry['id']}"
    before = await desk.books()

    answers = [
        await desk.payer.upload("/v1/bank-statements", statement(credit(5, "x"))),
        await desk.payer.get("/v1/bank-entries"),
        await desk.payer.get(f"/v1/bank-statements/{entry['statement_id']}"),
        await desk.payer.post(f"{path}/apply", {"reference": "IPM-0000-0000-0"}),
        await desk.payer.post(f"{path}/expense"),
    ]

    for answer in answers:
        await refused(answer, 403, "permission_missing")
    assert await desk.books() == before


async def test_the_queue_is_paged_oldest_first(desk: BankDesk) -> None:
    await desk.bank(*(credit(n, "unknown") for n in range(1, 6)))

    amounts, cursor = [], None
    while True:
        query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = await ok(await desk.operator.get("/v1/bank-entries", **query))
        amounts += [entry["amount_minor"] for entry in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break

    assert amounts == [1, 2, 3, 4, 5]
