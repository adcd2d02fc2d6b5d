import re
from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.kernel.errors import MarketplaceError
from marketplace.kernel.money import major_text
from marketplace.payments.providers.bank.statement import Direction, Statement, StatementEntry
from marketplace.payments.providers.bank.statement_file import parse
from tests.payments.bank.camt053_text import (
    amount_02,
    amount_08,
    balance,
    document,
    entry,
    statement,
    transaction,
)


def one(content: bytes) -> StatementEntry:
    (found,) = parse(content).entries
    return found


FULL_08 = document(
    statement(
        balance("OPBD", "1000.00"),
        balance("CLBD", "50.50", "DBIT"),
        balance("CLAV", "7"),
        """
        <Ntry>
          <NtryRef>1</NtryRef><Amt Ccy="EUR">250.50</Amt><CdtDbtInd>CRDT</CdtDbtInd>
          <Sts> <Cd>BOOK</Cd> </Sts>
          <BookgDt><DtTm>2026-03-31T23:59:59.5+09:00</DtTm></BookgDt>
          <AcctSvcrRef>BANK-77</AcctSvcrRef>
          <NtryDtls><TxDtls>
            <Refs><EndToEndId>NOTPROVIDED</EndToEndId></Refs>
            <Amt Ccy="EUR">250.50</Amt><CdtDbtInd>CRDT</CdtDbtInd>
            <RltdPties>
              <Dbtr><Pty><Nm>  김발명
                연구소 </Nm></Pty></Dbtr>
              <DbtrAcct><Id><Othr><Id>110234567890</Id></Othr></Id></DbtrAcct>
              <Cdtr><Pty><Nm>Platform</Nm></Pty></Cdtr>
            </RltdPties>
            <RmtInf><Ustrd>deposit IPM-0000</Ustrd><Ustrd>-0000-0</Ustrd>
              <Strd><CdtrRefInf><Ref>RF18539007547034</Ref></CdtrRefInf></Strd></RmtInf>
          </TxDtls></NtryDtls>
          <AddtlNtryInf>not used</AddtlNtryInf>
        </Ntry>
        <Ntry>
          <Amt Ccy="EUR">1301</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>
          <BookgDt><Dt>2026-03-31Z</Dt></BookgDt><AcctSvcrRef>BANK-78</AcctSvcrRef>
          <NtryDtls><TxDtls><Refs><EndToEndId>payout-1</EndToEndId></Refs>
            <RltdPties><Dbtr><Pty><Nm>Platform</Nm></Pty></Dbtr><Cdtr><Pty><Nm>王小明</Nm></Pty></Cdtr>
              <CdtrAcct><Id><IBAN>GB82WEST12345698765432</IBAN></Id></CdtrAcct></RltdPties>
          </TxDtls></NtryDtls><AddtlNtryInf>SEPA transfer</AddtlNtryInf>
        </Ntry>
        """,
    )
)

RETURNED_02 = document(
    """<Stmt><Id>S2</Id><Acct><Id><Othr><Id>12-34</Id></Othr></Id></Acct>
      <Bal><Tp><CdOrPrtry><Cd>PRCD</Cd></CdOrPrtry></Tp><Amt Ccy="KRW">0</Amt>
        <CdtDbtInd>CRDT</CdtDbtInd></Bal>
      <Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="KRW">5000.00</Amt>
        <CdtDbtInd>CRDT</CdtDbtInd></Bal>
      <Ntry><NtryRef>9</NtryRef><Amt Ccy="KRW">5000</Amt><CdtDbtInd>CRDT</CdtDbtInd>
        <RvslInd>true</RvslInd><Sts>BOOK</Sts><ValDt><Dt>2026-04-02</Dt></ValDt>
        <NtryDtls><TxDtls><Refs><EndToEndId>payout-2</EndToEndId></Refs>
          <RltdPties><Dbtr><Nm>Platform</Nm></Dbtr><Cdtr><Nm>이수령</Nm></Cdtr>
            <CdtrAcct><Id><Othr><Id>333</Id></Othr></Id></CdtrAcct></RltdPties>
          <RtrInf><Rsn><Cd>AC04</Cd></Rsn><AddtlInf>Account</AddtlInf><AddtlInf>closed</AddtlInf></RtrInf>
        </TxDtls></NtryDtls></Ntry></Stmt>""",
    version="02",
)


