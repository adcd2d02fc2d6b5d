"""Tables of settled deals as of a day, and of months as they stand after what was undone later."""

from collections.abc import Collection
from datetime import date
from enum import StrEnum
from typing import Final

import asyncpg

from marketplace.kernel.driver_pools import Reads
from marketplace.statistics.dimensions import IS_ZERO
from marketplace.statistics.folding import CONSUMER, COUNTED, COUNTED_AT, signed
from marketplace.statistics.schemas import RevisionRead
from marketplace.statistics.series import COUNTS, SETTLEMENT_DAYS


class View(StrEnum):
    ACCOUNTING = "accounting"
    RESTATED = "restated"


UNFOLDED: Final = f"""
    AND (e.transaction_id, e.sequence) > (
        SELECT transaction_id, sequence FROM event_consumer WHERE name = '{CONSUMER}'
        UNION ALL SELECT '0'::xid8, 0::bigint LIMIT 1)
"""  # noqa: S608 - built from constants
_FRESH: Final = f"""
    SELECT (e.recorded_at AT TIME ZONE $1)::date AS day,
        date_trunc('month', {COUNTED_AT} AT TIME ZONE $1)::date AS counted_month,
        e.data ->> 'right_kind' AS right_kind, e.data ->> 'deal_type' AS deal_type,
        e.data ->> 'currency' AS currency, {signed(0)} AS deals,
        {signed(1)} * (e.data ->> 'amount_minor')::bigint AS amount_minor,
        CASE WHEN {IS_ZERO} THEN {signed(0)} ELSE 0 END AS zero_deals
    FROM event e WHERE e.type = ANY ('{{{",".join(COUNTED)}}}') {UNFOLDED}
"""  # noqa: S608 - built from constants
_AS_OF: Final = f"""
    SELECT CASE WHEN $4 THEN counted_month ELSE date_trunc('month', day)::date END AS month,
        right_kind, sum(deals)::bigint AS deals, sum(amount_minor)::bigint AS amount_minor,
        sum(zero_deals)::bigint AS zero_deals
    FROM (
        SELECT day, counted_month, right_kind, deal_type, currency, deals, amount_minor, zero_deals
        FROM deal_day
        UNION ALL {_FRESH}
    ) facts
    WHERE currency = $2 AND day <= $3 GROUP BY 1, right_kind ORDER BY 1, right_kind
"""  # noqa: S608 - built from constants
_REVISIONS: Final = """
    SELECT currency, month, number, day, reason, right_kind, deals, amount_minor
    FROM figure_revision WHERE currency = $1 AND (month, number) < ($2, $3)
    ORDER BY month DESC, number DESC LIMIT $4
"""
SERIES_MONTHS: Final = f"""
    SELECT month, series, currency, sum(flow)::bigint AS flow,
        sum(stock_change)::bigint AS stock_change, sum(amount_minor)::bigint AS amount_minor
    FROM (
        SELECT month, series, currency, flow, stock_change, amount_minor FROM series_month
        UNION ALL {COUNTS % {"time_zone": "$1"}} {UNFOLDED}
    ) counts
    WHERE month < $2 GROUP BY 1, 2, 3 ORDER BY 2, 3, 1
"""  # noqa: S608 - built from constants
_CYCLE: Final = f"""
    SELECT extract(year FROM month)::int AS year,
        (sum(amount_minor)::float / sum(flow))::float AS days
    FROM series_month
    WHERE series = '{SETTLEMENT_DAYS}' AND extract(year FROM month)::int = ANY ($1::int[])
    GROUP BY 1 ORDER BY 1
"""  # noqa: S608 - built from constants


async def settlement_days(reads: Reads, years: Collection[int]) -> list[tuple[int, float]]:
    """The mean number of days from agreement to settlement, of years that may be told."""
    return [(row["year"], row["days"]) for row in await reads.rows(_CYCLE, [*years])]


async def months_as_of(
    reads: Reads, currency: str, as_of: date, view: View, time_zone: str
) -> list[asyncpg.Record]:
    """Deals and amounts by month and kind of what was known on a day.

    The accounting view counts what undoes a deal when that happens; the restated one takes it off
    the month in which the deal was counted. Both have the same sum.
    """
    is_restated = view is View.RESTATED
    return await reads.rows(_AS_OF, time_zone, currency, as_of, is_restated)


async def revisions(
    reads: Reads, currency: str, *, before: tuple[date, int], limit: int
) -> list[RevisionRead]:
    """What changed months that had ended, the newest months first."""
    rows = await reads.rows(_REVISIONS, currency, *before, limit)
    return [RevisionRead.model_validate(dict(row)) for row in rows]
