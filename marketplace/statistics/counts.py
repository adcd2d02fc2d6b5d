"""Counts beside deals, as flow and stock, by periods; live but for amounts of single parties."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import groupby

import asyncpg

from marketplace.kernel.driver_pools import Reads
from marketplace.statistics.live import SERIES_MONTHS
from marketplace.statistics.periods import Period, period_begin, period_end, period_label
from marketplace.statistics.public import told
from marketplace.statistics.releases.queries import released_cells
from marketplace.statistics.schemas import SeriesDefinitions, SeriesRead, SeriesRow
from marketplace.statistics.series import SERIES, Series
from marketplace.statistics.sight import Sight


async def series(
    reads: Reads,
    time_zone: str,
    sight: Sight,
    *,
    period: Period = Period.MONTH,
    as_of: date | None = None,
) -> list[SeriesRead]:
    """Every series that has begun, period by period.

    With `as_of`, months are counted that had ended by that day. Amounts of this moment are those of
    single loans, so that everybody reads the released ones.
    """
    until = _first_uncounted(as_of)
    rows = await reads.rows(SERIES_MONTHS, time_zone, until)
    found = []
    for one in SERIES:
        mine = [row for row in rows if row["series"] == one.name]
        for currency in dict.fromkeys(row["currency"] for row in mine):
            months = [row for row in mine if row["currency"] == currency]
            amounts = await _amounts(reads, one, currency, months, period, sight, until)
            found.append(_read(one, currency, months, amounts, period, as_of))
    return [one for one in found if one.rows]


def _first_uncounted(as_of: date | None) -> date:
    if as_of is None or as_of == date.max:
        return date.max
    return (as_of + timedelta(days=1)).replace(day=1)


async def _amounts(
    reads: Reads,
    about: Series,
    currency: str,
    months: Sequence[asyncpg.Record],
    period: Period,
    sight: Sight,
    until: date,
) -> Mapping[date, int]:
    """What may be told of the flow's amounts, by the beginnings of periods."""
    if not about.has_amounts:
        return {}
    if sight is Sight.LIVE:
        return {
            begins: sum(row["amount_minor"] for row in rows)
            for begins, rows in groupby(months, lambda row: period_begin(row["month"], period))
        }
    _, cells = await released_cells(reads, about.name, currency, until)
    return {one.begins: one.amount_minor for one in told(cells, None, period)}


def _read(
    about: Series,
    currency: str,
    months: Sequence[asyncpg.Record],
    amounts: Mapping[date, int],
    period: Period,
    as_of: date | None,
) -> SeriesRead:
    stock, amount_minor, rows = 0, 0, []
    for begins, found in groupby(months, lambda row: period_begin(row["month"], period)):
        here = list(found)
        flow, change = (sum(row[name] for row in here) for name in ("flow", "stock_change"))
        stock += change
        amount_minor += amounts.get(begins, 0)
        if flow or any(row["stock_change"] for row in here):
            rows.append(
                SeriesRow(
                    label=period_label(begins, period),
                    begins=begins,
                    ends=period_end(begins, period),
                    flow=flow,
                    stock=stock,
                    amount_minor=amounts.get(begins),
                    cumulative_amount_minor=amount_minor if amounts else None,
                )
            )
    return SeriesRead(
        series=about.name,
        counting_unit=about.unit,
        currency=currency or None,
        period=period,
        as_of=as_of,
        definitions=SeriesDefinitions(counting_unit=about.unit, amounts=about.amounts),
        rows=rows,
    )
