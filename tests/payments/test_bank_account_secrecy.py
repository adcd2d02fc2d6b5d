"""A bank account is readable in one place only: the file that goes to the bank."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import text

from marketplace.kernel.db import Sessions
from tests.factories.bank import BankDesk, bank_account, refused
from tests.factories.deals import credit, ok
from tests.factories.people import person

NUMBERS = ("110-424-242424", "110-737-373737", "110-858-585858")
HOLDERS = ("은닉된이름", "숨은예금주", "가려진수취인")

_COLUMNS = text(
    "SELECT table_name, column_name FROM information_schema.columns"
    " WHERE table_schema = 'public' ORDER BY table_name, ordinal_position"
)


@pytest.fixture
async def desk(client: httpx2.AsyncClient, sessions: Sessions) -> BankDesk:
    return await BankDesk.open(client, sessions)


async def dump(sessions: Sessions) -> dict[str, str]:
    """Every column of the database as text; bytes as they would be read in a dump."""
    found = {}
    async with sessions() as session:
        for table, column in (await session.execute(_COLUMNS)).all():
            rows = await session.execute(text(f'SELECT "{column}" FROM "{table}"'))  # noqa: S608
            values = (
                value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
                for value in rows.scalars()
            )
            found[f"{table}.{column}"] = "\n".join(values)
    return found


def secrets() -> Iterator[str]:
    for number, holder in zip(NUMBERS, HOLDERS, strict=True):
        yield from (number, number.replace("-", ""), number.encode().hex(), holder)


async def test_no_column_answer_or_event_carries_an_account(
    desk: BankDesk, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = [
        await desk.payer.put("/v1/payee-account", bank_account(NUMBERS[0], HOLDERS[0])),
        await desk.payer.put("/v1/payee-account", bank_account(NUMBERS[1], HOLDERS[1])),
        await desk.payer.get("/v1/payee-account"),
    ]
    await desk.owe(500)
    entry = await desk.queued(credit(70, "unknown"))
    refund = {"account": bank_account(NUMBERS[2], HOLDERS[2])}
    keyed = {"idempotency-key": "refund-1"}
    path = f"/v1/bank-entries/{entry['id']}/refund"
    answers.append(await desk.operator.post(path, refund, headers=keyed))
    answers.append(await desk.operator.post("/v1/payout-batches", {"currency": "KRW"}))
    batch = answers[-1].json()
    batch_path = f"/v1/payout-batches/{batch['id']}"
    answers.append(await desk.operator.post(f"{batch_path}/send"))
    content = (await desk.operator.get(f"{batch_path}/file")).content.decode()
    header = "entry_id,booked_on,direction,amount,currency,remittance,end_to_end_id"
    named = f"{header},counterparty_name,counterparty_account"
    lines = [
        f"p{n},2026-01-06,debit,{payout['amount_minor']},KRW,payout,{UUID(payout['id']).hex},"
        f"{payout['id'][:8]},{NUMBERS[1 if payout['organisation_id'] else 2]}"
        for n, payout in enumerate(batch["payouts"])
    ]
    await desk.load("\n".join([named, *lines]).encode())
    answers += [
        await desk.operator.get(batch_path),
        await desk.operator.get("/v1/bank-entries", state="matched"),
    ]

    assert {payout["state"] for payout in answers[-2].json()["payouts"]} == {"confirmed"}
    assert all(answer.is_success for answer in answers)
    assert {NUMBERS[1].replace("-", ""), NUMBERS[2].replace("-", "")} <= set(
        content.replace("<", ">").split(">")
    )
    columns = await dump(desk.sessions)
    logged = "".join(capsys.readouterr())
    for secret in secrets():
        assert [name for name, values in columns.items() if secret in values] == []
        assert [answer.url.path for answer in answers if secret in answer.text] == []
        assert secret not in logged
    assert columns["payee_account.masked"] == "****3737"
    assert sorted(columns["payout.masked"].split()) == ["****3737", "****5858"]
    assert {"****3737", "****5858"} <= set(columns["bank_entry.counterparty_account"].split())


async def test_a_change_of_account_is_told_masked_before_and_after(desk: BankDesk) -> None:
    for number in NUMBERS[:2]:
        await desk.give_account(desk.payer, number)

    query = text("SELECT data FROM event WHERE type = 'payee_account.set' ORDER BY sequence")
    async with desk.sessions() as session:
        told = (await session.execute(query)).scalars().all()

    assert told == [{"from": None, "to": "****2424"}, {"from": "****2424", "to": "****3737"}]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (bank_account("1234"), "invalid_bank_account"),
        (bank_account("1" * 35), "invalid_bank_account"),
        (bank_account("DE89 3704 0044 0532 0130 01"), "invalid_bank_account"),
        (bank_account() | {"country": "ZZ"}, "invalid_bank_account"),
        (bank_account() | {"country": "DE"}, "invalid_bank_account"),
        (bank_account("DE89 3704 0044 0532 0130 00"), "invalid_bank_account"),
        (bank_account() | {"bank_code": "shb"}, "validation_failed"),
        (bank_account() | {"country": "Korea"}, "validation_failed"),
        (bank_account(holder=" "), "validation_failed"),
        (bank_account(holder="a\0b"), "validation_failed"),
        (bank_account() | {"iban": "x"}, "validation_failed"),
        ({}, "validation_failed"),
    ],
)
async def test_a_mistyped_account_changes_nothing_and_is_not_repeated(
    desk: BankDesk, body: dict[str, Any], code: str
) -> None:
    await desk.give_account(desk.payer)
    before = await desk.books()

    answer = await desk.payer.put("/v1/payee-account", body)

    await refused(answer, 422, code)
    assert body.get("account_number", "-") not in answer.text
    assert await desk.books() == before


async def test_an_account_is_seen_and_set_by_its_own_organisation_only(desk: BankDesk) -> None:
    await desk.give_account(desk.payer)
    stranger = await person(desk.client, desk.sessions)

    await refused(await stranger.get("/v1/payee-account"), 404, "not_found")
    await refused(
        await desk.operator.put("/v1/payee-account", bank_account()), 403, "permission_missing"
    )
    assert await ok(await desk.payer.get("/v1/payee-account")) == {"masked": "****4321"}
