"""A payee's statement is the ledger's account, whatever is asked of it and in whichever form."""

import csv
import io
from datetime import timedelta
from itertools import pairwise
from random import Random
from typing import Any, Final
from uuid import uuid4

import httpx2
import pytest

from marketplace.kernel.clock import ShiftedClock
from marketplace.kernel.db import Sessions
from marketplace.payments.ledger.addresses import BANK, payable
from marketplace.payments.ledger.service import Booking, Posting, post
from marketplace.payments.payee_statements import api
from tests.factories.bank import BankDesk, refused
from tests.factories.deals import ok
from tests.factories.people import Person, person

PATH: Final = "/v1/payee-statements"


async def book(sessions: Sessions, who: Person, delta: int, kind: str = "release") -> None:
    """Change what is owed to somebody, as a release or a reversal does."""
    account = payable(who.organisation_id)
    posting = Posting(BANK, account, delta) if delta > 0 else Posting(account, BANK, -delta)
    async with sessions.begin() as session:
        subject = f"deal:{uuid4()}"
        await post(session, Booking(uuid4().hex, kind, subject, "KRW", [posting]))


async def read(who: Person, **asked: Any) -> dict[str, Any]:
    found: dict[str, Any] = await ok(await who.get(PATH, currency="KRW", **asked))
    return found


def amounts(statement: dict[str, Any]) -> tuple[int, int, int, int]:
    opening, credited, debited, closing = (
        statement[name]["amount_minor"] for name in ("opening", "credits", "debits", "closing")
    )
    assert opening + credited - debited == closing
    return opening, credited, debited, closing


@pytest.fixture
async def payee(client: httpx2.AsyncClient, sessions: Sessions) -> Person:
    return await person(client, sessions, name="주식회사 한빛 (中文名 株式会社)")


async def test_a_debt_is_set_off_against_what_comes_next(
    sessions: Sessions, clock: ShiftedClock, payee: Person
) -> None:
    for delta, kind in (
        (1_000, "release"),
        (-1_000, "payout"),
        (-600, "reverse"),
        (900, "release"),
    ):
        clock.offset += timedelta(seconds=1)
        await book(sessions, payee, delta, kind)

    statement = await read(payee)

    assert amounts(statement) == (0, 1_900, 1_600, 300)
    told = [
        (e["kind"], e["amount_minor"], e["set_off_minor"], e["balance_minor"])
        for e in statement["entries"]
    ]
    assert told == [
        ("release", 1_000, 0, 1_000),
        ("payout", -1_000, 0, 0),
        ("reverse", -600, 0, -600),
        ("release", 900, 600, 300),
    ]
    assert {e["counterparty"] for e in statement["entries"]} == {"world"}
    assert statement["entries"][0]["description"] == "Price released"
    assert statement["next"] is None


async def test_any_period_and_any_page_fit_together(
    sessions: Sessions, clock: ShiftedClock, payee: Person
) -> None:
    dice, days = Random(4), 40  # noqa: S311 - a walk to repeat, not a secret
    start = clock.now().date()
    for _ in range(60):
        clock.offset += timedelta(days=days / 60)
        await book(sessions, payee, dice.choice([700, 11, -300, -9]))
    cuts = sorted({start, start + timedelta(days=days + 3), *(
        start + timedelta(days=dice.randrange(days)) for _ in range(5)
    )})  # fmt: skip
    closing, entries = 0, []
    for begin, end in pairwise(cuts):
        asked = {"from": begin.isoformat(), "until": end.isoformat()}
        cursor, opened = None, None
        while True:
            page = await read(payee, **asked, limit=3, **({"cursor": cursor} if cursor else {}))
            opened = opened or amounts(page)
            assert amounts(page) == opened
            entries += page["entries"]
            cursor = page["next"]
            if not cursor:
                break
        assert opened[0] == closing
        closing = opened[3]
    assert len(entries) == 60
    running = 0
    for entry in entries:
        running += entry["amount_minor"]
        assert entry["balance_minor"] == running
    balances = await ok(await payee.get("/v1/balances"))
    assert balances["payable"] == [{"amount_minor": closing, "currency": "KRW"}]


async def test_csv_and_pdf_say_the_same(sessions: Sessions, payee: Person) -> None:
    for delta in (5_000, -2_000):
        await book(sessions, payee, delta)
    asked = {"currency": "KRW", "language": "ko"}

    answer = await payee.client.get(
        PATH, params=asked, headers=payee.headers | {"accept": "text/csv, */*;q=0.1"}
    )
    pdf = await payee.get(PATH, **asked, format="pdf")

    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [(row["kind"], row["amount"], row["balance"]) for row in rows] == [
        ("opening", "", "0"),
        ("release", "5000", "5000"),
        ("release", "-2000", "3000"),
        ("closing", "", "3000"),
    ]
    assert [row["description"] for row in rows] == [
        "기초 잔액",
        "대금 지급 확정",
        "대금 지급 확정",
        "기말 잔액",
    ]
    assert pdf.headers["content-type"] == "application/pdf"
    assert pdf.content.startswith(b"%PDF-")
    assert (await payee.get(PATH, **asked, format="pdf")).content == pdf.content


async def test_what_a_file_does_not_hold_is_refused(
    sessions: Sessions, payee: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        await book(sessions, payee, 1)
    monkeypatch.setattr(api, "ENTRIES_MAX", dict.fromkeys(api.ENTRIES_MAX, 2))
    for wanted in ("csv", "pdf"):
        answer = await payee.get(PATH, currency="KRW", format=wanted)
        await refused(answer, 422, "statement_too_long")


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"currency": "KRW", "from": "2026-02-01", "until": "2026-02-01"}, "invalid_period"),
        ({"currency": "KRW", "from": "2026-02-02", "until": "2026-02-01"}, "invalid_period"),
        ({"currency": "KRW", "from": "2025-01-01", "until": "2026-02-01"}, "invalid_period"),
        ({"currency": "KRW", "from": "0001-01-01", "until": "0001-01-02"}, "invalid_period"),
        ({"currency": "KRW", "until": "9999-12-31"}, "invalid_period"),
        ({"currency": "XXX"}, "unknown_currency"),
        ({}, "validation_failed"),
        ({"currency": "KRW", "format": "xls"}, "validation_failed"),
        ({"currency": "KRW", "language": "fr"}, "validation_failed"),
    ],
)
async def test_an_impossible_statement_is_refused(
    payee: Person, asked: dict[str, str], code: str
) -> None:
    await refused(await payee.get(PATH, **asked), 422, code)


async def test_only_an_operator_sees_another_payees(
    client: httpx2.AsyncClient, sessions: Sessions, payee: Person
) -> None:
    desk = await BankDesk.open(client, sessions)
    await book(sessions, payee, 42)
    asked = {"organisation_id": str(payee.organisation_id)}
    assert amounts(await read(desk.operator, **asked)) == (0, 42, 0, 42)
    assert (await read(payee, **asked))["entry_count"] == 1
    foreign = await desk.payer.get(PATH, currency="KRW", **asked)
    await refused(foreign, 404, "not_found")
    unknown = await desk.payer.get(PATH, currency="KRW", organisation_id=str(uuid4()))
    assert foreign.json()["detail"] == unknown.json()["detail"]
