"""What stands in the table and on the charts: every period once, and no number worn away."""

from datetime import date

import pytest

from marketplace.pages.public.charts import Point, columns, lines, readable_unit, significant
from marketplace.pages.public.table import table_rows
from marketplace.pages.public.wording import place_name, span_name
from marketplace.statistics.periods import Period
from marketplace.statistics.queries import Sum, tabulated
from marketplace.statistics.schemas import CumulativeTable, Origin
from marketplace.statistics.units import read_unit

UNIT = read_unit("10000KRW")
TODAY = date(2026, 5, 20)


def _table(period: Period, *settled: Sum) -> CumulativeTable:
    printed = [
        Sum("~2021", date(2021, 3, 1), date(2022, 1, 1), 3, 59_310_000, Origin.PUBLISHED),
        Sum("2022", date(2022, 1, 1), date(2023, 1, 1), 4, None, Origin.PUBLISHED),
    ]
    return tabulated([*printed, *settled], period=period, unit=UNIT, time_zone="Asia/Seoul")


def _settled(begins: date, ends: date, *, is_complete: bool = True) -> Sum:
    return Sum("", begins, ends, 1, 10_000, Origin.LEDGER, is_complete=is_complete)


def test_months_have_one_line_for_printed_years_and_zeros_for_months_without_a_deal() -> None:
    march = _settled(date(2026, 3, 1), date(2026, 4, 1))
    rows = table_rows(_table(Period.MONTH, march), UNIT, Period.MONTH, TODAY, is_live=True)
    told = [(str(row.begins), str(row.ends), row.period.deals, row.is_coarse) for row in rows]
    assert told == [
        ("2021-03-01", "2022-12-31", 7, True),
        ("2026-03-01", "2026-03-31", 1, False),
        ("2026-04-01", "2026-04-30", 0, False),
        ("2026-05-01", "2026-05-31", 0, False),
    ]
    assert rows[0].period.amount == 5931
    assert [row.cumulative.deals for row in rows] == [7, 8, 8, 8]
    assert [row.is_running for row in rows] == [False, False, False, True]
    assert [row.has_facts for row in rows] == [True, True, False, False]


def test_of_a_release_nothing_is_filled_in() -> None:
    parts = _settled(date(2025, 1, 1), date(2026, 1, 1), is_complete=False)
    table = _table(Period.YEAR, parts)
    rows = table_rows(table, UNIT, Period.YEAR, TODAY, is_live=False)
    assert [row.begins.year for row in rows] == [2021, 2022, 2025]
    assert [row.is_part for row in rows] == [False, False, True]
    assert not any(row.is_coarse for row in rows)


@pytest.mark.parametrize(
    ("amounts", "unit", "written"),
    [
        ((59_310_000, 49_010_000, 142_100_000), "10000KRW", ["5,931", "4,901", "14,210"]),
        ((49_010_000, 3_300_000_000), "100000000KRW", ["0.49", "33"]),
        ((49_010_000, 2_950_000_000, -142_100_000), "100000000KRW", ["0.49", "29.5", "−1.42"]),
        ((40_000, 900_000_000_000), "100000000KRW", ["<0.01", "9,000"]),
        ((0, 0), "KRW", ["0", "0"]),
        ((5_000, 0, 70_000), "KRW", ["5,000", "0", "70,000"]),
    ],
)
def test_a_chart_chooses_its_unit_so_that_no_bar_reads_nothing(
    amounts: tuple[int, ...], unit: str, written: list[str]
) -> None:
    chosen = readable_unit("KRW", amounts)
    assert chosen.code == unit
    assert [significant(amount, chosen) for amount in amounts] == written


def test_what_is_more_than_nothing_is_drawn_and_what_is_unknown_is_not() -> None:
    points = [Point("a", 1, "1"), Point("b", 1_000_000, "x"), Point("c", None, "–")]
    chart = columns(points)
    assert [bar.height > 0 for bar in chart.bars] == [True, True, False]
    assert all(bar.x >= 0 and bar.x + bar.width <= 100 for bar in chart.bars)
    assert [bar.width for bar in lines(points).bars] == [0.0, 100.0, 0]


def test_spans_and_places_are_named_in_the_readers_language() -> None:
    assert span_name(date(2026, 1, 1), date(2026, 3, 31), "zh") == "2026年第1季度"
    assert span_name(date(2021, 3, 1), date(2021, 12, 31), "ko") == "2021년 3월~12월"
    assert span_name(date(2024, 2, 1), date(2024, 2, 29), "en") == "Feb 2024"
    assert place_name("KR-30", "zh") == "大田"
    assert place_name("US", "ko") == "미국"
    assert place_name("US-CA", "en") == "United States (US-CA)"
