import csv
import io
from datetime import date
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.kernel.errors import MarketplaceError
from marketplace.kernel.money import AMOUNT_MINOR_MAX, major_text
from marketplace.payments.providers.bank.statement import (
    ENTRIES_MAX,
    Direction,
    Statement,
    StatementEntry,
)
from marketplace.payments.providers.bank.statement_csv import OPTIONAL_COLUMNS, REQUIRED_COLUMNS
from marketplace.payments.providers.bank.statement_file import parse

HEADER = ",".join((*REQUIRED_COLUMNS, *OPTIONAL_COLUMNS))
FULL = f"""{HEADER}
B1,2026-03-31,credit,1250.50,USD,"Deposit, IPM-0000-0000-0",E2E-1,Kim,DE89370400440532013000,,,ACC-7
B2,2026-04-01,credit,99,USD,,E2E-2,,,RETURNED,AC04 Account closed,ACC-7

B3,2026-04-01,debit,0.01,USD,"two
lines",,,,BOOK,,ACC-7
"""
SHORT_HEADER = ",".join(REQUIRED_COLUMNS)
GOOD_LINE = "B1,2026-03-31,credit,10,KRW,hello"


def test_every_column_is_read() -> None:
    assert parse(FULL.encode()) == Statement(
        account="ACC-7",
        currency="USD",
        statement_id=f"csv-{sha256(FULL.encode()).hexdigest()[:24]}",
        entries=(
            StatementEntry(
                external_id="B1",
                direction=Direction.CREDIT,
                amount_minor=125_050,
                currency="USD",
                booked_on=date(2026, 3, 31),
                remittance="Deposit, IPM-0000-0000-0",
                end_to_end_id="E2E-1",
                counterparty_name="Kim",
                counterparty_account="DE89370400440532013000",
            ),
            StatementEntry(
                external_id="B2",
                direction=Direction.CREDIT,
                amount_minor=9_900,
                currency="USD",
                booked_on=date(2026, 4, 1),
                remittance="",
                end_to_end_id="E2E-2",
                reversal=True,
                return_code="AC04",
                return_text="Account closed",
            ),
            StatementEntry(
                external_id="B3",
                direction=Direction.DEBIT,
                amount_minor=1,
                currency="USD",
                booked_on=date(2026, 4, 1),
                remittance="two lines",
            ),
        ),
    )


@pytest.mark.parametrize(
    "content",
    [
        f"{SHORT_HEADER}\r\n{GOOD_LINE}\r\n",
        f"\ufeff{SHORT_HEADER}\n{GOOD_LINE}",
        f"{SHORT_HEADER}\n{GOOD_LINE}".replace(",", ";"),
        "remittance,currency,amount,direction,booked_on,entry_id\nhello,KRW,10,credit,2026-03-31,B1",
    ],
)
def test_spreadsheets_may_write_it_their_way(content: str) -> None:
    statement = parse(content.encode())
    assert (statement.account, statement.currency) == ("", "KRW")
    assert [(e.external_id, e.amount_minor, e.remittance) for e in statement.entries] == [
        ("B1", 10, "hello")
    ]


@pytest.mark.parametrize(
    ("reason", "code", "text"),
    [
        ("", None, None),
        ("AC04", "AC04", None),
        ("AC04: closed", "AC04", ": closed"),
        ("closed by holder", None, "closed by holder"),
    ],
)
def test_a_reason_is_a_code_words_or_both(reason: str, code: str | None, text: str | None) -> None:
    content = f"{SHORT_HEADER},status,reason\n{GOOD_LINE},RETURNED,{reason}"
    (entry,) = parse(content.encode()).entries
    assert (entry.return_code, entry.return_text) == (code, text)


@given(
    st.sampled_from(["KRW", "USD", "KWD"]),
    st.lists(
        st.tuples(
            st.sampled_from(list(Direction)),
            st.integers(1, AMOUNT_MINOR_MAX - 1),
            st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "Zs"]), max_size=60),
        ),
        min_size=1,
        max_size=20,
    ),
    st.sampled_from(",;"),
)
def test_what_is_written_is_read_to_the_minor_unit(
    currency: str, movements: list[tuple[Direction, int, str]], delimiter: str
) -> None:
    sheet = io.StringIO(newline="")
    writer = csv.writer(sheet, delimiter=delimiter)
    writer.writerow(REQUIRED_COLUMNS)
    for number, (direction, amount_minor, remittance) in enumerate(movements):
        amount = major_text(amount_minor, currency)
        writer.writerow([f"B{number}", "2026-03-31", direction, amount, currency, remittance])
    entries = parse(sheet.getvalue().encode()).entries
    assert [(e.direction, e.amount_minor) for e in entries] == [m[:2] for m in movements]
    assert sum(e.signed_minor for e in entries) == sum(
        amount if direction is Direction.CREDIT else -amount for direction, amount, _ in movements
    )


