"""Facts into the rollup. A deal writes only its event; this folds events, a batch a statement.

The rollup and the position move in one transaction, so a reader that adds the events after the
position to the rollup counts each deal exactly once, at any moment.
"""

from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.kernel.db import Sessions
from marketplace.kernel.events import ensure_position, is_news

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


def _case(which: int) -> str:
    signs = (f"WHEN '{type_}' THEN {found[which]}" for type_, found in COUNTED.items())
    return f"CASE e.type {' '.join(signs)} END"


FACTS: Final = f"""
    SELECT date_trunc('month', e.recorded_at AT TIME ZONE %(time_zone)s)::date AS month,
        e.data ->> 'right_kind' AS right_kind, e.data ->> 'deal_type' AS deal_type,
        e.data ->> 'currency' AS currency, {_case(0)} AS deals,
        {_case(1)} * (e.data ->> 'amount_minor')::bigint AS amount_minor
    FROM event e
    WHERE e.type = ANY ('{{{",".join(COUNTED)}}}')
"""  # noqa: S608 - built from the constants above
"""The counted facts of the event log, one row each."""

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
_FOLD: Final = text(
    f"""
    WITH done AS (
        SELECT transaction_id, sequence FROM event_consumer WHERE name = :name
    ), moved AS (
        UPDATE event_consumer
        SET transaction_id = CAST(CAST(:transaction_id AS text) AS xid8), sequence = :sequence
        WHERE name = :name
    )
    INSERT INTO deal_rollup AS r (month, right_kind, deal_type, currency, deals, amount_minor)
    SELECT month, right_kind, deal_type, currency, sum(deals), sum(amount_minor) FROM (
        {FACTS % {"time_zone": ":time_zone"}}
        AND (e.transaction_id, e.sequence) > (SELECT transaction_id, sequence FROM done)
        AND (e.transaction_id, e.sequence)
            <= (CAST(CAST(:transaction_id AS text) AS xid8), :sequence)
    ) facts
    GROUP BY month, right_kind, deal_type, currency
    ORDER BY month, right_kind, deal_type, currency
    ON CONFLICT (month, right_kind, deal_type, currency) DO UPDATE
    SET deals = r.deals + EXCLUDED.deals, amount_minor = r.amount_minor + EXCLUDED.amount_minor
    """  # noqa: S608 - built from the constants above
)
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
        await session.execute(text("DELETE FROM deal_rollup"))
        await session.execute(_RESET, {"n": CONSUMER})
    passed = 0
    while count := await fold(sessions, time_zone):
        passed += count
    return passed
