"""The cumulative table as everyone reads it. No worker runs here: it is exact without."""

from datetime import date
from decimal import Decimal
from typing import Any

import httpx2
import pytest

from marketplace.kernel.db import Sessions
from marketplace.payments.currencies.ecb import Rate
from marketplace.payments.currencies.service import store_rates
from marketplace.statistics.history import import_history
from tests.factories.deals import ok
from tests.factories.people import operator
from tests.statistics.facts import Fact, fact, record

PATH = "/v1/statistics/deals"


@pytest.fixture
async def client(client: httpx2.AsyncClient, sessions: Sessions) -> httpx2.AsyncClient:
    """One who may read what is live."""
    client.headers.update((await operator(client, sessions)).headers)
    return client


EMPTY = {"deals": 0, "amount": 0, "amount_minor": 0, "zero_deals": 0, "undisclosed_deals": 0}
YEARS = [
    fact("2026-01-05T00:00", 10_000),
    fact("2026-05-05T00:00", 20_000, right_kind="idea"),
    fact("2026-12-31T15:30", 40_000),
    fact("2027-06-30T14:59:59.999999", 80_000, type="deal.resolve_split"),
    fact("2027-06-30T15:00", 160_000, type="deal.resolve_release", right_kind="design"),
]


async def table(client: httpx2.AsyncClient, **query: Any) -> dict[str, Any]:
    found: dict[str, Any] = await ok(await client.get(PATH, params=query))
    return found


def flow(rows: list[dict[str, Any]]) -> dict[str, tuple[int, int]]:
    return {row["label"]: (row["period"]["deals"], row["period"]["amount_minor"]) for row in rows}


@pytest.mark.parametrize(
    ("period", "expected"),
    [
        ("year", {"2026": (2, 30_000), "2027": (3, 280_000)}),
        (
            "quarter",
            {
                "2026 Q1": (1, 10_000),
                "2026 Q2": (1, 20_000),
                "2027 Q1": (1, 40_000),
                "2027 Q2": (1, 80_000),
                "2027 Q3": (1, 160_000),
            },
        ),
        (
            "month",
            {
                "2026-01": (1, 10_000),
                "2026-05": (1, 20_000),
                "2027-01": (1, 40_000),
                "2027-06": (1, 80_000),
                "2027-07": (1, 160_000),
            },
        ),
    ],
)
async def test_a_deal_counts_in_the_period_of_seoul_in_which_it_settled(
    client: httpx2.AsyncClient,
    sessions: Sessions,
    period: str,
    expected: dict[str, tuple[int, int]],
) -> None:
    await record(sessions, *YEARS)

    found = await table(client, period=period)

    assert flow(found["rows"]) == expected
    assert (found["time_zone"], found["period"]) == ("Asia/Seoul", period)
    assert found["rows"][-1]["cumulative"] == found["total"]
    assert found["total"] == EMPTY | {
        "deals": 5,
        "amount": 310_000,
        "amount_minor": 310_000,
    }


@pytest.mark.parametrize(
    ("period", "days"),
    [
        ("year", ("2026-01-01", "2026-12-31")),
        ("quarter", ("2026-10-01", "2026-12-31")),
        ("month", ("2026-12-01", "2026-12-31")),
    ],
)
async def test_a_period_tells_its_first_and_last_day(
    client: httpx2.AsyncClient, sessions: Sessions, period: str, days: tuple[str, str]
) -> None:
    await record(sessions, fact("2026-12-31T14:59", 1))

    (row,) = (await table(client, period=period))["rows"]

    assert (row["begins"], row["ends"], row["origin"]) == (*days, "ledger")


async def test_kinds_add_up_and_can_be_read_alone(
    client: httpx2.AsyncClient, sessions: Sessions
) -> None:
    await record(sessions, *YEARS)

    whole = await table(client)
    parts = {
        kind: (await table(client, kind=kind))["total"]
        for kind in ("design", "idea", "patent", "utility_model")
    }

    assert {each["kind"]: (each["deals"], each["amount_minor"]) for each in whole["by_kind"]} == {
        "design": (1, 160_000),
        "idea": (1, 20_000),
        "patent": (3, 130_000),
    }
    for field in whole["total"]:
        assert sum(part[field] for part in parts.values()) == whole["total"][field]


async def test_a_reversal_counts_negative_when_it_happens(
    client: httpx2.AsyncClient, sessions: Sessions
) -> None:
    undone = fact("2027-02-01T00:00", 50_000, type="deal.reverse")
    await record(sessions, fact("2026-02-01T00:00", 50_000), undone)

    found = await table(client)

    assert flow(found["rows"]) == {"2026": (1, 50_000), "2027": (-1, -50_000)}
    assert found["total"] == EMPTY


@pytest.mark.parametrize("type_", ["deal.refund", "deal.cancel", "deal.resolve_refund", "deal.x"])
async def test_what_paid_no_seller_does_not_count(
    client: httpx2.AsyncClient, sessions: Sessions, type_: str
) -> None:
    event = fact("2026-02-01T00:00", 50_000).event()
    event.type = type_
    async with sessions.begin() as session:
        session.add(event)

    assert (await table(client))["rows"] == []


