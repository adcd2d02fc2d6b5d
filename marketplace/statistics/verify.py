"""Statistics against the ledger, the deals and the event log: the same, counted again and again.

Each check names what differs: which table, which cell of it, what it says and what it should say.
"""

from typing import Final

from marketplace.statistics.dimensions import DIMENSIONS
from marketplace.statistics.folding import (
    CONSUMER,
    DETAILED,
    FACT_COLUMNS,
    FACTS,
    SETTLING,
    SUMMED,
    ZONE,
)
from marketplace.statistics.releases.verify import CHECKS as RELEASES
from marketplace.statistics.series import COUNTS, SETTLEMENT_DAYS

_COUNTED: Final = f"""
    SELECT right_kind, currency, sum(deals)::bigint AS deals, sum(amount_minor)::bigint AS amount
    FROM (
        SELECT month, right_kind, deal_type, currency, deals, amount_minor, zero_deals
        FROM deal_rollup
        UNION ALL
        {FACTS % {"time_zone": "'UTC'"}}
        AND (e.transaction_id, e.sequence) > (
            SELECT transaction_id, sequence FROM event_consumer WHERE name = '{CONSUMER}'
            UNION ALL SELECT '0'::xid8, 0::bigint LIMIT 1)
    ) facts GROUP BY right_kind, currency
"""  # noqa: S608 - built from constants

_BOOKED: Final = """
    SELECT right_kind, currency, sum(amount_minor)::bigint AS amount FROM (
        SELECT d.right_kind, t.currency,
            CASE WHEN t.kind IN ('reverse', 'refund_released') THEN -p.amount_minor
                 WHEN p.destination = 'payable:organisation:' || d.buyer_organisation_id THEN 0
                 ELSE p.amount_minor END AS amount_minor
        FROM ledger_transaction t
        JOIN ledger_posting p ON p.transaction_id = t.id
        JOIN deal d ON t.subject = 'deal:' || d.id
        WHERE t.kind IN ('release', 'split', 'reverse', 'refund_released')
        UNION ALL
        SELECT right_kind, currency, returned_vat_minor - released_vat_minor FROM deal
    ) moved GROUP BY right_kind, currency
"""
"""What the ledger moved to the sellers' side and did not take back, without the VAT on it."""

_PASSED: Final = f"""
    AND (e.transaction_id, e.sequence) <= (
        SELECT transaction_id, sequence FROM event_consumer WHERE name = '{CONSUMER}')
"""  # noqa: S608 - a constant
"""The events that are folded."""
_BARE: Final = (
    "ARRAY["
    + ", ".join(
        f"'{name}'"
        for name in (*DIMENSIONS, "deal_id", "seller_group", "buyer_group", "cycle_days")
    )
    + "]"
)
"""What an event of before dimensions were frozen cannot vouch for."""
_VALUES: Final = {"time_zone": ZONE, "settling": SETTLING}
_DIFFERENCES: Final = """
    (SELECT string_agg(key || ' is ' || coalesce(stored ->> key, 'missing') || ' instead of '
        || coalesce(counted ->> key, 'missing'), ', ' ORDER BY key)
     FROM jsonb_object_keys(coalesce(stored, counted)) key
     WHERE stored ->> key IS DISTINCT FROM counted ->> key)
"""
"""What a stored row says otherwise than it should."""

_WORDS: Final = {"reason", "currency", *DIMENSIONS}
_STORED: Final = ", ".join(f"{one}::text" if one in _WORDS else one for one in FACT_COLUMNS)
"""The columns of a fact, of the types that the log gives: so that whole rows can be compared."""

_FACTS_OF_EVENTS: Final = f"""
    SELECT 'deal_fact ' || sequence || ': ' || {_DIFFERENCES} FROM (
        SELECT sequence, frozen,
            CASE WHEN frozen THEN stored ELSE stored - {_BARE} END AS stored,
            CASE WHEN frozen THEN counted ELSE counted - {_BARE} END AS counted
        FROM (
            SELECT sequence, to_jsonb(f) AS stored, to_jsonb(c) AS counted, (
                SELECT jsonb_exists(e.data, 'dimensions') FROM event e WHERE e.sequence = c.sequence
            ) AS frozen
            FROM (SELECT {_STORED} FROM deal_fact) f
            FULL JOIN ({DETAILED % _VALUES} {_PASSED}) c USING (sequence)
            WHERE f IS DISTINCT FROM c
        ) unlike
    ) told WHERE stored IS DISTINCT FROM counted
"""  # noqa: S608 - built from constants