def line(**changes: str) -> str:
    values = dict(zip(REQUIRED_COLUMNS, GOOD_LINE.split(","), strict=True)) | changes
    return f"{SHORT_HEADER}\n{GOOD_LINE.replace('B1', 'B0')}\n{','.join(values.values())}"


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (SHORT_HEADER, "header and no entry"),
        (f"{SHORT_HEADER.removesuffix(',remittance')}\nB1", "line 1: the header lacks remittance"),
        (f"{SHORT_HEADER},iban\n{GOOD_LINE},x", "line 1: unknown column 'iban'"),
        (f"{SHORT_HEADER},amount\n{GOOD_LINE},1", "line 1: a column is named twice"),
        (f"{SHORT_HEADER}\n{GOOD_LINE},x", "line 2: 7 columns where the header has 6"),
        (f"{SHORT_HEADER}\nB1,2026-03-31", "line 2: 2 columns where the header has 6"),
        (f'{SHORT_HEADER}\nB1,"a"b,c', "line 2: "),
        (f'{SHORT_HEADER}\n{GOOD_LINE}\n"open', "line 3: "),
        (f"{SHORT_HEADER}\n{GOOD_LINE}{'x' * 200_000}", "line 2: field larger"),
        (line(entry_id=""), "line 3: the entry_id must have 1 to 100"),
        (line(entry_id="x" * 101), "line 3: the entry_id must have 1 to 100"),
        (line(entry_id="a\x00b"), "line 3: the entry_id must have 1 to 100"),
        (line(entry_id="B0"), "entry 'B0': the id appears twice"),
        (line(booked_on="31.03.2026"), "line 3: '31.03.2026' is not a date"),
        (line(booked_on="2026-02-30"), "line 3: '2026-02-30' is not a date"),
        (line(booked_on="2026-W14-2"), "line 3: '2026-W14-2' is not a date"),
        (line(direction="CRDT"), "line 3: direction 'CRDT': credit or debit"),
        (line(amount="-10"), "line 3: '-10' is not an amount"),
        (line(amount="0"), "line 3: the amount is zero"),
        (line(amount="10.5"), "line 3: '10.5' is not an amount of KRW"),
        (line(amount="1e3"), "line 3: '1e3' is not an amount"),
        (line(amount="١٠"), "line 3: '١٠' is not an amount"),
        (
            line(amount="9" * 15, currency="KWD"),
            "line 3: the amount '999999999999999' is too large",
        ),
        (line(amount="1" * 40), f"line 3: the amount '{'1' * 40}' is too large"),
        (line(amount="9" * 5_000), f"line 3: the amount '{'9' * 40}' is too large"),
        (line(currency=""), "line 3: '' is not a currency"),
        (line(currency="XXX"), "line 3: 'XXX' is not a currency"),
        (line(currency="USD"), "line 3: the currency is not that of the lines above"),
        (f"{SHORT_HEADER},status\n{GOOD_LINE},PDNG", "line 2: status 'PDNG': BOOK or RETURNED"),
        (
            f"{SHORT_HEADER},account\n{GOOD_LINE},A\n{GOOD_LINE.replace('B1', 'B2')},B",
            "line 3: the account is not that of the lines above",
        ),
    ],
)
def test_a_malformed_file_is_refused_with_its_line(content: str, place: str) -> None:
    with pytest.raises(MarketplaceError) as refusal:
        parse(content.encode())
    assert refusal.value.code == "malformed_statement"
    assert place in str(refusal.value)


def test_bytes_that_are_not_utf_8_are_refused_with_their_line() -> None:
    with pytest.raises(MarketplaceError, match="line 2: not UTF-8") as refusal:
        parse(f"{SHORT_HEADER}\n{GOOD_LINE}한".encode("euc-kr"))
    assert refusal.value.code == "malformed_statement"


def test_the_limit_of_entries_holds_exactly() -> None:
    rows = [GOOD_LINE.replace("B1", f"B{number}") for number in range(ENTRIES_MAX + 1)]
    assert len(parse("\n".join([SHORT_HEADER, *rows[:-1]]).encode()).entries) == ENTRIES_MAX
    with pytest.raises(MarketplaceError) as refusal:
        parse("\n".join([SHORT_HEADER, *rows]).encode())
    assert refusal.value.code == "statement_too_large"
