"""Published figures: kept as printed, loaded once, and nothing of a bad file."""

import copy
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx2
import pytest
from sqlalchemy import text

from marketplace.kernel.clock import ShiftedClock
from marketplace.kernel.db import Sessions
from marketplace.kernel.errors import MarketplaceError
from marketplace.statistics.history import (
    HistoryDiffersError,
    MalformedHistoryError,
    import_history,
)
from marketplace.statistics.overlaps import HistoryOverlapsError
from tests.factories.deals import ok
from tests.statistics.facts import fact, record

HISTORY: dict[str, Any] = {
    "source": "Printed",
    "unit": "10,000 KRW",
    "currency": "KRW",
    "as_of": "2025-12-31",
    "periods": [
        {"label": "a", "from": "2024-01-01", "to": "2025-01-01", "transactions": 3, "amount": 7},
        {"label": "b", "from": "2025-01-01", "to": "2026-01-01", "transactions": 4, "amount": 8},
    ],
    "cumulative": {"transactions": 7, "amount": 15},
}
STORED = text(
    """
    SELECT s.source, s.as_of::text, s.unit_minor, s.printed_deals, s.printed_amount_minor,
        s.parts_deals, s.parts_amount_minor,
        array_agg(f.label || ' ' || f.deals || ' ' || coalesce(f.amount_minor::text, '?')
            ORDER BY f.label)
    FROM published_series s LEFT JOIN published_figure f ON f.series_id = s.id
    GROUP BY s.id ORDER BY s.as_of
    """
)
EVENTS = text("SELECT count(*) FROM event WHERE type = 'published_series.import'")
FIGURES = ["a 3 70000", "b 4 80000"]
AS_PRINTED = ("Printed", "2025-12-31", 10_000, 7, 150_000, 7, 150_000, FIGURES)

Change = Callable[[dict[str, Any]], Any]


def changed(change: Change) -> bytes:
    history = copy.deepcopy(HISTORY)
    change(history)
    return json.dumps(history).encode()


async def load(sessions: Sessions, content: bytes) -> None:
    async with sessions.begin() as session:
        await import_history(session, content, time_zone="Asia/Seoul")


async def stored(sessions: Sessions) -> tuple[list[Any], int]:
    async with sessions() as session:
        rows = [tuple(row) for row in (await session.execute(STORED)).all()]
        return rows, (await session.execute(EVENTS)).scalar_one()


async def test_loading_a_file_again_changes_nothing(sessions: Sessions) -> None:
    await load(sessions, json.dumps(HISTORY).encode())
    await load(sessions, json.dumps(HISTORY).encode())

    assert await stored(sessions) == ([AS_PRINTED], 1)


async def test_other_figures_of_the_same_date_are_refused(sessions: Sessions) -> None:
    await load(sessions, json.dumps(HISTORY).encode())

    with pytest.raises(HistoryDiffersError) as refused:
        await load(sessions, changed(lambda h: h["periods"][0].update(amount=8)))

    assert (refused.value.status, refused.value.code) == (409, "history_differs")
    assert await stored(sessions) == ([AS_PRINTED], 1)


async def test_a_correction_has_a_later_date_and_is_kept_beside_the_first(
    sessions: Sessions,
) -> None:
    await load(sessions, json.dumps(HISTORY).encode())
    await load(
        sessions,
        changed(lambda h: (h.update(as_of="2026-06-30"), h["periods"][0].update(amount=9))),
    )

    rows, events = await stored(sessions)
    assert (rows[0], rows[1][1], events) == (AS_PRINTED, "2026-06-30", 2)


@pytest.mark.parametrize(
    ("change", "clash"),
    [
        (
            lambda h: h["periods"].pop(1),
            "'a' (2024-01-01 to 2024-12-31) overlaps 'a' (2024-01-01 to 2024-12-31) of 'Printed'",
        ),
        (
            lambda h: (
                h["periods"].pop(0),
                h["periods"][0].update({"from": "2025-12-31", "to": "2026-02-01"}),
            ),
            "'b' (2025-12-31 to 2026-01-31) overlaps 'b' (2025-01-01 to 2025-12-31) of 'Printed'",
        ),
    ],
)
async def test_a_period_that_another_source_counts_is_refused(
    sessions: Sessions, change: Change, clash: str
) -> None:
    await load(sessions, json.dumps(HISTORY).encode())

    with pytest.raises(HistoryOverlapsError) as refused:
        await load(
            sessions, changed(lambda h: (change(h), h.update(source="Other", cumulative=None)))
        )

    assert (refused.value.status, refused.value.code) == (409, "history_overlaps")
    assert str(refused.value) == clash
    assert await stored(sessions) == ([AS_PRINTED], 1)


async def test_sources_may_adjoin_and_other_currencies_never_add_up(sessions: Sessions) -> None:
    await load(sessions, json.dumps(HISTORY).encode())
    adjoining = {"from": "2026-01-01", "to": "2026-02-01"}
    await load(
        sessions,
        changed(
            lambda h: (
                h.update(source="Next"),
                h["periods"].pop(0),
                h["periods"][0].update(adjoining),
            )
        ),
    )
    await load(sessions, changed(of(source="Abroad", currency="JPY", unit="1 JPY")))

    assert (await stored(sessions))[1] == 3


