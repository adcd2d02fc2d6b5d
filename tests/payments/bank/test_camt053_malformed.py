"""Every file a bank would not send is refused, with a stable code and the place."""

from time import perf_counter

import pytest

from marketplace.kernel.errors import MarketplaceError
from marketplace.payments.providers.bank.statement_file import parse
from tests.payments.bank.camt053_text import (
    amount_08,
    balance,
    document,
    entry,
    statement,
    transaction,
)

PLAIN = document(statement(entry(), entry(reference="<AcctSvcrRef>R2</AcctSvcrRef>"))).decode()
HEAD, _, BODY = PLAIN.partition("\n")
ENTITY_BOMB = (
    '<!DOCTYPE a [<!ENTITY x "xxxxxxxxxx"><!ENTITY y "&x;&x;&x;&x;&x;&x;&x;&x;&x;&x;">'
    "<!ENTITY z '&y;&y;&y;&y;&y;&y;&y;&y;&y;&y;'>]><Document>&z;</Document>"
)
SECOND = "statement 1, entry 2: "


def with_second(**changes: str) -> str:
    return document(
        statement(entry(reference="<AcctSvcrRef>R0</AcctSvcrRef>"), entry(**changes))
    ).decode()


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (ENTITY_BOMB, "a DTD or an entity is not allowed"),
        (f'<!DOCTYPE Document SYSTEM "file:///etc/passwd">{BODY}', "a DTD or an entity"),
        ('<!DOCTYPE a [<!ENTITY x SYSTEM "http://127.0.0.1/">]><a>&x;</a>', "a DTD or an entity"),
        (f"{HEAD}\n<!DOCTYPE Document>{BODY}", "a DTD or an entity"),
        (PLAIN.replace("R2", "&undefined;"), "line 2: undefined entity"),
        (PLAIN[: len(PLAIN) // 2], "line 2: "),
        (PLAIN.replace("</Stmt>", ""), "line 2: mismatched tag"),
        ("<" + "a" * 100, "line 1: "),
        ("<a>" * 100_000, "nested too deeply"),
        (f"<Document>{'<a/>' * 600_001}</Document>", "too many elements"),
        (f'<Document xmlns="{"n" * 201}"/>', "a namespace is too long"),
        (PLAIN.replace("UTF-8", "ISO-8859-1"), "line 1: not UTF-8"),
        (PLAIN.replace("UTF-8", "euc-kr"), "line 1: not UTF-8"),
        (PLAIN.replace("Document", "Dokument"), "not a camt.053"),
        (PLAIN.replace("camt.053", "camt.052"), "not a camt.053"),
        (PLAIN.replace("BkToCstmrStmt", "BkToCstmrAcctRpt"), "not a camt.053"),
        ("<html/>", "not a camt.053"),
        (document().decode(), "the file holds no statement"),
        (PLAIN.replace("<Id>S1</Id>", ""), "statement 1: the statement id (Id)"),
        (PLAIN.replace("<Id>S1</Id>", f"<Id>{'x' * 101}</Id>"), "statement 1: the statement id"),
        (PLAIN.replace("IBAN", "Prtry"), "statement 1: the account (Acct/Id)"),
        (PLAIN.replace("EUR", "EUX"), "statement 1: 'EUX' is not a currency"),
        (PLAIN.replace("MSG-1", "M" * 101), "the message id (MsgId)"),
        (
            document(statement(name="A"), statement(name="B", account="<IBAN>X</IBAN>")).decode(),
            "statements of several accounts",
        ),
        (
            document(statement(balance("OPBD", "1"), balance("OPBD", "1"))).decode(),
            "statement 1: the balance OPBD is given twice",
        ),
        (
            document(statement(balance("CLBD", "-1"))).decode(),
            "statement 1: balance CLBD: '-1' is not an amount",
        ),
        (PLAIN.replace("R2", "R1"), "entry 'R1': the id appears twice"),
        (with_second(amount="-5.00"), SECOND + "'-5.00' is not an amount"),
        (with_second(amount=""), SECOND + "'' is not an amount"),
        (with_second(amount="NaN"), SECOND + "'NaN' is not an amount"),
        (with_second(amount="1e9"), SECOND + "'1e9' is not an amount"),
        (with_second(amount="1.005"), SECOND + "'1.005' is not an amount of EUR"),
        (with_second(amount="9" * 15), SECOND + "the amount '999999999999999' is too large"),
        (with_second(amount="9" * 99_999), SECOND + "the amount '9999"),
        (with_second(sign="PLUS"), SECOND + "CdtDbtInd is 'PLUS'"),
        (with_second(status=""), SECOND + "the status (Sts) '' is not known"),
        (with_second(status="<Sts>SOON</Sts>"), SECOND + "the status (Sts) 'SOON' is not known"),
        (with_second(booked=""), SECOND + "'' is not a date"),
        (with_second(booked="<BookgDt><Dt>2026-13-01</Dt></BookgDt>"), SECOND + "'2026-13-01'"),
        (with_second(reference=""), SECOND + "the reference (AcctSvcrRef or NtryRef)"),
        (with_second(details=transaction(amount_08("-1"))), SECOND + "'-1' is not an amount"),
        (
            with_second().replace('<Amt Ccy="EUR">', "<Amt>"),
            "statement 1, entry 1: there is no amount (Amt) with the currency EUR",
        ),
        (
            with_second(extra='<Amt Ccy="EUR">1</Amt>').replace(
                '<Ntry><Amt Ccy="EUR">', '<Ntry><Amt Ccy="USD">'
            ),
            "statement 1, entry 1: there is no amount (Amt) with the currency EUR",
        ),
    ],
)
def test_a_malformed_message_is_refused_with_its_place(content: str, place: str) -> None:
    with pytest.raises(MarketplaceError) as refusal:
        parse(content.encode())
    assert refusal.value.code == "malformed_statement"
    assert refusal.value.status == 422
    assert place in str(refusal.value)


def test_bytes_that_are_not_utf_8_are_refused_with_their_line() -> None:
    with pytest.raises(MarketplaceError, match="line 2: not UTF-8") as refusal:
        parse(PLAIN.replace("R2", "한").encode("euc-kr"))
    assert refusal.value.code == "malformed_statement"


@pytest.mark.parametrize(
    "filling",
    [
        "<a/>" * 300_000,
        f'<a xmlns="{"n" * 200}">' + "<b/>" * 300_000 + "</a>",
        "<Ntry>" + "<NtryDtls>" * 20 + "</NtryDtls>" * 20 + "</Ntry>",
        f"<Ntry><AddtlNtryInf>{chr(0x301) * 2_000_000}</AddtlNtryInf></Ntry>",
        entry("1", details="", extra="").replace(
            "<NtryDtls></NtryDtls>",
            f"<AddtlNtryInf>a{(chr(0x301) + chr(0x316)) * 2_000_000}</AddtlNtryInf>",
        ),
        "<Stmt/>" * 100_000,
    ],
)
def test_a_hostile_file_is_answered_in_seconds(filling: str) -> None:
    started = perf_counter()
    try:
        parse(document(statement(filling)))
    except MarketplaceError as refusal:
        assert refusal.code == "malformed_statement"  # noqa: PT017
    assert perf_counter() - started < 10
