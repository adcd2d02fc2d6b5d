"""Statements, requests and payouts against the ledger: no status says other than the money."""

from typing import Final

CHECKS: Final = {
    "the bank account is what its statements say": """
        SELECT coalesce(a.currency, e.currency) || ': ledger ' || -coalesce(a.balance_minor, 0)
            || ', statements ' || coalesce(e.total, 0)
        FROM (SELECT * FROM ledger_account WHERE address = 'world:bank') a
        FULL JOIN (
            SELECT currency, sum(CASE direction WHEN 'credit' THEN amount_minor
                                                ELSE -amount_minor END) AS total
            FROM bank_entry
            WHERE state <> 'received' AND NOT (direction = 'debit' AND state = 'queued')
            GROUP BY currency
        ) e USING (currency)
        WHERE coalesce(a.balance_minor, 0) + coalesce(e.total, 0) <> 0 LIMIT 20
    """,
    "what the operator has to decide is set aside": """
        SELECT 'bank_entry ' || e.id || ' (' || e.state || '): ' || coalesce(a.balance_minor, 0)
        FROM bank_entry e
        LEFT JOIN ledger_account a
            ON a.address = 'unallocated:bank_entry:' || e.id AND a.currency = e.currency
        WHERE coalesce(a.balance_minor, 0) <> CASE
            WHEN e.state = 'queued' AND e.direction = 'credit' THEN e.amount_minor ELSE 0 END
        LIMIT 20
    """,
    "each request received what the ledger says": """
        SELECT subject || ': received ' || coalesce(r.total, 0) || ', ledger '
            || coalesce(m.total, 0)
        FROM (SELECT subject, currency, sum(received_minor) AS total FROM payment_request
              GROUP BY subject, currency) r
        FULL JOIN (
            SELECT t.subject, t.currency, sum(p.amount_minor) AS total
            FROM ledger_transaction t JOIN ledger_posting p ON p.transaction_id = t.id
            WHERE t.kind = 'fund' AND p.destination LIKE 'held:%'
            GROUP BY t.subject, t.currency
        ) m USING (subject, currency)
        WHERE coalesce(r.total, 0) <> coalesce(m.total, 0) LIMIT 20
    """,
    "what is on its way is what the payouts say": """
        SELECT 'payout ' || p.id || ' (' || p.state || '): ' || coalesce(a.balance_minor, 0)
        FROM payout p
        LEFT JOIN ledger_account a
            ON a.address = 'transit:payout:' || p.id AND a.currency = p.currency
        WHERE coalesce(a.balance_minor, 0) <> CASE
            WHEN p.state IN ('prepared', 'sent') THEN p.amount_minor ELSE 0 END
        LIMIT 20
    """,
    "what was withheld is what the ledger says": """
        SELECT coalesce(w.held_for, m.held_for) || ': withheld ' || coalesce(w.total, 0)
            || ', ledger ' || coalesce(m.total, 0)
        FROM (SELECT held_for, currency, sum(tax_minor + surtax_minor) AS total FROM withholding
              GROUP BY held_for, currency) w
        FULL JOIN (
            SELECT substr(p.source, 6) AS held_for, t.currency, sum(p.amount_minor) AS total
            FROM ledger_transaction t JOIN ledger_posting p ON p.transaction_id = t.id
            WHERE p.source LIKE 'held:%' AND p.destination LIKE 'tax:withholding:%'
            GROUP BY p.source, t.currency
        ) m USING (held_for, currency)
        WHERE coalesce(w.total, 0) <> coalesce(m.total, 0) LIMIT 20
    """,
    "nobody gave back more than they got": """
        SELECT subject || ' ' || address || ': ' || sum(delta) FROM (
            SELECT t.subject, p.destination AS address, t.currency, p.amount_minor AS delta
            FROM ledger_transaction t JOIN ledger_posting p ON p.transaction_id = t.id
            WHERE t.kind IN ('release', 'split')
            UNION ALL
            SELECT t.subject, p.source, t.currency, -p.amount_minor
            FROM ledger_transaction t JOIN ledger_posting p ON p.transaction_id = t.id
            WHERE t.kind IN ('reverse', 'refund_released')
        ) legs GROUP BY subject, address, currency HAVING sum(delta) < 0 LIMIT 20
    """,
    "what was taken from a charge is what its payouts say": """
        SELECT 'online_payment ' || o.id || ': refunded ' || o.refunded_minor || ', transferred '
            || o.transferred_minor || ', payouts ' || coalesce(p.refunds, 0) || ' and '
            || coalesce(p.transfers, 0)
        FROM online_payment o
        LEFT JOIN (
            SELECT payment_id, sum(amount_minor) FILTER (WHERE method = 'stripe_refund') AS refunds,
                sum(amount_minor) FILTER (WHERE method = 'stripe') AS transfers
            FROM payout WHERE state NOT IN ('cancelled', 'returned') GROUP BY payment_id
        ) p ON p.payment_id = o.id
        WHERE (o.refunded_minor, o.transferred_minor)
            IS DISTINCT FROM (coalesce(p.refunds, 0), coalesce(p.transfers, 0)) LIMIT 20
    """,
    "each payment that Stripe took is in the ledger once": """
        SELECT 'online_payment ' || o.id || ' (' || o.state || '): ' || count(t.id) || ' bookings'
        FROM online_payment o
        LEFT JOIN ledger_transaction t ON t.subject = o.subject AND t.currency = o.currency
            AND t.kind IN ('fund', 'double_payment') AND t.key LIKE 'stripe:%'
        GROUP BY o.id
        HAVING o.charge_id IS NOT NULL AND count(t.id) = 0
            OR o.state IN ('held', 'hold_ending', 'done', 'returned') AND o.charge_id IS NULL
        LIMIT 20
    """,
    "what chargebacks took of a charge is counted on it": """
        SELECT 'online_payment ' || o.id || ': taken ' || o.taken_minor || ', chargebacks '
            || coalesce(c.taken, 0)
        FROM online_payment o
        LEFT JOIN (
            SELECT payment_id, sum(taken_minor) AS taken FROM chargeback GROUP BY payment_id
        ) c ON c.payment_id = o.id
        WHERE o.taken_minor <> coalesce(c.taken, 0) LIMIT 20
    """,
    "what chargebacks took is what the ledger says": """
        SELECT c.subject || ': taken ' || c.taken || ', ledger ' || coalesce(m.total, 0)
        FROM (SELECT subject, currency, sum(taken_minor + lost_minor) AS taken
              FROM chargeback GROUP BY subject, currency) c
        LEFT JOIN (
            SELECT t.subject, t.currency, sum(CASE
                WHEN p.destination = 'world:stripe' THEN p.amount_minor
                ELSE -p.amount_minor END) AS total
            FROM ledger_transaction t JOIN ledger_posting p ON p.transaction_id = t.id
            WHERE t.kind = 'chargeback' AND 'expense:stripe' NOT IN (p.source, p.destination)
            GROUP BY t.subject, t.currency
        ) m USING (subject, currency)
        WHERE c.taken <> coalesce(m.total, 0) LIMIT 20
    """,
}
