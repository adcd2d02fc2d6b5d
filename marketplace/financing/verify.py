"""Every loan against the ledger: what is held, what was paid out, paid back, lost and borne."""

from typing import Final

_KINDS: Final = {
    "loan_disburse": "disbursed_minor",
    "loan_principal": "principal_paid_minor",
    "loan_interest": "interest_paid_minor",
    "loan_late_interest": "late_interest_paid_minor",
    "loan_costs": "costs_paid_minor",
}
_MOVED: Final = ", ".join(
    f"coalesce(sum(p.amount_minor) FILTER (WHERE t.kind = '{kind}'), 0) AS {column}"
    for kind, column in _KINDS.items()
)
_COLUMNS: Final = ", ".join(f"l.{column}" for column in _KINDS.values())
_SUMS: Final = ", ".join(f"coalesce(m.{column}, 0)" for column in _KINDS.values())

CHECKS: Final = {
    "what is held for each loan is what its lender paid in": """
        SELECT 'loan ' || l.id || ' (' || l.state || '): held ' || coalesce(a.balance_minor, 0)
        FROM loan l
        LEFT JOIN ledger_account a
            ON a.address = 'held:loan:' || l.id AND a.currency = l.currency
        WHERE coalesce(a.balance_minor, 0) <> CASE
            WHEN l.state = 'pledge_registered' THEN coalesce((
                SELECT sum(r.received_minor) FROM payment_request r
                WHERE r.subject = 'loan:' || l.id AND r.state IN ('open', 'paid')), 0)
            ELSE 0 END
        LIMIT 20
    """,
    "each loan was paid out and back as it says": f"""
        SELECT 'loan ' || l.id || ' (' || l.state || '): says ' || ROW({_COLUMNS})::text
            || ', the ledger ' || ROW({_SUMS})::text
        FROM loan l LEFT JOIN (
            SELECT t.subject, {_MOVED}
            FROM ledger_transaction t JOIN ledger_posting p ON p.transaction_id = t.id
            WHERE t.kind LIKE 'loan\\_%' GROUP BY t.subject
        ) m ON m.subject = 'loan:' || l.id
        WHERE ROW({_COLUMNS}) IS DISTINCT FROM ROW({_SUMS}) LIMIT 20
    """,  # noqa: S608 - built from constants
    "each loan's instalments repay what was paid out": """
        SELECT 'loan ' || l.id || ': instalments ' || sum(i.principal_minor) || ' of '
            || l.disbursed_minor || ', paid ' || sum(i.principal_paid_minor) || ' of '
            || l.principal_paid_minor
        FROM loan l JOIN loan_instalment i ON i.loan_id = l.id
        GROUP BY l.id
        HAVING sum(i.principal_minor) <> l.disbursed_minor
            OR sum(i.principal_paid_minor) <> l.principal_paid_minor
        LIMIT 20
    """,
    "what sales paid to each loan's pledges was used for the loan": """
        SELECT 'loan ' || p.loan_id || ': sales paid ' || p.paid || ', used ' || coalesce(u.used, 0)
        FROM (
            SELECT l.loan_id, sum(c.paid_minor) AS paid FROM loan_pledge l
            JOIN encumbrance_consent c ON c.encumbrance_id = l.encumbrance_id GROUP BY l.loan_id
        ) p LEFT JOIN (
            SELECT loan_id, sum(amount_minor) AS used FROM (
                SELECT loan_id, amount_minor FROM loan_repayment WHERE claim LIKE 'sale:%'
                UNION ALL
                SELECT loan_id, amount_minor FROM loan_recovery WHERE claim LIKE 'sale:%'
            ) both_kinds GROUP BY loan_id
        ) u ON u.loan_id = p.loan_id
        WHERE p.paid <> coalesce(u.used, 0) AND NOT EXISTS (
            SELECT FROM event e JOIN event_consumer c ON c.name = 'financing'
            WHERE e.type = 'encumbrance.claim_paid' AND (e.transaction_id, e.sequence)
                > (c.transaction_id, c.sequence)) LIMIT 20
    """,
    "each loan that was repaid owes nothing": """
        SELECT 'loan ' || id || ' (' || state || '): owes '
            || disbursed_minor - principal_paid_minor - waived_minor - loss_minor
        FROM loan
        WHERE state IN ('repaid', 'release_filed', 'released', 'loss_shared', 'written_off')
            AND disbursed_minor <> principal_paid_minor + waived_minor + loss_minor LIMIT 20
    """,
    "each loss is borne whole, and paid once": """
        SELECT 'loan ' || l.id || ': lost ' || l.loss_minor || ', borne '
            || coalesce(s.borne, 0) || ', compensated ' || coalesce(s.paid, 0) || ', the ledger '
            || coalesce(m.total, 0)
        FROM loan l LEFT JOIN (
            SELECT loan_id, sum(amount_minor) AS borne,
                sum(paid_minor) FILTER (WHERE role <> 'lender') AS paid
            FROM loss_share GROUP BY loan_id
        ) s ON s.loan_id = l.id LEFT JOIN (
            SELECT t.subject, sum(p.amount_minor) AS total
            FROM ledger_transaction t JOIN ledger_posting p ON p.transaction_id = t.id
            WHERE t.kind = 'loan_compensation' GROUP BY t.subject
        ) m ON m.subject = 'loan:' || l.id
        WHERE l.loss_minor <> coalesce(s.borne, 0)
            OR coalesce(s.paid, 0) <> coalesce(m.total, 0) LIMIT 20
    """,
    "what was recovered went back to who bore the loss": """
        SELECT 'loan ' || r.loan_id || ': recovered ' || r.total || ', given back '
            || coalesce(s.total, 0) + coalesce(e.total, 0)
        FROM (
            SELECT loan_id, sum(amount_minor - surplus_minor - interest_minor
                - late_interest_minor) AS total FROM loan_recovery
            WHERE applied_at IS NOT NULL GROUP BY loan_id
        ) r LEFT JOIN (
            SELECT loan_id, sum(recovered_minor) AS total FROM loss_share GROUP BY loan_id
        ) s ON s.loan_id = r.loan_id LEFT JOIN (
            SELECT loan_id, sum(recovered_minor) AS total FROM enforcement GROUP BY loan_id
        ) e ON e.loan_id = r.loan_id
        WHERE r.total <> coalesce(s.total, 0) + coalesce(e.total, 0) LIMIT 20
    """,
}
