"""Releases over HTTP: what is told, what is withheld, and the proof of a cell."""

from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import httpx2
import pytest
from sqlalchemy import text

from marketplace.kernel.clock import ShiftedClock
from marketplace.kernel.db import Sessions
from marketplace.statistics.folding import FOLDED, fold, recompute
from marketplace.statistics.models import DealFact
from marketplace.statistics.releases.service import release_due
from tests.factories.deals import Market, ok
from tests.factories.people import operator, person
from tests.factories.world import World
from tests.statistics.facts import fact, record

ZONE = "Asia/Seoul"
TABLES = "/v1/statistics/tables"


def deal_facts(seed: int = 7) -> list[DealFact]:
    """Facts of 2025 as folding leaves them: two busy regions, and one with a single deal."""
    dice, found = Random(seed), []  # noqa: S311 - the same facts in every run
    for number in range(240):
        region = "KR-50" if number == 0 else ("KR-11", "KR-26")[number % 2]
        day = date(2025, number % 12 + 1, dice.randint(1, 28))
        found.append(
            DealFact(
                sequence=number + 1,
                day=day,
                counted_month=day.replace(day=1),
                reason="release",
                currency="KRW",
                deals=1,
                amount_minor=dice.randint(900_000, 1_100_000),
                right_kind="patent",
                deal_type="sale",
                seller_type="company",
                buyer_type="company",
                seller_region=region,
                buyer_region="KR-11",
                industry="C26",
                wipo_field="7",
                amount_band="e6",
                payment_form="at_once",
                seller_group=f"00000000-0000-7000-8000-{dice.randint(1, 9):012}",
                buyer_group=f"00000000-0000-7000-8000-{dice.randint(10, 19):012}",
            )
        )
    return found


async def release(sessions: Sessions, *, totals_known: bool = True) -> int:
    return await release_due(sessions, ZONE, totals_known=totals_known)


@pytest.fixture
async def released(sessions: Sessions, clock: ShiftedClock) -> list[DealFact]:
    found = deal_facts()
    async with sessions.begin() as session:
        session.add_all(found)
        await session.flush()
    assert await release(sessions) == 1
    return found


def figures(row: dict[str, Any], which: str = "cells") -> dict[str, tuple[str, int | None]]:
    return {cell["value"]: (cell["status"], cell["deals"]) for cell in row[which]}


async def test_a_region_with_one_deal_is_withheld_with_another_that_hides_it(
    client: httpx2.AsyncClient, released: list[DealFact]
) -> None:
    table = await ok(await client.get(f"{TABLES}/seller_region", params={"unit": "10000KRW"}))
    (row,) = table["rows"]
    told = figures(row)
    assert row["label"] == "2025"
    assert told["total"] == ("known", 240)
    assert "KR-50" not in told
    shown = [value for value in told if value.startswith("KR")]
    assert len(shown) == 1
    assert told["withheld"][1] + told[shown[0]][1] == 240
    assert table["definitions"]["counting_unit"].startswith("a deal, once")
    whole = sum(one.amount_minor for one in released)
    (total,) = (cell for cell in row["cells"] if cell["value"] == "total")
    assert (total["amount_minor"], total["amount"]) == (whole, round(whole / 10_000))


async def test_a_release_is_never_made_twice_and_never_changes(
    client: httpx2.AsyncClient, sessions: Sessions, released: list[DealFact]
) -> None:
    before = await ok(await client.get(f"{TABLES}/right_kind"))
    assert await release(sessions) == 0
    assert await ok(await client.get(f"{TABLES}/right_kind")) == before
    (told,) = await ok(await client.get("/v1/statistics/releases"))
    assert told == before["release"]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        (f"{TABLES}/colour", 422, "validation_failed"),
        (f"{TABLES}/right_kind?as_of=2020-01-01", 404, "not_found"),
        (
            "/v1/statistics/proof?begins=2025-01-01&dimension=seller_region&value=KR-50",
            404,
            "not_found",
        ),
        (
            "/v1/statistics/proof?begins=2025-01-01&dimension=seller_region&value=withheld",
            404,
            "not_found",
        ),
        ("/v1/statistics/revisions", 403, "live_statistics_restricted"),
        ("/v1/statistics/deals?view=restated", 403, "live_statistics_restricted"),
        ("/v1/statistics/proof?begins=2026-01-01", 404, "not_found"),
    ],
)
async def test_what_was_not_published_is_not_told(
    client: httpx2.AsyncClient, released: list[DealFact], path: str, status: int, code: str
) -> None:
    answer = await client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_only_a_statistician_crosses_dimensions(
    client: httpx2.AsyncClient, sessions: Sessions, released: list[DealFact]
) -> None:
    path = "/v1/statistics/crossed"
    asked = {"down": "seller_region", "across": "amount_band", "begins": "2025-05-05"}
    stranger = await person(client, sessions)
    refused = await stranger.get(path, **asked)
    assert (refused.status_code, refused.json()["code"]) == (403, "permission_missing")
    reader = await operator(client, sessions)
    table = await ok(await reader.get(path, **asked))
    assert (table["begins"], table["ends"], table["release"]["number"]) == (
        "2025-01-01",
        "2025-12-31",
        1,
    )
    told = {row["value"]: figures(row) for row in table["rows"]}
    assert told["total"]["total"] == ("known", 240)
    assert told["KR-50"] == {"total": ("suppressed", None), "withheld": ("suppressed", None)}
    for changed, status, code in (
        ({"begins": "2026-05-05"}, 404, "not_found"),
        ({"across": "seller_region"}, 422, "same_dimension"),
    ):
        refused = await reader.get(path, **(asked | changed))
        assert (refused.status_code, refused.json()["code"]) == (status, code)


