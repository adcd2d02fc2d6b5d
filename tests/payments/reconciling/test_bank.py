"""The bank's statements against the ledger: one won is found, wherever it was lost."""

from datetime import date
from typing import Final

import httpx2
import pytest
from sqlalchemy import text

from marketplace.kernel.db import Sessions
from marketplace.payments.reconciling.bank import reconcile
from marketplace.settings import Settings
from tests.factories.bank import BankDesk, returned, returns
from tests.factories.deals import credit, debit, ok

FIRST: Final = date(2026, 1, 5)
SECOND: Final = date(2026, 1, 6)
NAMESPACE: Final = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"


@pytest.fixture
async def desk(client: httpx2.AsyncClient, sessions: Sessions) -> BankDesk:
    return await BankDesk.open(client, sessions)


async def differences(desk: BankDesk, day: date) -> list[str]:
    found = await reconcile(Settings(_env_file=None), desk.sessions, day)
    return list(found.differences)


def camt(day: str, opening: int, closing: int, *entries: tuple[str, int, str]) -> bytes:
    """A bank's day in won: each entry has an id, a signed amount and a remittance."""

    def amount(minor: int) -> str:
        sign = "CRDT" if minor >= 0 else "DBIT"
        return f'<Amt Ccy="KRW">{abs(minor)}</Amt><CdtDbtInd>{sign}</CdtDbtInd>'

    def balance(kind: str, minor: int) -> str:
        return f"<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp>{amount(minor)}</Bal>"

    lines = "".join(
        f"<Ntry>{amount(minor)}<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{day}</Dt></BookgDt>"
        f"<AcctSvcrRef>{name}</AcctSvcrRef><NtryDtls><TxDtls><RmtInf><Ustrd>{words}</Ustrd>"
        "</RmtInf></TxDtls></NtryDtls></Ntry>"
        for name, minor, words in entries
    )
    return (
        f'<Document xmlns="{NAMESPACE}"><BkToCstmrStmt><GrpHdr><MsgId>M{day}</MsgId></GrpHdr>'
        f"<Stmt><Id>S{day}</Id><Acct><Id><Othr><Id>000-000-000000</Id></Othr></Id><Ccy>KRW</Ccy>"
        f"</Acct>{balance('OPBD', opening)}{balance('CLBD', closing)}{lines}</Stmt>"
        "</BkToCstmrStmt></Document>"
    ).encode()


async def _change(desk: BankDesk, table: str, change: str) -> None:
    """What nobody can do but who owns the database."""
    async with desk.sessions.begin() as session:
        await session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        await session.execute(text(change))
        await session.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER USER"))


async def test_every_way_of_an_entry_is_compared(desk: BankDesk) -> None:
    due = await desk.request(1_000)
    await desk.bank(credit(1_000, due.reference), credit(7, "nobody's"))
    payout = await desk.confirmed_payout(500)
    await desk.load(returns(returned(500, payout["end_to_end_id"])))
    fee = await desk.queued("fee,2026-01-06,debit,33,KRW,bank fee,")
    assert await differences(desk, FIRST) == []
    assert await differences(desk, SECOND) == [
        "fee: the bank moved -33 KRW, the ledger nothing (queued)"
    ]
    await ok(await desk.resolve(fee, "expense"))
    for day in (FIRST, SECOND, date(2026, 1, 7), date(2026, 1, 8)):
        assert await differences(desk, day) == []


async def test_one_won_is_found_on_either_side(desk: BankDesk) -> None:
    due = await desk.request(1_000)
    await desk.bank(credit(1_000, due.reference, entry="rent"))
    assert await differences(desk, FIRST) == []
    await _change(desk, "ledger_posting", "UPDATE ledger_posting SET amount_minor = 999")
    assert await differences(desk, FIRST) == ["rent: the bank moved 1000 KRW, the ledger 999 KRW"]
    await _change(desk, "ledger_posting", "UPDATE ledger_posting SET amount_minor = 1000")
    await _change(desk, "bank_entry", "UPDATE bank_entry SET amount_minor = 1001")
    assert await differences(desk, FIRST) == ["rent: the bank moved 1001 KRW, the ledger 1000 KRW"]


async def test_money_that_no_statement_has_is_found(desk: BankDesk) -> None:
    payout = await desk.sent_payout(500)
    await desk.bank(debit(500, payout["end_to_end_id"], entry="out"))
    async with desk.sessions.begin() as session:
        found = await session.execute(
            text("SELECT recorded_at FROM ledger_transaction WHERE key LIKE 'confirm%'")
        )
        today = found.scalar_one().date()
    assert await differences(desk, today) == []
    await _change(desk, "bank_entry", "DELETE FROM bank_entry WHERE external_id = 'out'")
    assert await differences(desk, today) == [
        f"confirm:payout:{payout['id']}: the ledger moved -500 KRW, no statement has such an entry"
    ]


async def test_closing_balances_are_carried_on(desk: BankDesk) -> None:
    due, later = await desk.request(1_000), await desk.request(50)
    await desk.load(camt("2026-01-05", 300, 1_300, ("a", 1_000, due.reference)))
    await desk.load(camt("2026-01-06", 1_300, 1_350, ("b", 50, later.reference)))
    assert await differences(desk, FIRST) == await differences(desk, SECOND) == []
    # The next statement begins where none ended: a day is missing in between.
    missing = await desk.request(9)
    await desk.load(camt("2026-01-08", 1_400, 1_409, ("c", 9, missing.reference)))
    assert await differences(desk, date(2026, 1, 8)) == [
        "statement S2026-01-08: it closes with 1409 KRW, the ledger makes 1359 KRW"
    ]
    await _change(
        desk, "ledger_posting", "UPDATE ledger_posting SET amount_minor = amount_minor - 1"
    )
    found = await differences(desk, SECOND)
    assert found == [
        "b: the bank moved 50 KRW, the ledger 49 KRW",
        "statement S2026-01-06: it closes with 1350 KRW, the ledger makes 1349 KRW",
    ]
