"""Facts into the rollup. A deal writes only its event; this folds events, a batch a statement.

The rollup and the position move in one transaction, so a reader that adds the events after the
position to the rollup counts each deal exactly once, at any moment.
"""

from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.kernel.db import Sessions
from marketplace.kernel.events import ensure_position, is_news
from marketplace.statistics.dimensions import DETAILS, DIMENSIONS, IS_ZERO, ZERO_BAND
from marketplace.statistics.series import COUNTS, SETTLEMENT_DAYS

CONSUMER: Final = "statistics"
EVENTS_AT_ONCE: Final = 20_000

COUNTED: Final = {
    "deal.release": (1, 1),
    "deal.resolve_release": (1, 1),
    "deal.resolve_split": (1, 1),
    "deal.settle": (1, 1),
    "deal_part.release": (0, 1),
    "deal.refund_released": (0, -1),
    "deal.unwind": (0, -1),
    "deal.reverse": (-1, -1),
}
"""Which events count how many deals, and with which sign their amounts.

A price in parts counts as it is released, and its deal when the last part ended. A later refund and
a reversal are revisions in the month in which they happen.
"""


def signed(which: int) -> str:
    """What an event counts: 0 for its deal, 1 for its amount."""
    signs = (f"WHEN '{type_}' THEN {found[which]}" for type_, found in COUNTED.items())
    return f"CASE e.type {' '.join(signs)} END"


FACTS: Final = f"""
    SELECT date_trunc('month', e.recorded_at AT TIME ZONE %(time_zone)s)::date AS month,
        e.data ->> 'right_kind' AS right_kind, e.data ->> 'deal_type' AS deal_type,
        e.data ->> 'currency' AS currency, {signed(0)} AS deals,
        {signed(1)} * (e.data ->> 'amount_minor')::bigint AS amount_minor,
        CASE WHEN {IS_ZERO} THEN {signed(0)} ELSE 0 END AS zero_deals
    FROM event e
    WHERE e.type = ANY ('{{{",".join(COUNTED)}}}')
"""  # noqa: S608 - built from the constants above
"""The counted facts of the event log, one row each."""

UNDOING: Final = ("deal.refund_released", "deal.unwind", "deal.reverse")
SETTLING: Final = f"'{{{','.join(t for t, (deals, _) in COUNTED.items() if deals == 1)}}}'::text[]"
COUNTED_AT: Final = f"""
    CASE WHEN e.type = ANY ('{{{",".join(UNDOING)}}}') THEN coalesce((
        SELECT max(o.recorded_at) FROM event o
        WHERE o.type = ANY ('{{{",".join(type_ for type_ in COUNTED if type_ not in UNDOING)}}}')
            AND o.subject = ANY (e.subject || ARRAY(
                SELECT 'deal_part:' || p.id FROM deal_part p
                WHERE e.subject ~ '^deal:[0-9a-f-]{{36}}$'
                    AND p.deal_id = substr(e.subject, 6)::uuid))
            AND (o.transaction_id, o.sequence) < (e.transaction_id, e.sequence)
    ), e.recorded_at) ELSE e.recorded_at END
"""  # noqa: S608 - built from the constants above
"""When that which an event undoes was counted; an event that undoes nothing, when it happened."""

DETAILED: Final = f"""
    SELECT e.sequence, (e.recorded_at AT TIME ZONE %(time_zone)s)::date AS day,
        date_trunc('month', {COUNTED_AT} AT TIME ZONE %(time_zone)s)::date AS counted_month,
        split_part(e.type, '.', 2) AS reason,
        e.data ->> 'currency' AS currency, {signed(0)} AS deals,
        {signed(1)} * (e.data ->> 'amount_minor')::bigint AS amount_minor,
        e.data ->> 'right_kind' AS right_kind, e.data ->> 'deal_type' AS deal_type,
        {DETAILS}
    WHERE e.type = ANY ('{{{",".join(COUNTED)}}}')
"""
"""The counted facts with everything by which tables divide them."""

FACT_COLUMNS: Final = (
    *("sequence", "day", "counted_month", "reason", "currency", "deals", "amount_minor"),
    *DIMENSIONS,
    *("deal_id", "seller_group", "buyer_group", "cycle_days"),
)

_BOUND: Final = text(
    """
    WITH batch AS (
        SELECT e.transaction_id, e.sequence FROM event e
        WHERE (e.transaction_id, e.sequence) > (
                SELECT c.transaction_id, c.sequence FROM event_consumer c WHERE c.name = :name)
          AND e.transaction_id < pg_snapshot_xmin(pg_current_snapshot())
        ORDER BY e.transaction_id, e.sequence LIMIT :limit
    )
    SELECT transaction_id::text, sequence, (SELECT count(*) FROM batch) FROM batch
    ORDER BY transaction_id DESC, sequence DESC LIMIT 1
    """
)
_LOCK: Final = text("SELECT 1 FROM event_consumer WHERE name = :name FOR UPDATE SKIP LOCKED")
_BETWEEN: Final = """
    AND (e.transaction_id, e.sequence) > (SELECT transaction_id, sequence FROM done)
    AND (e.transaction_id, e.sequence)
        <= (CAST(CAST(:transaction_id AS text) AS xid8), :sequence)
"""
SUMMED: Final = f"""sum(deals), sum(amount_minor),
            coalesce(sum(deals) FILTER (WHERE amount_band = '{ZERO_BAND}'), 0)"""
