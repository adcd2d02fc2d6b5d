"""Statistics against the ledger and the deals: the same money, three times counted."""

from typing import Final

from marketplace.statistics.folding import CONSUMER, FACTS

_COUNTED: Final = f"""
    SELECT right_kind, currency, sum(deals)::bigint AS deals, sum(amount_minor)::bigint AS amount
    FROM (
        SELECT month, right_kind, deal_type, currency, deals, amount_minor FROM deal_rollup
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

CHECKS: Final = {
    "statistics equal the ledger": f"""
        SELECT right_kind || ' ' || currency || ': statistics ' || coalesce(c.amount, 0)
            || ', ledger ' || coalesce(b.amount, 0)
        FROM ({_COUNTED}) c FULL JOIN ({_BOOKED}) b USING (right_kind, currency)
        WHERE coalesce(c.amount, 0) <> coalesce(b.amount, 0)
    """,  # noqa: S608 - built from constants
    "statistics tables tell the same sums": """
        SELECT month || ' ' || right_kind || ' ' || currency || ': rollup ' || coalesce(r.amount, 0)
            || ', days ' || coalesce(d.amount, 0) || ', facts ' || coalesce(f.amount, 0)
        FROM (
            SELECT month, right_kind, currency, sum(amount_minor)::bigint AS amount
            FROM deal_rollup GROUP BY 1, 2, 3
        ) r FULL JOIN (
            SELECT date_trunc('month', day)::date AS month, right_kind, currency,
                sum(amount_minor)::bigint AS amount
            FROM deal_day GROUP BY 1, 2, 3
        ) d USING (month, right_kind, currency) FULL JOIN (
            SELECT date_trunc('month', day)::date AS month, right_kind, currency,
                sum(amount_minor)::bigint AS amount
            FROM deal_fact GROUP BY 1, 2, 3
        ) f USING (month, right_kind, currency)
        WHERE (coalesce(r.amount, 0), coalesce(r.amount, 0))
            <> (coalesce(d.amount, 0), coalesce(f.amount, 0))
    """,
    "statistics count the settled deals": f"""
        SELECT right_kind || ' ' || currency || ': statistics ' || coalesce(c.deals, 0)
            || ', deals ' || coalesce(d.deals, 0)
        FROM ({_COUNTED}) c FULL JOIN (
            SELECT right_kind, currency, count(*) AS deals FROM deal
            WHERE state IN ('settled', 'closed') GROUP BY right_kind, currency
        ) d USING (right_kind, currency)
        WHERE coalesce(c.deals, 0) <> coalesce(d.deals, 0)
    """,  # noqa: S608 - built from constants
}
