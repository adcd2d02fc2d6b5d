"""A stranger who reads again and again, before and after each deal, learns of none of them."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from marketplace.kernel.clock import ShiftedClock
from marketplace.kernel.db import Sessions
from marketplace.statistics.models import DealFact
from marketplace.statistics.releases.service import release_due
from tests.factories.deals import ok
from tests.factories.people import operator
from tests.statistics.facts import fact, record
from tests.statistics.test_releases import ZONE, deal_facts

PRICE_MINOR = 7_654_321
READS = (
    "/v1/statistics/deals?period=year",
    "/v1/statistics/deals?period=quarter",
    "/v1/statistics/deals?period=month",
    "/v1/statistics/deals?period=month&kind=design",
    "/v1/statistics/deals?period=month&as_of=2026-11-21",
    "/v1/statistics/deals?convert_to=EUR",
    "/v1/statistics/tables/right_kind?period=month",
    "/v1/statistics/tables/amount_band?period=month",
    "/v1/statistics/releases",
    "/v1/open-data",
)
REFUSED = (
    "/v1/statistics/revisions",
    "/v1/statistics/deals?view=restated",
)


async def everything(client: httpx2.AsyncClient) -> list[Any]:
    return [await ok(await client.get(path)) for path in READS]


@pytest.fixture
def totals_public(app: FastAPI) -> Iterator[None]:
    settings = app.state.settings
    app.state.settings = settings.model_copy(update={"live_statistics": "public"})
    yield
    app.state.settings = settings


async def test_what_the_public_reads_is_the_same_before_and_after_a_deal(
    client: httpx2.AsyncClient, sessions: Sessions
) -> None:
    reader = await operator(client, sessions)
    facts = deal_facts()
    await _settle(sessions, facts)
    assert await release_due(sessions, ZONE, totals_known=False) == 1
    before = await everything(client)
    await record(sessions, fact("2026-11-20T00:00", PRICE_MINOR, right_kind="design"))

    assert await everything(client) == before
    live = await ok(await reader.get("/v1/statistics/deals"))
    assert live["basis"] == "live"
    assert sums(live) == {("2026-01-01", "2026-12-31"): (1, PRICE_MINOR)}
    for path in REFUSED:
        refused = await client.get(path)
        assert (refused.status_code, refused.json()["code"]) == (
            403,
            "live_statistics_restricted",
        )
    wrong = await client.get(READS[0], headers={"authorization": "Bearer nonsense"})
    assert (wrong.status_code, wrong.json()["code"]) == (401, "invalid_token")


async def test_live_totals_are_published_knowingly_and_without_kinds(
    client: httpx2.AsyncClient, sessions: Sessions, totals_public: None
) -> None:
    await record(sessions, fact("2026-11-20T00:00", PRICE_MINOR, right_kind="design"))

    table = await ok(await client.get("/v1/statistics/deals"))
    assert (table["total"]["amount_minor"], table["by_kind"]) == (PRICE_MINOR, [])
    for path in READS[3:5]:
        assert (await ok(await client.get(path)))["rows"] == []
    assert (await client.get("/v1/statistics/revisions")).status_code == 403


def sums(table: dict[str, Any]) -> dict[tuple[str, str], tuple[int, int]]:
    return {
        (row["begins"], row["ends"]): (row["period"]["deals"], row["period"]["amount_minor"])
        for row in table["rows"]
    }


async def _settle(sessions: Sessions, facts: list[DealFact]) -> None:
    async with sessions.begin() as session:
        session.add_all(facts)


async def _released_figures(client: httpx2.AsyncClient) -> set[tuple[int, int]]:
    """Every pair of deals and amount that a reader sees now, whatever it is of."""
    found: set[tuple[int, int]] = set()
    for period in ("month", "quarter", "year"):
        path = f"/v1/statistics/deals?period={period}"
        table = await ok(await client.get(path))
        found |= {*sums(table).values()}
        found |= {
            (row["cumulative"]["deals"], row["cumulative"]["amount_minor"]) for row in table["rows"]
        }
        found |= {(kind["deals"], kind["amount_minor"]) for kind in table["by_kind"]}
        for dimension in ("seller_region", "buyer_region", "right_kind", "amount_band"):
            path = f"/v1/statistics/tables/{dimension}?period={period}"
            answer = await client.get(path)
            rows = answer.json()["rows"] if answer.is_success else []
            found |= {
                (cell["deals"], cell["amount_minor"])
                for row in rows
                for cell in row["cells"] + row["cumulative"]
                if cell["deals"] is not None
            }
    return found


async def test_differences_of_successive_releases_tell_of_no_single_deal(
    client: httpx2.AsyncClient, sessions: Sessions, clock: ShiftedClock
) -> None:
    """Released month after month; any figure less any other, in any two releases."""
    facts = deal_facts()
    lonely = [one for one in facts if one.seller_region == "KR-50"]
    seen: list[set[tuple[int, int]]] = []
    await _settle(sessions, facts)
    now = clock.now()
    for month in (4, 7, 10, 13):
        clock.offset += _day_after(month) - clock.now()
        assert await release_due(sessions, ZONE, totals_known=False) == 1
        seen.append(await _released_figures(client))
    clock.offset += now - clock.now()

    every = sorted(set().union(*seen))
    known = {(one.deals, one.amount_minor) for one in facts}
    differences = {
        (deals - other_deals, amount - other_amount)
        for deals, amount in every
        for other_deals, other_amount in every
    }
    assert len(every) > 20
    assert not known & (differences | set(every))
    assert {(one.deals, one.amount_minor) for one in lonely}.isdisjoint(differences)
    for earlier, later in pairwise(seen):
        assert earlier & later


def _day_after(month: int) -> datetime:
    year, place = divmod(month - 1, 12)
    return datetime(2025 + year, place + 1, 3, tzinfo=UTC)


async def test_a_year_that_goes_on_is_the_sum_of_what_is_released_of_it(
    client: httpx2.AsyncClient, sessions: Sessions, clock: ShiftedClock
) -> None:
    await _settle(sessions, deal_facts())
    now = clock.now()
    clock.offset += _day_after(9) - now
    assert await release_due(sessions, ZONE, totals_known=False) == 1
    clock.offset += now - clock.now()

    (year,) = (await ok(await client.get(READS[0])))["rows"]
    months = (await ok(await client.get(READS[2])))["rows"]
    assert (year["is_complete"], year["period"]["deals"]) == (False, 160)
    assert sum(row["period"]["deals"] for row in months) == 160
    assert all(row["is_complete"] for row in months)
    assert date.fromisoformat(months[-1]["ends"]) == date(2025, 8, 31)
    asked = {"begins": "2025-03-01", "period": "month"}
    cell = {"dimension": "seller_region", "value": "KR-50"}
    proof = await ok(await client.get("/v1/statistics/proof", params=asked))
    assert (proof["basis"], proof["release"], proof["deals"]) == ("released", 1, 20)
    assert not proof["agrees"]  # these facts have no ledger, and that is said
    hidden = await client.get("/v1/statistics/proof", params=asked | cell)
    assert (hidden.status_code, "seller_region 'KR-50'" in hidden.json()["detail"]) == (404, True)