_ADDED: Final = """
        SET deals = r.deals + EXCLUDED.deals, amount_minor = r.amount_minor + EXCLUDED.amount_minor,
            zero_deals = r.zero_deals + EXCLUDED.zero_deals"""
_FOLD: Final = text(
    f"""
    WITH done AS (
        SELECT transaction_id, sequence FROM event_consumer WHERE name = :name
    ), moved AS (
        UPDATE event_consumer
        SET transaction_id = CAST(CAST(:transaction_id AS text) AS xid8), sequence = :sequence
        WHERE name = :name
    ), calendar AS (
        INSERT INTO statistics_zone (consumer, time_zone)
        VALUES (:name, CAST(:time_zone AS text))
        ON CONFLICT (consumer) DO UPDATE SET time_zone = EXCLUDED.time_zone
    ), counted AS (
        {DETAILED % {"time_zone": ":time_zone", "settling": SETTLING}} {_BETWEEN}
    ), kept AS (
        INSERT INTO deal_fact ({", ".join(FACT_COLUMNS)})
        SELECT {", ".join(FACT_COLUMNS)} FROM counted
        RETURNING *
    ), days AS (
        INSERT INTO deal_day AS r
            (day, counted_month, right_kind, deal_type, currency, deals, amount_minor, zero_deals)
        SELECT day, counted_month, right_kind, deal_type, currency, {SUMMED}
        FROM kept GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
        ON CONFLICT (day, counted_month, right_kind, deal_type, currency) DO UPDATE {_ADDED}
    ), revised AS (
        INSERT INTO figure_revision
            (currency, month, number, day, reason, right_kind, deals, amount_minor, sequence)
        SELECT currency, counted_month,
            coalesce((SELECT max(o.number) FROM figure_revision o
                WHERE o.currency = k.currency AND o.month = k.counted_month), 0)
            + row_number() OVER (PARTITION BY currency, counted_month ORDER BY sequence),
            day, reason, right_kind, deals, amount_minor, sequence
        FROM kept k WHERE counted_month <> date_trunc('month', day)
    ), series AS (
        INSERT INTO series_month AS r (month, series, currency, flow, stock_change, amount_minor)
        SELECT month, series, currency, sum(flow), sum(stock_change), sum(amount_minor)
        FROM (
            {COUNTS % {"time_zone": ":time_zone"}} {_BETWEEN}
            UNION ALL
            SELECT date_trunc('month', day)::date, '{SETTLEMENT_DAYS}', '', 1, 0, cycle_days
            FROM kept WHERE cycle_days IS NOT NULL
        ) found
        GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
        ON CONFLICT (month, series, currency) DO UPDATE
        SET flow = r.flow + EXCLUDED.flow, stock_change = r.stock_change + EXCLUDED.stock_change,
            amount_minor = r.amount_minor + EXCLUDED.amount_minor
    )
    INSERT INTO deal_rollup AS r
        (month, right_kind, deal_type, currency, deals, amount_minor, zero_deals)
    SELECT date_trunc('month', day)::date AS month, right_kind, deal_type, currency, {SUMMED}
    FROM kept GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
    ON CONFLICT (month, right_kind, deal_type, currency) DO UPDATE {_ADDED}
    """  # noqa: S608 - built from the constants above
)
FOLDED: Final = ("deal_rollup", "deal_fact", "deal_day", "figure_revision", "series_month")
"""What a fold writes, and a recomputation writes anew."""
ZONE: Final = f"(SELECT time_zone FROM statistics_zone WHERE consumer = '{CONSUMER}')"  # noqa: S608
"""Whose calendar the folded days and months are of."""
_WAIT_AND_LOCK: Final = text("SELECT 1 FROM event_consumer WHERE name = :name FOR UPDATE")
_RESET: Final = text("UPDATE event_consumer SET transaction_id = '0', sequence = 0 WHERE name = :n")


async def fold(sessions: Sessions, time_zone: str) -> int:
    """Fold the next events; returns how many were passed, 0 when there is nothing to do."""
    if not await is_news(sessions, CONSUMER):
        return 0
    async with sessions.begin() as session:
        return await fold_next(session, time_zone)


async def fold_next(session: AsyncSession, time_zone: str) -> int:
    """Fold in a transaction of the caller's, which holds off every other folder until it ends."""
    await ensure_position(session, CONSUMER)
    if (await session.execute(_LOCK, {"name": CONSUMER})).first() is None:
        return 0
    bound = {"name": CONSUMER, "limit": EVENTS_AT_ONCE}
    last = (await session.execute(_BOUND, bound)).first()
    if last is None:
        return 0
    values = {"transaction_id": last[0], "sequence": last[1], "time_zone": time_zone}
    await session.execute(_FOLD, {"name": CONSUMER, **values})
    return int(last[2])


async def recompute(sessions: Sessions, time_zone: str) -> int:
    """Forget the rollup and fold the whole log again; returns how many events were passed.

    Readers see exact figures throughout: they add what is not folded yet.
    """
    async with sessions.begin() as session:
        await ensure_position(session, CONSUMER)
        # A fold under way must end first: what it adds is to be forgotten as well.
        await session.execute(_WAIT_AND_LOCK, {"name": CONSUMER})
        for table in FOLDED:
            await session.execute(text(f"DELETE FROM {table}"))  # noqa: S608 - a constant
        await session.execute(_RESET, {"n": CONSUMER})
    passed = 0
    while count := await fold(sessions, time_zone):
        passed += count
    return passed
