"""Conversions against the ledger: each booked once, at the rate that was frozen, or not at all."""

from typing import Final

CHECKS: Final = {
    "each conversion is in the ledger as it was quoted": """
        SELECT 'conversion ' || c.id || ' (' || c.state || '): gave ' || coalesce(o.minor, 0)
            || ' ' || c.from_currency || ', got ' || coalesce(i.minor, 0) || ' ' || c.to_currency
        FROM conversion c
        LEFT JOIN (
            SELECT t.subject, t.currency, sum(p.amount_minor) AS minor
            FROM ledger_transaction t JOIN ledger_posting p ON p.transaction_id = t.id
            WHERE t.kind = 'convert' AND p.destination LIKE 'world:exchange:%'
            GROUP BY t.subject, t.currency
        ) o ON o.subject = 'conversion:' || c.id AND o.currency = c.from_currency
        LEFT JOIN (
            SELECT t.subject, t.currency, sum(p.amount_minor) AS minor
            FROM ledger_transaction t JOIN ledger_posting p ON p.transaction_id = t.id
            WHERE t.kind = 'convert' AND p.source LIKE 'world:exchange:%'
            GROUP BY t.subject, t.currency
        ) i ON i.subject = 'conversion:' || c.id AND i.currency = c.to_currency
        WHERE coalesce(o.minor, 0) <> CASE c.state WHEN 'converted' THEN c.from_minor ELSE 0 END
           OR coalesce(i.minor, 0) <> CASE c.state WHEN 'converted' THEN c.to_minor ELSE 0 END
        LIMIT 20
    """,
    "each booked conversion was asked for": """
        SELECT t.key FROM ledger_transaction t
        LEFT JOIN conversion c ON 'conversion:' || c.id = t.subject
            AND t.currency IN (c.from_currency, c.to_currency)
        WHERE t.kind = 'convert' AND c.id IS NULL LIMIT 20
    """,
}