@pytest.mark.parametrize(
    ("unit", "amounts", "label"),
    [
        ("KRW", (4_999, 9_998, 9_998), "원"),
        ("1KRW", (4_999, 9_998, 9_998), "원"),
        ("1000KRW", (5, 10, 10), "1,000 KRW"),
        ("10000KRW", (0, 1, 1), "만원"),
        ("100000000KRW", (0, 0, 0), "억원"),
    ],
)
async def test_amounts_are_summed_first_and_rounded_last(
    client: httpx2.AsyncClient,
    sessions: Sessions,
    unit: str,
    amounts: tuple[int, int, int],
    label: str,
) -> None:
    await record(sessions, fact("2026-02-01T00:00", 4_999), fact("2027-02-01T00:00", 4_999))

    found = await table(client, unit=unit)

    first, last = found["rows"]
    shown = first["cumulative"]["amount"], last["cumulative"]["amount"], found["total"]["amount"]
    assert shown == amounts
    assert found["total"]["amount_minor"] == 9_998
    assert (found["unit"], found["unit_label"], found["currency"]) == (unit, label, "KRW")


async def test_currencies_are_never_added(client: httpx2.AsyncClient, sessions: Sessions) -> None:
    await record(
        sessions,
        fact("2026-02-01T00:00", 1_234_567, currency="USD"),
        fact("2026-02-01T00:00", 1_000_500, currency="KWD"),
    )

    assert (await table(client))["rows"] == []
    dollars = await table(client, unit="1000USD")
    assert dollars["total"] == EMPTY | {"deals": 1, "amount": 12, "amount_minor": 1_234_567}
    dinars = await table(client, unit="KWD")
    assert dinars["total"] == EMPTY | {"deals": 1, "amount": 1_001, "amount_minor": 1_000_500}


async def test_a_currency_that_nobody_quotes_stands_beside_the_converted_total(
    client: httpx2.AsyncClient, sessions: Sessions
) -> None:
    await record(
        sessions,
        fact("2026-02-01T00:00", 20_000, currency="USD"),
        fact("2026-02-01T00:00", 1_000_500, currency="KWD"),
    )
    async with sessions.begin() as session:
        await store_rates(session, [Rate(date(2026, 2, 2), "USD", Decimal("1.25"))])
    asked = {"convert_to": "EUR", "rates_of": "2026-02-02"}

    found = (await table(client, **asked))["converted"]

    assert (found["deals"], found["amount_minor"]) == (1, 16_000)
    assert [one["currency"] for one in found["by_currency"]] == ["USD"]
    assert found["unconverted"] == [{"currency": "KWD", "deals": 1, "amount_minor": 1_000_500}]
    answer = await client.get("/v1/statistics/deals", params=asked | {"convert_to": "KWD"})
    assert (answer.status_code, answer.json()["code"]) == (409, "no_exchange_rate")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"unit": "만원"}, "unknown_unit"),
        ({"unit": "2KRW"}, "unknown_unit"),
        ({"unit": "10000 KRW"}, "unknown_unit"),
        ({"unit": "1000000000KRW"}, "unknown_unit"),
        ({"unit": "krw"}, "unknown_unit"),
        ({"unit": ""}, "unknown_unit"),
        ({"unit": "KRW\n"}, "unknown_unit"),
        ({"unit": "QQQ"}, "unknown_currency"),
        ({"unit": "K" * 21}, "validation_failed"),
        ({"period": "decade"}, "validation_failed"),
        ({"kind": "trademark"}, "validation_failed"),
    ],
)
async def test_a_table_that_cannot_be_is_refused(
    client: httpx2.AsyncClient, query: dict[str, str], code: str
) -> None:
    refused = await client.get(PATH, params=query)

    assert (refused.status_code, refused.json()["code"]) == (422, code)


HISTORY = b"""
{"source": "Printed", "unit": "10,000 KRW", "currency": "KRW", "as_of": "2025-12-31",
 "periods": [{"label": "2024", "from": "2024-01-01", "to": "2025-01-01",
              "transactions": 3, "amount": 7},
             {"label": "2025", "from": "2025-01-01", "to": "2026-01-01",
              "transactions": 4, "amount": 8}]}
"""


async def test_live_deals_continue_the_published_table(
    client: httpx2.AsyncClient, sessions: Sessions
) -> None:
    async with sessions.begin() as session:
        await import_history(session, HISTORY, time_zone="Asia/Seoul")
    deals: list[Fact] = [fact("2026-03-01T00:00", 99_999), fact("2026-04-01T00:00", 1)]
    await record(sessions, *deals)

    found = await table(client, unit="10000KRW")

    running = [
        (row["label"], row["origin"], row["cumulative"]["deals"], row["cumulative"]["amount"])
        for row in found["rows"]
    ]
    assert running == [
        ("2024", "published", 3, 7),
        ("2025", "published", 7, 15),
        ("2026", "ledger", 9, 25),
    ]
    kinds = {each["kind"]: (each["deals"], each["amount"]) for each in found["by_kind"]}
    assert kinds == {"patent": (2, 10), "unspecified": (7, 15)}
    assert found["published"] == [{"source": "Printed", "as_of": "2025-12-31", "discrepancy": None}]
    alone = await table(client, unit="10000KRW", kind="patent")
    assert (flow(alone["rows"]), alone["published"]) == ({"2026": (2, 100_000)}, [])


async def test_of_one_source_the_latest_figures_are_read(
    client: httpx2.AsyncClient, sessions: Sessions
) -> None:
    async with sessions.begin() as session:
        await import_history(session, HISTORY, time_zone="Asia/Seoul")
        later = HISTORY.replace(b"2025-12-31", b"2026-06-30")
        await import_history(
            session, later.replace(b'"amount": 8', b'"amount": 9'), time_zone="Asia/Seoul"
        )
        await import_history(
            session, HISTORY.replace(b"2025-12-31", b"2025-11-30"), time_zone="Asia/Seoul"
        )

    found = await table(client, unit="10000KRW")

    assert flow(found["rows"]) == {"2024": (3, 70_000), "2025": (4, 90_000)}
    assert [each["as_of"] for each in found["published"]] == ["2026-06-30"]
