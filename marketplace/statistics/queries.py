"""The cumulative table: published history, then settled deals, to the minor unit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import accumulate, groupby
from typing import Any, Final

import asyncpg

from marketplace.kernel.driver_pools import Reads
from marketplace.statistics.folding import CONSUMER, FACTS
from marketplace.statistics.live import View, months_as_of
from marketplace.statistics.schemas import (
    AmountStatus,
    CumulativeRow,
    CumulativeTable,
    Figures,
    KindTotal,
    Origin,
    PublishedSource,
)
from marketplace.statistics.units import Unit

UNSPECIFIED: Final = "unspecified"


class Period(StrEnum):
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


LIVE: Final = f"""
    SELECT month, right_kind, sum(deals)::bigint AS deals,
        sum(amount_minor)::bigint AS amount_minor
    FROM (
        SELECT month, right_kind, deal_type, currency, deals, amount_minor FROM deal_rollup
        UNION ALL
        {FACTS % {"time_zone": "$1"}}
        AND (e.transaction_id, e.sequence) > (
            SELECT transaction_id, sequence FROM event_consumer WHERE name = '{CONSUMER}'
            UNION ALL SELECT '0'::xid8, 0::bigint LIMIT 1)
    ) facts
    WHERE currency = $2 GROUP BY month, right_kind ORDER BY month, right_kind
"""  # noqa: S608 - built from constants
"""Rollup plus what is not folded yet, in one snapshot: exact at once, flat in the deals' number."""

_PUBLISHED: Final = """
    SELECT s.source, s.as_of, s.discrepancy, f.label, f.period_from, f.period_until,
        f.deals, f.amount_minor
    FROM published_series s JOIN published_figure f ON f.series_id = s.id
    WHERE s.currency = $1 AND s.as_of = (
        SELECT max(n.as_of) FROM published_series n
        WHERE n.source = s.source AND n.as_of <= $2)
    ORDER BY f.period_from, s.source
"""


@dataclass(frozen=True, slots=True)
class Sum:
    """A row before it is rounded; `ends` is the first day after it."""

    label: str
    begins: date
    ends: date
    deals: int
    amount_minor: int
    origin: Origin


async def cumulative_table(
    reads: Reads,
    *,
    period: Period,
    kind: str | None,
    unit: Unit,
    time_zone: str,
    as_of: date | None = None,
    view: View = View.ACCOUNTING,
) -> CumulativeTable:
    """Deals and amounts per period and cumulative, in one currency.

    Published history has no kinds, so a table of one kind leaves it out. Amounts are summed in
    minor units and rounded to the unit last.
    """
    until = as_of or date.max
    published = [] if kind else await reads.rows(_PUBLISHED, unit.currency, until)
    if as_of is None and view is View.ACCOUNTING:
        live = await reads.rows(LIVE, time_zone, unit.currency)
    else:
        live = await months_as_of(reads, unit.currency, until, view, time_zone)
    chosen = [row for row in live if kind is None or row["right_kind"] == kind]
    sums = [_printed(row) for row in published] + _by_period(chosen, period)
    return tabulated(
        sums,
        period=period,
        unit=unit,
        time_zone=time_zone,
        kind=kind,
        view=view,
        as_of=as_of,
        by_kind=_by_kind(chosen, published, unit),
        published=_sources(published),
    )


def tabulated(
    sums: Sequence[Sum], *, period: Period, unit: Unit, time_zone: str, **more: Any
) -> CumulativeTable:
    """Rows in their order, with the sums of what came before, and the total."""
    return CumulativeTable(
        unit=unit.code,
        unit_label=unit.label,
        currency=unit.currency,
        period=period,
        time_zone=time_zone,
        rows=_rows(sums, unit),
        total=_figures(sum(s.deals for s in sums), sum(s.amount_minor for s in sums), unit),
        **({"kind": None, "by_kind": [], "published": []} | more),
    )


def _printed(row: asyncpg.Record) -> Sum:
    return Sum(
        row["label"],
        row["period_from"],
        row["period_until"],
        row["deals"],
        row["amount_minor"],
        Origin.PUBLISHED,
    )


def _by_period(rows: Sequence[asyncpg.Record], period: Period) -> list[Sum]:
    """Months summed to the period; the rows come ordered by month."""
    sums = []
    for begins, found in groupby(rows, key=lambda row: period_begin(row["month"], period)):
        months = list(found)
        deals = sum(row["deals"] for row in months)
        amount_minor = sum(row["amount_minor"] for row in months)
        label, ends = period_label(begins, period), _end(begins, period)
        sums.append(Sum(label, begins, ends, deals, amount_minor, Origin.LEDGER))
    return sums


_MONTHS: Final = {Period.MONTH: 1, Period.QUARTER: 3, Period.YEAR: 12}


def period_begin(month: date, period: Period) -> date:
    """The first day of the period that a day is in."""
    length = _MONTHS[period]
    return month.replace(month=(month.month - 1) // length * length + 1, day=1)


def period_end(begins: date, period: Period) -> date:
    """The last day of a period."""
    return _end(begins, period) - timedelta(days=1)


def _end(begins: date, period: Period) -> date:
    """The first day after the period."""
    months = begins.month - 1 + _MONTHS[period]
    return date(begins.year + months // 12, months % 12 + 1, 1)


def period_label(begins: date, period: Period) -> str:
    """As `2026`, `2026 Q1` or `2026-01`."""
    if period is Period.YEAR:
        return f"{begins.year}"
    if period is Period.QUARTER:
        return f"{begins.year} Q{(begins.month + 2) // 3}"
    return f"{begins.year}-{begins.month:02}"


def _rows(sums: Sequence[Sum], unit: Unit) -> list[CumulativeRow]:
    deals = accumulate(s.deals for s in sums)
    amounts = accumulate(s.amount_minor for s in sums)
    return [
        CumulativeRow(
            label=row.label,
            begins=row.begins,
            ends=row.ends - timedelta(days=1),
            origin=row.origin,
            status=AmountStatus.KNOWN if row.amount_minor else AmountStatus.ZERO,
            period=_figures(row.deals, row.amount_minor, unit),
            cumulative=_figures(total_deals, total_minor, unit),
        )
        for row, total_deals, total_minor in zip(sums, deals, amounts, strict=True)
    ]


def _figures(deals: int, amount_minor: int, unit: Unit) -> Figures:
    return Figures(deals=deals, amount=unit.rounded(amount_minor), amount_minor=amount_minor)


def _by_kind(
    live: Sequence[asyncpg.Record], published: Sequence[asyncpg.Record], unit: Unit
) -> list[KindTotal]:
    """Totals by kind of right; printed history names no kinds."""
    totals: dict[str, tuple[int, int]] = {}
    pairs = [(row["right_kind"], row) for row in live] + [(UNSPECIFIED, row) for row in published]
    for kind, row in pairs:
        deals, amount_minor = totals.get(kind, (0, 0))
        totals[kind] = deals + row["deals"], amount_minor + row["amount_minor"]
    return [
        KindTotal(kind=kind, **_figures(deals, amount_minor, unit).model_dump())
        for kind, (deals, amount_minor) in sorted(totals.items())
    ]


def _sources(published: Sequence[asyncpg.Record]) -> list[PublishedSource]:
    found = {
        (row["source"], row["as_of"]): PublishedSource(
            source=row["source"], as_of=row["as_of"], discrepancy=row["discrepancy"]
        )
        for row in published
    }
    return list(found.values())
