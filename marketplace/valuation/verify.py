"""Every valuation order against the ledger: what is held, and where it went."""

from typing import Final

CHECKS: Final = {
    "what is held is what each valuation order says": """
        SELECT 'valuation_order ' || o.id || ' (' || o.state || '): held ' || h.held
        FROM valuation_order o JOIN (
            SELECT p.order_id, sum(coalesce(a.balance_minor, 0)) AS held,
                sum(coalesce((SELECT sum(r.received_minor) FROM payment_request r
                    WHERE r.subject = 'valuation_payer:' || p.id
                      AND r.state IN ('open', 'paid')), 0)) AS received
            FROM valuation_payer p JOIN valuation_order v ON v.id = p.order_id
            LEFT JOIN ledger_account a ON a.currency = v.currency
                AND a.address = 'held:valuation_payer:' || p.id
            GROUP BY p.order_id
        ) h ON h.order_id = o.id
        WHERE h.held <> CASE o.state
            WHEN 'awaiting_payment' THEN h.received
            WHEN 'open' THEN o.total_minor
            WHEN 'delivered' THEN o.total_minor
            WHEN 'objected' THEN o.total_minor
            ELSE 0 END
        LIMIT 20
    """,
    "each valuation fee went to the institution that earned it": """
        SELECT 'valuation_assignment ' || a.id || ' (' || a.state || '): '
            || coalesce(m.total, 0)
        FROM valuation_assignment a LEFT JOIN (
            SELECT t.key, p.destination, sum(p.amount_minor) AS total
            FROM ledger_transaction t JOIN ledger_posting p ON p.transaction_id = t.id
            WHERE t.key LIKE 'release:valuation_assignment:%'
            GROUP BY t.key, p.destination
        ) m ON m.key = 'release:valuation_assignment:' || a.id
            AND m.destination = 'payable:organisation:' || a.institution_id
        WHERE coalesce(m.total, 0) <> CASE a.state WHEN 'released' THEN a.fee_minor ELSE 0 END
        LIMIT 20
    """,
    "each valuation order was distributed as it says": """
        SELECT 'valuation_order ' || o.id || ': ' || o.released_minor || ' + ' || o.refunded_minor
        FROM valuation_order o
        WHERE o.state IN ('completed', 'withdrawn', 'failed')
          AND o.released_minor + o.refunded_minor <> o.total_minor
           OR o.released_minor <> coalesce((
              SELECT sum(a.fee_minor) FROM valuation_assignment a
              WHERE a.order_id = o.id AND a.state = 'released'), 0)
        LIMIT 20
    """,
    "the payers of each valuation order pay all of it": """
        SELECT 'valuation_order ' || o.id || ': payers ' || coalesce(p.total, 0)
        FROM valuation_order o LEFT JOIN (
            SELECT order_id, sum(amount_minor) AS total FROM valuation_payer GROUP BY order_id
        ) p ON p.order_id = o.id
        WHERE coalesce(p.total, 0) <> o.total_minor LIMIT 20
    """,
    "each two versions of a valuation report follow each other": """
        SELECT 'valuation_report ' || r.id || ': version ' || r.version
        FROM valuation_report r LEFT JOIN valuation_report b ON b.id = r.previous_id
        WHERE r.version > 1 AND (b.assignment_id, b.version)
            IS DISTINCT FROM (r.assignment_id, r.version - 1)
        LIMIT 20
    """,
}
