"""The ECB's files as they are published, and everything that is none."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.kernel.db import Sessions
from marketplace.payments.currencies.ecb import Rate, parse_rates
from marketplace.payments.currencies.errors import (
    MalformedRatesError,
    NoExchangeRateError,
    RateJumpError,
)
from marketplace.payments.currencies.rules import (
    Quotation,
    converted,
    cross_rate,
    jumps,
    rounded,
)
from marketplace.payments.currencies.service import quotations, store_rates
from tests.factories.deals import ok
from tests.factories.steady import steady

TODAY = date(2026, 11, 22)
DAY = date(2026, 11, 20)
DAILY_XML = b"""<?xml version="1.0" encoding="UTF-8"?>
<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01"
    xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">
    <gesmes:subject>Reference rates</gesmes:subject>
    <gesmes:Sender><gesmes:name>European Central Bank</gesmes:name></gesmes:Sender>
    <Cube><Cube time='2026-11-20'>
        <Cube currency='USD' rate='1.0876'/><Cube currency='KRW' rate='1623.45'/>
    </Cube></Cube>
</gesmes:Envelope>"""
DAILY_CSV = b"Date, USD, KRW, \n20 November 2026, 1.0876, 1623.45, \n"
HISTORY_CSV = (
    b"Date,USD,KRW,CYP,\n2026-11-20,1.0876,1623.45,N/A,\n1999-01-04,1.1789,1398.59,0.58231,\n"
)
RATES = [Rate(DAY, "USD", Decimal("1.0876")), Rate(DAY, "KRW", Decimal("1623.45"))]


@pytest.mark.parametrize("content", [DAILY_XML, DAILY_CSV], ids=["xml", "csv"])
def test_the_daily_files_say_the_same(content: bytes) -> None:
    assert parse_rates(content, TODAY) == RATES
    assert parse_rates(b"\xef\xbb\xbf" + content, TODAY) == RATES


def test_the_history_leaves_out_what_was_not_quoted() -> None:
    found = parse_rates(HISTORY_CSV, TODAY)
    assert found[:2] == RATES
    assert found[2:] == [
        Rate(date(1999, 1, 4), "USD", Decimal("1.1789")),
        Rate(date(1999, 1, 4), "KRW", Decimal("1398.59")),
        Rate(date(1999, 1, 4), "CYP", Decimal("0.58231")),
    ]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "first column is Date"),
        (b"PK\x03\x04", "unpack the zip archive"),
        (b"Date,USD\n", "no rate in it"),
        (b"Date,USD\n2026-11-20,1.0,2.0\n", "line 2: 3 columns, the header has 2"),
        (b"Date,USD\n2026-11-31,1.0\n", "'2026-11-31' is not a day"),
        (b"Date,USD\n31 November 2026,1.0\n", "'31 November 2026' is not a day"),
        (b"Date,USD\n2026-11-23,1.0\n", "2026-11-23 is not a day between"),
        (b"Date,USD\n1998-12-31,1.0\n", "1998-12-31 is not a day between"),
        (b"Date,USD\n2026-11-20,0\n", "2026-11-20, USD: '0' is not a rate"),
        (b"Date,USD\n2026-11-20,-1\n", "'-1' is not a rate"),
        (b"Date,USD\n2026-11-20,1e9\n", "'1e9' is not a rate"),
        (b"Date,usd\n2026-11-20,1\n", "'usd' is not a currency against the euro"),
        (b"Date,EUR\n2026-11-20,1\n", "'EUR' is not a currency against the euro"),
        (b"Date,USD\n\xff", "not UTF-8"),
        (b'Date,USD\n"2026', "line 2"),
        (b"<a>", "line 1"),
        (b"<a/>", "not the ECB's"),
        (b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>', "a DTD"),
        (DAILY_XML.replace(b"1.0876", b"NaN"), "2026-11-20, USD: 'NaN' is not a rate"),
        (DAILY_XML.replace(b"2026-11-20", b"20.11.2026"), "'20.11.2026' is not a day"),
    ],
)
def test_what_is_no_file_of_rates_says_where(content: bytes, words: str) -> None:
    with pytest.raises(MalformedRatesError) as refused:
        parse_rates(content, TODAY)
    assert words in str(refused.value)


async def test_a_file_is_imported_once_and_a_correction_stands_beside(
    client: httpx2.AsyncClient, sessions: Sessions
) -> None:
    async with sessions.begin() as session:
        assert await store_rates(session, RATES) == 2
        assert await store_rates(session, RATES) == 0
    corrected = Rate(DAY, "KRW", Decimal("1624.00"))
    async with sessions.begin() as session:
        assert await store_rates(session, [RATES[0], corrected]) == 1
        found = await quotations(session, ["KRW", "EUR"], date(2026, 11, 22))
    assert found["KRW"].units_per_euro == Decimal("1624.00")
    assert (found["KRW"].day, found["EUR"].units_per_euro) == (DAY, 1)

    page = await ok(await client.get("/v1/exchange-rates", params={"limit": 2}))
    rest = await ok(await client.get("/v1/exchange-rates", params={"cursor": page["next"]}))
    told = [(one["currency"], one["units_per_euro"]) for one in page["items"] + rest["items"]]
    assert told == [
        ("USD", "1.0876"),
        ("KRW", "1624"),
        ("KRW", "1623.45"),
    ]
    assert rest["next"] is None
    assert {one["source"] for one in rest["items"]} == {"ECB euro foreign exchange reference rates"}
    only = {"currency": "USD", "until": DAY.isoformat()}
    assert (await ok(await client.get("/v1/exchange-rates", params=only)))["items"] == []


def test_a_jump_is_told_beside_what_was_known_only() -> None:
    first, second, third = (("USD", date(2026, 11, day)) for day in (18, 19, 20))
    one, far = Decimal("1.15"), Decimal(2)
    assert list(jumps({}, {first: one, second: far})) == []
    assert list(jumps({first: one}, {second: far, third: far})) == [
        "USD: 1.15 on 2026-11-18, 2 on 2026-11-19"
    ]
    assert list(jumps({first: one, second: far}, {second: one})) == []
    assert list(jumps({first: one}, {first: far})) == ["USD: 1.15 on 2026-11-18, corrected to 2"]


async def test_a_wrong_file_is_refused_and_one_that_was_forced_can_be_put_right(
    client: httpx2.AsyncClient, sessions: Sessions
) -> None:
    before = Rate(date(2026, 11, 19), "USD", Decimal("1.15"))
    right, wrong = Rate(DAY, "USD", Decimal("1.16")), Rate(DAY, "USD", Decimal(999_999_999))

    async def in_force() -> Decimal:
        async with sessions() as session:
            return (await quotations(session, ["USD"], DAY))["USD"].units_per_euro

    async with sessions.begin() as session:
        assert await store_rates(session, [before, right]) == 2
    with pytest.raises(RateJumpError) as refused:
        async with sessions.begin() as session:
            await store_rates(session, [wrong])
    assert str(refused.value) == (
        "USD: 1.15 on 2026-11-19, 999999999 on 2026-11-20. If it is right, import it with --force"
    )
    assert await in_force() == Decimal("1.16")

    async with sessions.begin() as session:
        assert await store_rates(session, [wrong], force=True) == 1
    assert await in_force() == 999_999_999
    for stored in (1, 0):
        async with sessions.begin() as session:
            assert await store_rates(session, [before, right]) == stored
        assert await in_force() == Decimal("1.16")
    page = await ok(await client.get("/v1/exchange-rates", params={"until": "2026-11-21"}))
    assert [one["units_per_euro"] for one in page["items"]] == ["1.16", "999999999", "1.16", "1.15"]


@pytest.mark.parametrize("on", [date(2026, 11, 19), date(2026, 11, 27)])
async def test_no_rate_is_taken_from_later_or_long_before(sessions: Sessions, on: date) -> None:
    async with sessions.begin() as session:
        await store_rates(session, RATES)
        with pytest.raises(NoExchangeRateError):
            await quotations(session, ["KRW"], on)


def test_a_cross_rate_is_exact() -> None:
    usd = Quotation("USD", Decimal("1.0876"), DAY, "ECB")
    krw = Quotation("KRW", Decimal("1623.45"), DAY, "ECB")
    assert cross_rate(usd, krw) == Fraction(162_345, 10_876) * 100
    # 100.00 USD: 100 / 1.0876 * 1623.45 = 149,269.026… KRW, which has no decimals
    assert rounded(converted(100_00, usd, krw)) == 149_269
    assert rounded(Fraction(5, 2)) == 3
    assert rounded(Fraction(-5, 2)) == -3
    assert rounded(Fraction(49, 20)) == 2


@steady
@given(
    amount=st.integers(1, 10**15),
    rates=st.tuples(
        st.decimals("0.0001", "99999", places=6), st.decimals("0.0001", "99999", places=6)
    ),
)
def test_there_and_back_loses_nothing_before_rounding(
    amount: int, rates: tuple[Decimal, Decimal]
) -> None:
    one, other = (
        Quotation(currency, rate, DAY, "ECB")
        for currency, rate in zip(("KRW", "KWD"), rates, strict=True)
    )
    there = converted(amount, one, other)
    assert converted(1, other, one) * there == amount
    assert abs(rounded(there) - there) <= Fraction(1, 2)


async def test_statistics_convert_at_the_edge_only(
    client: httpx2.AsyncClient, sessions: Sessions
) -> None:
    asked = {"convert_to": "USD", "rates_of": "2026-11-21"}
    async with sessions.begin() as session:
        await store_rates(session, RATES)
    empty = (await ok(await client.get("/v1/statistics/deals", params=asked)))["converted"]
    assert (empty["deals"], empty["amount_minor"], empty["by_currency"]) == (0, 0, [])
    assert empty["rates"][0]["day"] == "2026-11-20"
    assert (await ok(await client.get("/v1/statistics/deals")))["converted"] is None
    unknown = await client.get("/v1/statistics/deals", params=asked | {"rates_of": "2026-12-30"})
    assert (unknown.status_code, unknown.json()["code"]) == (409, "no_exchange_rate")
