"""Every deal against the ledger: what is held, and where it went."""

from typing import Final

CHECKS: Final = {
    "what is held is what each deal says": """
        SELECT 'deal ' || d.id || ' (' || d.state || '): held ' || coalesce(a.balance_minor, 0)
        FROM deal d
        LEFT JOIN ledger_account a
            ON a.address = 'held:deal:' || d.id AND a.currency = d.currency
        WHERE coalesce(a.balance_minor, 0) <> CASE
            WHEN d.state IN ('funded', 'transfer_filed', 'recorded', 'disputed',
                             'disputed_after_recordal') THEN d.price_minor
            WHEN d.state = 'signed' THEN coalesce((
                SELECT sum(r.received_minor) FROM payment_request r
                WHERE r.subject = 'deal:' || d.id AND r.state IN ('open', 'paid')), 0)
            ELSE 0 END
        LIMIT 20
    """,
    "each settled deal was distributed as it says": """
        SELECT 'deal ' || d.id || ': released ' || d.released_minor || ' and refunded '
            || d.refunded_minor || ', the ledger moved ' || coalesce(m.total, 0)
        FROM deal d
        LEFT JOIN (
            SELECT t.subject, sum(p.amount_minor) AS total
            FROM ledger_transaction t JOIN ledger_posting p ON p.transaction_id = t.id
            WHERE t.kind IN ('release', 'refund', 'split') AND p.source LIKE 'held:%'
            GROUP BY t.subject
        ) m ON m.subject = 'deal:' || d.id
        WHERE d.state IN ('settled', 'closed', 'refunded', 'reversed')
          AND coalesce(m.total, 0) <> d.released_minor + d.refunded_minor
        LIMIT 20
    """,
}