def test_a_version_08_statement_is_read_whole() -> None:
    assert parse(FULL_08) == Statement(
        account="DE89370400440532013000",
        currency="EUR",
        statement_id="S1",
        opening_minor=100_000,
        closing_minor=-5_050,
        entries=(
            StatementEntry(
                external_id="BANK-77",
                direction=Direction.CREDIT,
                amount_minor=25_050,
                currency="EUR",
                booked_on=date(2026, 3, 31),
                remittance="deposit IPM-0000 -0000-0 RF18539007547034",
                counterparty_name="김발명 연구소",
                counterparty_account="110234567890",
            ),
            StatementEntry(
                external_id="BANK-78",
                direction=Direction.DEBIT,
                amount_minor=130_100,
                currency="EUR",
                booked_on=date(2026, 3, 31),
                remittance="SEPA transfer",
                end_to_end_id="payout-1",
                counterparty_name="王小明",
                counterparty_account="GB82WEST12345698765432",
            ),
        ),
    )


def test_a_returned_payment_of_version_02_names_its_payee_and_reason() -> None:
    assert parse(RETURNED_02) == Statement(
        account="12-34",
        currency="KRW",
        statement_id="S2",
        opening_minor=0,
        closing_minor=5_000,
        entries=(
            StatementEntry(
                external_id="S2/9/reversal",
                direction=Direction.CREDIT,
                amount_minor=5_000,
                currency="KRW",
                booked_on=date(2026, 4, 2),
                remittance="",
                end_to_end_id="payout-2",
                counterparty_name="이수령",
                counterparty_account="333",
                reversal=True,
                return_code="AC04",
                return_text="Account closed",
            ),
        ),
    )


@pytest.mark.parametrize(
    "rewrite",
    [
        lambda text: text.replace("001.08", "001.12"),
        lambda text: re.sub(r" xmlns=\"[^\"]*\"", "", text),
        lambda text: re.sub(r"<(/?)(?=[A-Z])", r"<\1b:", text).replace("xmlns=", "xmlns:b="),
        lambda text: text.replace("urn:iso:std:iso:20022:tech:xsd:", "http://six.ch/de/"),
        lambda text: "\ufeff" + text,
        lambda text: text.replace('encoding="UTF-8"', "").replace("250.50<", "250<!-- x -->.5<"),
    ],
)
def test_dialects_of_the_same_message_read_the_same(rewrite: Callable[[str], str]) -> None:
    assert parse(rewrite(FULL_08.decode()).encode()) == parse(FULL_08)


@pytest.mark.parametrize("status", ["PDNG", "INFO", "FUTR"])
@pytest.mark.parametrize("wrap", ["<Sts>{}</Sts>", "<Sts><Cd>{}</Cd></Sts>"])
def test_only_booked_entries_count(status: str, wrap: str) -> None:
    content = document(
        statement(
            balance("OPBD", "0"),
            balance("CLBD", "5"),
            entry("1000", status=wrap.format(status)),
            entry("5", status=wrap.format("BOOK")),
            entry("0", reference=""),
        )
    )
    assert [e.amount_minor for e in parse(content).entries] == [500]


@pytest.mark.parametrize("amount", [amount_08, amount_02])
def test_a_batch_whose_parts_sum_to_it_becomes_its_parts(amount: Callable[[str], str]) -> None:
    details = (
        transaction(amount("70"), name="a", text="first")
        + transaction(amount("40.00"), name="b", text="second")
        + transaction(amount("10"), name="c", sign="DBIT", text="fee")
    )
    entries = parse(document(statement(entry("100", details=details)))).entries
    assert [
        (e.external_id, e.direction.value, e.amount_minor, e.end_to_end_id, e.remittance)
        for e in entries
    ] == [
        ("R1/1", "credit", 7_000, "a", "first"),
        ("R1/2", "credit", 4_000, "b", "second"),
        ("R1/3", "debit", 1_000, "c", "fee"),
    ]