async def test_a_refund_restates_its_month_and_a_deal_is_proved(
    world: World,
) -> None:
    sessions, client = world.sessions, await operator(world.client, world.sessions)
    sold, undone = fact("2026-02-03T00:00", 500), fact("2026-05-06T00:00", 200)
    event, refund = sold.event(), undone.event()
    refund.type, refund.subject = "deal.refund_released", event.subject
    await record(sessions, fact("2026-02-04T00:00", 70))
    async with sessions.begin() as session:
        session.add(event)
    async with sessions.begin() as session:
        session.add(refund)

    async def months(**query: str) -> dict[str, int]:
        asked = {"period": "month", **query}
        table = await ok(await client.get("/v1/statistics/deals", **asked))
        return {row["label"]: row["period"]["amount_minor"] for row in table["rows"]}

    for _ in range(2):  # before it is folded, and after
        assert await months() == {"2026-02": 570, "2026-05": -200}
        assert await months(view="restated") == {"2026-02": 370}
        assert await months(view="restated", as_of="2026-05-05") == {"2026-02": 570}
        assert await months(as_of="2026-02-03") == {"2026-02": 500}
        while await fold(sessions, ZONE):
            pass
    page = await ok(await client.get("/v1/statistics/revisions"))
    (revision,) = page["items"]
    assert revision | {"month": "2026-02-01", "number": 1, "day": "2026-05-06"} == revision
    assert (revision["reason"], revision["amount_minor"]) == ("refund_released", -200)

    market = await Market.open(world)
    await market.deal("settled")
    await _prove(world)


async def _prove(world: World) -> None:
    """A settled deal is proved against the ledger, and recomputing changes nothing."""
    await world.work()
    today = world.clock.now().astimezone(UTC).date()
    asked = {"begins": today.isoformat(), "period": "month"}
    hidden = await world.client.get("/v1/statistics/proof", params=asked)
    assert (hidden.status_code, hidden.json()["code"]) == (404, "not_found")
    reader = await operator(world.client, world.sessions)
    proof = await ok(await reader.get("/v1/statistics/proof", **asked))
    assert proof["basis"] == "live"
    assert (proof["agrees"], proof["deals"], proof["statistics_minor"]) == (True, 1, 100_000_000)
    assert (proof["entries"], len(proof["entries_sha256"])) == (1, 64)

    async def folded() -> dict[str, list[Any]]:
        async with world.sessions() as session:
            return {
                table: sorted(map(str, await session.execute(text(f"SELECT * FROM {table}"))))  # noqa: S608 - constants
                for table in FOLDED
            }

    before = await folded()
    assert all(before[table] for table in ("deal_fact", "deal_day", "series_month"))
    one = max(before["deal_fact"], key=lambda row: "'at_once'" in row)
    words = ("'company'", "'KR-11'", "'KR-26'", "'7'", "'e8'", "'at_once'")
    assert [word for word in words if word not in one] == [], one
    await recompute(world.sessions, ZONE)
    assert await folded() == before
    told = {
        one["series"]: one["rows"][-1]
        for one in await ok(await world.client.get("/v1/statistics/series"))
    }
    assert (told["listings"]["flow"], told["listings"]["stock"]) == (1, 0)
    world.clock.offset += timedelta(days=400)
    began = world.clock.now()
    assert await release_due(world.sessions, ZONE, totals_known=False) == 1
    ended = world.clock.now()
    table = await ok(await world.client.get(f"{TABLES}/right_kind"))
    assert {cell["status"] for cell in table["rows"][0]["cells"]} == {"suppressed"}
    assert began <= datetime.fromisoformat(table["release"]["made_at"]) <= ended
