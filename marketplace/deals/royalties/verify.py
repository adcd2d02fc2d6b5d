"""Every licence's account against its figures, and every royalty payment against the ledger."""

from typing import Final

_MOVED: Final = """
    SELECT t.subject, sum(p.amount_minor) AS total,
        sum(p.amount_minor) FILTER (WHERE p.destination LIKE 'commission:%') AS commission,
        sum(p.amount_minor) FILTER (WHERE p.destination LIKE 'tax:vat:%') AS vat,
        sum(p.amount_minor) FILTER (WHERE p.destination LIKE 'tax:withholding:%') AS withheld
    FROM ledger_transaction t JOIN ledger_posting p ON p.transaction_id = t.id
    WHERE t.kind = 'release' AND t.subject LIKE 'royalty_payment:%'
    GROUP BY t.subject
"""

CHECKS: Final = {
    "what each royalty period comes to was charged": """
        SELECT 'royalty_report ' || r.id || ': due ' || r.due_minor || ', charged '
            || coalesce(c.total, 0)
        FROM royalty_report r LEFT JOIN (
            SELECT report_id, sum(amount_minor) AS total FROM royalty_charge
            WHERE kind = 'royalty' GROUP BY report_id
        ) c ON c.report_id = r.id
        WHERE r.due_minor <> coalesce(c.total, 0) LIMIT 20
    """,
    "what is charged to each licence was asked for": """
        SELECT 'licence ' || c.licence_id || ': charged ' || c.total || ', asked for '
            || coalesce(p.total, 0)
        FROM (
            SELECT licence_id, sum(amount_minor) AS total FROM royalty_charge GROUP BY licence_id
        ) c LEFT JOIN (
            SELECT licence_id, sum(amount_minor) AS total,
                coalesce(sum(amount_minor) FILTER (WHERE state IN ('requested', 'unpaid')), 0)
                    AS open
            FROM royalty_payment WHERE state <> 'superseded' GROUP BY licence_id
        ) p ON p.licence_id = c.licence_id
        WHERE c.total > coalesce(p.total, 0) OR (c.total < p.total AND p.open > 0) LIMIT 20
    """,
    "what is held is what each royalty payment says": """
        SELECT 'royalty_payment ' || p.id || ' (' || p.state || '): held '
            || coalesce(a.balance_minor, 0)
        FROM royalty_payment p
        LEFT JOIN ledger_account a
            ON a.address = 'held:royalty_payment:' || p.id AND a.currency = p.currency
        WHERE coalesce(a.balance_minor, 0) <> CASE WHEN p.state = 'requested' THEN coalesce((
            SELECT sum(r.received_minor) FROM payment_request r
            WHERE r.subject = 'royalty_payment:' || p.id AND r.state IN ('open', 'paid')), 0)
            ELSE 0 END
        LIMIT 20
    """,
    "each royalty payment was distributed as it says": f"""
        SELECT 'royalty_payment ' || p.id || ' (' || p.state || '): the ledger moved '
            || coalesce(m.total, 0)
        FROM royalty_payment p LEFT JOIN ({_MOVED}) m ON m.subject = 'royalty_payment:' || p.id
        WHERE (coalesce(m.total, 0), coalesce(m.commission, 0), coalesce(m.vat, 0),
                coalesce(m.withheld, 0))
            <> (CASE WHEN p.state = 'released' THEN p.amount_minor + p.vat_minor ELSE 0 END,
                p.commission_minor, p.commission_vat_minor, p.withheld_minor)
        LIMIT 20
    """,  # noqa: S608 - built from constants
    "each bundle's parts are its price": """
        SELECT 'deal ' || d.id || ': ' || i.total || ' of ' || d.price_minor
        FROM deal d JOIN (
            SELECT deal_id, sum(amount_minor) AS total FROM deal_item GROUP BY deal_id
        ) i ON i.deal_id = d.id
        WHERE i.total <> d.price_minor LIMIT 20
    """,
}
