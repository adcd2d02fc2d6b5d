"""Taxes that were paid, against the ledger and the bank's statement."""

from typing import Final

CHECKS: Final = {
    "what was remitted is what the ledger says": """
        SELECT coalesce(r.address, a.address) || ' ' || coalesce(r.currency, a.currency)
            || ': remitted ' || coalesce(r.total, 0) || ', ledger '
            || -coalesce(a.balance_minor, 0)
        FROM (
            SELECT 'tax:remitted:' || tax || ':' || jurisdiction AS address, currency,
                sum(amount_minor) AS total
            FROM tax_remittance GROUP BY tax, jurisdiction, currency
        ) r FULL JOIN (
            SELECT * FROM ledger_account WHERE address LIKE 'tax:remitted:%'
        ) a USING (address, currency)
        WHERE coalesce(r.total, 0) + coalesce(a.balance_minor, 0) <> 0 LIMIT 20
    """,
    "each remittance is an entry of the bank's statement": """
        SELECT 'tax_remittance ' || r.id || ': entry ' || e.id || ' is ' || e.state
        FROM tax_remittance r JOIN bank_entry e ON e.id = r.bank_entry_id
        WHERE (e.state, e.direction, e.amount_minor, e.currency)
            IS DISTINCT FROM ('remitted', 'debit', r.amount_minor, r.currency) LIMIT 20
    """,
}