@pytest.mark.parametrize(
    ("settled_at", "live_from"), [("2025-12-31T14:59", "2025-12-31"), (None, None)]
)
async def test_a_period_with_live_deals_or_of_the_future_is_refused(
    sessions: Sessions, clock: ShiftedClock, settled_at: str | None, live_from: str | None
) -> None:
    if settled_at:
        await record(sessions, fact(settled_at, 5), fact("2020-01-01T00:00", 5, currency="USD"))
        content = json.dumps(HISTORY).encode()
    else:
        today = clock.now().astimezone(ZoneInfo("Asia/Seoul")).date()
        tomorrow, live_from = today + timedelta(days=1), today.isoformat()
        content = changed(lambda h: h["periods"][1].update(to=tomorrow.isoformat()))

    with pytest.raises(HistoryOverlapsError, match=f"live deals, counted from {live_from} on"):
        await load(sessions, content)

    assert await stored(sessions) == ([], 0)


async def test_published_history_may_end_where_live_deals_begin(sessions: Sessions) -> None:
    await record(sessions, fact("2025-12-31T15:00", 5))

    await load(sessions, json.dumps(HISTORY).encode())

    assert await stored(sessions) == ([AS_PRINTED], 1)


@pytest.mark.parametrize(
    ("total", "printed"),
    [
        ({"transactions": 8, "amount": 15}, (8, 150_000)),
        ({"transactions": 7, "amount": 16}, (7, 160_000)),
        (None, (None, None)),
    ],
)
async def test_a_printed_total_is_kept_as_printed(
    sessions: Sessions, total: Any, printed: tuple[Any, Any]
) -> None:
    await load(sessions, changed(lambda h: h.update(cumulative=total)))

    ((*_, deals, amount_minor, parts, parts_minor, figures),), _ = await stored(sessions)
    assert (deals, amount_minor) == printed
    assert (parts, parts_minor, figures) == AS_PRINTED[-3:]


@pytest.mark.parametrize(("total", "is_flagged"), [(15, False), (7, True)])
async def test_an_undisclosed_amount_is_not_zero(
    sessions: Sessions, client: httpx2.AsyncClient, total: int, is_flagged: bool
) -> None:
    """A printed total may be more than the parts that tell an amount, but never less."""
    await load(
        sessions,
        changed(
            lambda h: (
                h["periods"][0].update(amount=None),
                h["cumulative"].update(amount=total),
            )
        ),
    )

    table = await ok(await client.get("/v1/statistics/deals?unit=10000KRW"))

    first, last = table["rows"]
    assert (first["status"], first["period"]["amount"]) == ("undisclosed", None)
    assert (first["period"]["undisclosed_deals"], first["period"]["zero_deals"]) == (3, 0)
    assert (last["status"], last["cumulative"]["amount"]) == ("known", 8)
    assert (table["total"]["deals"], table["total"]["undisclosed_deals"]) == (7, 3)
    (source,) = table["published"]
    assert (source["discrepancy"] is not None) == is_flagged


def first(**fields: Any) -> Change:
    return lambda history: history["periods"][0].update(fields)


def of(**fields: Any) -> Change:
    return lambda history: history.update(fields)


def without(name: str) -> Change:
    return lambda history: history.pop(name)


@pytest.mark.parametrize(
    "change",
    [
        without("source"),
        without("unit"),
        without("as_of"),
        without("periods"),
        of(source=""),
        of(source="x" * 201),
        of(source="nul\0"),
        of(source=7),
        of(as_of="2025-13-01"),
        of(as_of="yesterday"),
        of(currency="KRW2"),
        of(currency="QQQ"),
        of(currency="USD"),
        of(unit="ten thousand won"),
        of(unit="0 KRW"),
        of(unit="-1 KRW"),
        of(unit="10.000 KRW"),
        of(unit="1,000,000,000,000,000,000,000 KRW"),
        of(periods=[]),
        of(periods="none"),
        of(cumulative={"transactions": 7}),
        of(cumulative={"transactions": 7, "amount": 10**12}),
        first(transactions=-1),
        first(transactions=1.5),
        first(transactions="3"),
        first(transactions=True),
        first(transactions=10**9 + 1),
        first(amount=-1),
        first(amount=10**12),
        first(amount=7.0),
        first(label="two\nlines"),
        first(to="2024-01-01"),
        first(to="2023-01-01"),
        first(to="2025-01-02"),
    ],
)
async def test_a_malformed_file_is_refused_whole(sessions: Sessions, change: Change) -> None:
    await _refused(sessions, changed(change))


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b'{"source": "\xff"}', b'{"source": "\\ud800"}', b"[" * 10_000],
    ids=str,
)
async def test_what_is_no_such_file_at_all_is_refused(sessions: Sessions, content: bytes) -> None:
    await _refused(sessions, content)


async def _refused(sessions: Sessions, content: bytes) -> None:
    with pytest.raises(MarketplaceError) as refused:
        await load(sessions, content)
    assert (
        isinstance(refused.value, MalformedHistoryError) or refused.value.code == "unknown_currency"
    )
    assert refused.value.status == 422
    assert await stored(sessions) == ([], 0)