@pytest.mark.parametrize(
    "amounts",
    [
        (amount_08("70"), amount_08("40")),
        (amount_08("70"), ""),
        ("", ""),
        (amount_08("100"), amount_08("0")),
        (amount_08("60"), amount_08("40", "USD")),
    ],
)
def test_a_batch_of_unclear_parts_stays_one_entry(amounts: tuple[str, str]) -> None:
    details = "".join(transaction(amount, name="a", text="part") for amount in amounts)
    found = one(document(statement(entry("100", details=details))))
    assert (found.external_id, found.amount_minor) == ("R1", 10_000)
    assert (found.remittance, found.end_to_end_id) == ("part part", None)


@pytest.mark.parametrize(
    ("reference", "own", "expected"),
    [
        ("<AcctSvcrRef>R1</AcctSvcrRef><NtryRef>7</NtryRef>", "T1", "R1"),
        ("<NtryRef>7</NtryRef>", "T1", "T1"),
        ("<NtryRef>7</NtryRef>", "", "S1/7"),
        ("<AcctSvcrRef>NONREF</AcctSvcrRef><NtryRef>7</NtryRef>", "nonref", "S1/7"),
    ],
)
def test_the_id_is_the_one_of_the_own_bank(reference: str, own: str, expected: str) -> None:
    details = f"<TxDtls><Refs><AcctSvcrRef>{own}</AcctSvcrRef></Refs></TxDtls>"
    assert one(document(statement(entry(reference=reference, details=details)))).external_id == (
        expected
    )


def test_a_payment_and_its_reversal_may_share_the_reference() -> None:
    content = document(
        statement(entry("9", "DBIT"), entry("9", "CRDT", extra="<RvslInd>true</RvslInd>"))
    )
    assert [(e.external_id, e.reversal) for e in parse(content).entries] == [
        ("R1", False),
        ("R1/reversal", True),
    ]


def test_statements_of_one_account_are_joined() -> None:
    first = statement(balance("OPBD", "0"), entry("1"), balance("CLBD", "1"), name="S1")
    second = statement(
        balance("OPBD", "1"),
        entry("2", reference="<AcctSvcrRef>R2</AcctSvcrRef>"),
        balance("CLBD", "3"),
        name="S2",
    )
    whole = parse(document(first, second))
    assert (whole.statement_id, whole.opening_minor, whole.closing_minor) == ("MSG-1", 0, 300)
    assert [e.external_id for e in whole.entries] == ["R1", "R2"]
    unchained = parse(document(second, first))
    assert (unchained.opening_minor, unchained.closing_minor) == (None, None)


def test_a_statement_without_entries_is_a_quiet_day() -> None:
    content = document(statement(balance("OPBD", "5"), balance("CLBD", "5")))
    assert parse(content).entries == ()


@given(
    st.integers(-(10**9), 10**9),
    st.lists(st.integers(-(10**9), 10**9).filter(bool), max_size=12),
    st.integers(-2, 2),
)
def test_a_statement_is_accepted_exactly_when_it_balances(
    opening_minor: int, changes_minor: list[int], error_minor: int
) -> None:
    closing_minor = opening_minor + sum(changes_minor) + error_minor
    content = document(
        statement(
            signed(balance, "OPBD", opening_minor),
            signed(balance, "CLBD", closing_minor),
            *(
                entry(
                    major_text(abs(change_minor), "EUR"),
                    "CRDT" if change_minor > 0 else "DBIT",
                    reference=f"<AcctSvcrRef>R{number}</AcctSvcrRef>",
                )
                for number, change_minor in enumerate(changes_minor)
            ),
        )
    )
    if error_minor:
        with pytest.raises(MarketplaceError) as refusal:
            parse(content)
        assert refusal.value.code == "statement_does_not_balance"
    else:
        assert [e.signed_minor for e in parse(content).entries] == changes_minor


def signed(write: Callable[[str, str, str], str], kind: str, amount_minor: int) -> str:
    return write(kind, major_text(abs(amount_minor), "EUR"), "DBIT" if amount_minor < 0 else "CRDT")
