"""The cumulative table: published history, then settled deals, to the minor unit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Any, Final

import asyncpg

from marketplace.kernel.driver_pools import Reads
from marketplace.statistics.folding import CONSUMER, FACTS
from marketplace.statistics.live import View, months_as_of
from marketplace.statistics.periods import Period, period_begin, period_label, period_until
from marketplace.statistics.schemas import (
    AmountStatus,
    CumulativeRow,
    CumulativeTable,
    Discrepancy,
    Figures,
    KindTotal,
    Origin,
    PublishedSource,
)
from marketplace.statistics.units import Unit

UNSPECIFIED: Final = "unspecified"


LIVE: Final = f"""
    SELECT month, right_kind, sum(deals)::bigint AS deals,
        sum(amount_minor)::bigint AS amount_minor, sum(zero_deals)::bigint AS zero_deals
    FROM (
        SELECT month, right_kind, deal_type, currency, deals, amount_minor, zero_deals
        FROM deal_rollup
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
    SELECT s.source, s.as_of, s.printed_deals, s.printed_amount_minor, s.parts_deals,
        s.parts_amount_minor, f.label, f.period_from, f.period_until, f.deals, f.amount_minor
    FROM published_series s JOIN published_figure f ON f.series_id = s.id
    WHERE s.currency = $1 AND s.as_of = (
        SELECT max(n.as_of) FROM published_series n
        WHERE n.source = s.source AND n.as_of <= $2)
    ORDER BY f.period_from, s.source
"""


@dataclass(frozen=True, slots=True)
class Sum:
    """A row before it is rounded; `ends` is the first day after it.

    An amount of None is undisclosed; `zero_deals` is None where nobody told them apart.
    """

    label: str
    begins: date
    ends: date
    deals: int
    amount_minor: int | None
    origin: Origin
    zero_deals: int | None = None
    is_complete: bool = True

    @property
    def undisclosed_deals(self) -> int:
        return self.deals if self.amount_minor is None else 0


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
    """Deals and amounts per period and cumulative, in one currency, exact at this moment.

    Published history has no kinds, so a table of one kind leaves it out. Amounts are summed in
    minor units and rounded to the unit last.
    """
    until = as_of or date.max
    published = [] if kind else await published_rows(reads, unit.currency, until)
    if as_of is None and view is View.ACCOUNTING:
        live = await reads.rows(LIVE, time_zone, unit.currency)
    else:
        live = await months_as_of(reads, unit.currency, until, view, time_zone)
    chosen = [row for row in live if kind is None or row["right_kind"] == kind]
    kinds = [(row["right_kind"], row["deals"], row["amount_minor"]) for row in chosen]
    return tabulated(
        [*map(printed, published), *_by_period(chosen, period)],
        period=period,
        unit=unit,
        time_zone=time_zone,
        kind=kind,
        view=view,
        as_of=as_of,
        by_kind=kind_totals([*kinds, *printed_kinds(published)], unit),
        published=sources(published),
    )


async def published_rows(reads: Reads, currency: str, until: date) -> list[asyncpg.Record]:
    """Printed history as it was printed by a day; of each source the newest figures."""
    return await reads.rows(_PUBLISHED, currency, until)


def tabulated(
    sums: Sequence[Sum], *, period: Period, unit: Unit, time_zone: str, **more: Any
) -> CumulativeTable:
    """Rows in their order, with the sums of what came before, and the total."""
    rows = _rows(sums, unit)
    return CumulativeTable(
        unit=unit.code,
        unit_label=unit.label,
        currency=unit.currency,
        period=period,
        time_zone=time_zone,
        rows=rows,
        total=rows[-1].cumulative if rows else _figures(0, 0, 0, 0, unit),
        **({"kind": None, "by_kind": [], "published": []} | more),
    )


def printed(row: asyncpg.Record) -> Sum:
    return Sum(
        row["label"],
        row["period_from"],
        row["period_until"],
        row["deals"],
        row["amount_minor"],
        Origin.PUBLISHED,
        zero_deals=0 if row["amount_minor"] is None else None,
    )


def _by_period(rows: Sequence[asyncpg.Record], period: Period) -> list[Sum]:
    """Months summed to the period; the rows come ordered by month."""
    sums = []
    for begins, found in groupby(rows, key=lambda row: period_begin(row["month"], period)):
        months = list(found)
        deals, amount_minor, zero_deals = (
            sum(row[name] for row in months) for name in ("deals", "amount_minor", "zero_deals")
        )
        label, ends = period_label(begins, period), period_until(begins, period)
        sums.append(Sum(label, begins, ends, deals, amount_minor, Origin.LEDGER, zero_deals))
    return sums


def _rows(sums: Sequence[Sum], unit: Unit) -> list[CumulativeRow]:
    rows = []
    deals = amount_minor = undisclosed = 0
    zero: int | None = 0
    for row in sums:
        deals += row.deals
        amount_minor += row.amount_minor or 0
        undisclosed += row.undisclosed_deals
        zero = None if zero is None or row.zero_deals is None else zero + row.zero_deals
        told = _figures(row.deals, row.amount_minor, row.zero_deals, row.undisclosed_deals, unit)
        rows.append(
            CumulativeRow(
                label=row.label,
                begins=row.begins,
                ends=row.ends - timedelta(days=1),
                origin=row.origin,
                status=_status(row.amount_minor),
                is_complete=row.is_complete,
                period=told,
                cumulative=_figures(deals, amount_minor, zero, undisclosed, unit),
            )
        )
    return rows


def _status(amount_minor: int | None) -> AmountStatus:
    if amount_minor is None:
        return AmountStatus.UNDISCLOSED
    return AmountStatus.KNOWN if amount_minor else AmountStatus.ZERO


def _figures(
    deals: int, amount_minor: int | None, zero: int | None, undisclosed: int, unit: Unit
) -> Figures:
    return Figures(
        deals=deals,
        amount=None if amount_minor is None else unit.rounded(amount_minor),
        amount_minor=amount_minor,
        zero_deals=zero,
        undisclosed_deals=undisclosed,
    )


KindSum = tuple[str, int, int | None]
"""A kind of right, its deals, and their amount unless it is undisclosed."""


def printed_kinds(published: Sequence[asyncpg.Record]) -> list[KindSum]:
    """Printed history names no kinds."""
    return [(UNSPECIFIED, row["deals"], row["amount_minor"]) for row in published]


def kind_totals(sums: Sequence[KindSum], unit: Unit) -> list[KindTotal]:
    totals: dict[str, list[int]] = {}
    for kind, deals, amount_minor in sums:
        so_far = totals.setdefault(kind, [0, 0, 0])
        so_far[0] += deals
        so_far[1] += amount_minor or 0
        so_far[2] += deals if amount_minor is None else 0
    return [
        KindTotal(kind=kind, **_figures(deals, amount_minor, None, hidden, unit).model_dump())
        for kind, (deals, amount_minor, hidden) in sorted(totals.items())
    ]


def sources(published: Sequence[asyncpg.Record]) -> list[PublishedSource]:
    """Where printed history comes from, and what its totals say otherwise than their parts."""
    found = {(row["source"], row["as_of"]): row for row in published}
    hiding = {row["source"] for row in published if row["amount_minor"] is None}
    return [
        PublishedSource(
            source=source, as_of=as_of, discrepancy=_discrepancy(row, hides=source in hiding)
        )
        for (source, as_of), row in found.items()
    ]


def _discrepancy(row: asyncpg.Record, *, hides: bool) -> Discrepancy | None:
    """None when they agree; undisclosed parts may make up what is missing, but not less."""
    if row["printed_deals"] is None:
        return None
    missing = row["printed_amount_minor"] - (row["parts_amount_minor"] or 0)
    agrees = missing >= 0 if hides else missing == 0
    if agrees and row["printed_deals"] == row["parts_deals"]:
        return None
    return Discrepancy.model_validate({name: row[name] for name in Discrepancy.model_fields})