def _sums(table: str, keys: str, key_of_fact: str) -> str:
    """Rows of a table of sums that the facts do not give."""
    numbers = "deals, amount_minor, zero_deals"
    return f"""
        SELECT '{table} ' || concat_ws(' ', {keys}) || ': ' || {_DIFFERENCES} FROM (
            SELECT {keys}, to_jsonb(s) AS stored, to_jsonb(c) AS counted
            FROM (SELECT {keys}, {numbers} FROM {table}) s
            FULL JOIN (
                SELECT {keys}, deals::bigint, amount_minor::bigint, zero_deals::bigint
                FROM (SELECT {key_of_fact}, {SUMMED} FROM deal_fact GROUP BY {key_of_fact})
                    g ({keys}, {numbers})
            ) c USING ({keys})
            WHERE to_jsonb(s) IS DISTINCT FROM to_jsonb(c)
        ) told
    """  # noqa: S608 - built from constants


_REVISION_COLUMNS: Final = "sequence, currency, month, day, reason, right_kind, deals, amount_minor"
_SERIES_COLUMNS: Final = "month, series, currency, flow, stock_change, amount_minor"

CHECKS: Final = {
    "statistics equal the ledger": f"""
        SELECT right_kind || ' ' || currency || ': statistics ' || coalesce(c.amount, 0)
            || ', ledger ' || coalesce(b.amount, 0)
        FROM ({_COUNTED}) c FULL JOIN ({_BOOKED}) b USING (right_kind, currency)
        WHERE coalesce(c.amount, 0) <> coalesce(b.amount, 0)
    """,  # noqa: S608 - built from constants
    "statistics count the settled deals": f"""
        SELECT right_kind || ' ' || currency || ': statistics ' || coalesce(c.deals, 0)
            || ', deals ' || coalesce(d.deals, 0)
        FROM ({_COUNTED}) c FULL JOIN (
            SELECT right_kind, currency, count(*) AS deals FROM deal
            WHERE state IN ('settled', 'closed') GROUP BY right_kind, currency
        ) d USING (right_kind, currency)
        WHERE coalesce(c.deals, 0) <> coalesce(d.deals, 0)
    """,  # noqa: S608 - built from constants
    "facts of statistics are those of the events": _FACTS_OF_EVENTS,
    "sums by month are those of the facts": _sums(
        "deal_rollup",
        "month, right_kind, deal_type, currency",
        "date_trunc('month', day)::date, right_kind, deal_type, currency",
    ),
    "sums by day are those of the facts": _sums(
        "deal_day",
        "day, counted_month, right_kind, deal_type, currency",
        "day, counted_month, right_kind, deal_type, currency",
    ),
    "revisions are those of the facts": f"""
        SELECT 'figure_revision ' || sequence || ': ' || {_DIFFERENCES} FROM (
            SELECT sequence, to_jsonb(s) AS stored, to_jsonb(c) AS counted
            FROM (SELECT {_REVISION_COLUMNS} FROM figure_revision) s
            FULL JOIN (
                SELECT sequence, currency, counted_month AS month, day, reason, right_kind, deals,
                    amount_minor
                FROM deal_fact WHERE counted_month <> date_trunc('month', day)
            ) c USING (sequence)
            WHERE to_jsonb(s) IS DISTINCT FROM to_jsonb(c)
        ) told
        UNION ALL
        SELECT 'figure_revision ' || currency || ' ' || month || ': ' || count(*)
            || ' revisions are numbered up to ' || max(number)
        FROM figure_revision GROUP BY currency, month HAVING count(*) <> max(number)
    """,  # noqa: S608 - built from constants
    "series are those of the events": f"""
        SELECT 'series_month ' || month || ' ' || series || ' ' || currency || ': '
            || {_DIFFERENCES}
        FROM (
            SELECT month, series, currency, to_jsonb(s) AS stored, to_jsonb(c) AS counted
            FROM (SELECT {_SERIES_COLUMNS} FROM series_month) s
            FULL JOIN (
                SELECT month, series, currency, sum(flow)::bigint AS flow,
                    sum(stock_change)::bigint AS stock_change,
                    sum(amount_minor)::bigint AS amount_minor
                FROM (
                    {COUNTS % {"time_zone": ZONE}} {_PASSED}
                    UNION ALL
                    SELECT date_trunc('month', day)::date, '{SETTLEMENT_DAYS}', '', 1, 0, cycle_days
                    FROM deal_fact WHERE cycle_days IS NOT NULL
                ) found GROUP BY 1, 2, 3
            ) c USING (month, series, currency)
            WHERE to_jsonb(s) IS DISTINCT FROM to_jsonb(c)
        ) told
    """,  # noqa: S608 - built from constants
    **RELEASES,
}
