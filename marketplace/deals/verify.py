"""Every deal and every part of a price against the ledger: what is held, and where it went."""

from typing import Final

_MOVED: Final = """
    SELECT t.subject, p.destination, sum(p.amount_minor) AS total
    FROM ledger_transaction t JOIN ledger_posting p ON p.transaction_id = t.id
    WHERE t.kind IN ('release', 'refund', 'split') AND p.source LIKE 'held:%'
    GROUP BY t.subject, p.destination
"""

CHECKS: Final = {
    "what is held is what each deal says": """
        SELECT 'deal ' || d.id || ' (' || d.state || '): held ' || coalesce(a.balance_minor, 0)
        FROM deal d
        LEFT JOIN ledger_account a
            ON a.address = 'held:deal:' || d.id AND a.currency = d.currency
        WHERE coalesce(a.balance_minor, 0) <> CASE
            WHEN d.in_parts THEN 0
            WHEN d.state IN ('funded', 'transfer_filed', 'recorded', 'disputed',
                             'disputed_after_recordal') THEN d.price_minor + d.vat_minor
            WHEN d.state = 'signed' THEN coalesce((
                SELECT sum(r.received_minor) FROM payment_request r
                WHERE r.subject = 'deal:' || d.id AND r.state IN ('open', 'paid')), 0)
            ELSE 0 END
        LIMIT 20
    """,
    "what is held is what each part says": """
        SELECT 'deal_part ' || p.id || ' (' || p.state || '): held ' || coalesce(a.balance_minor, 0)
        FROM deal_part p
        LEFT JOIN ledger_account a
            ON a.address = 'held:deal_part:' || p.id AND a.currency = p.currency
        WHERE coalesce(a.balance_minor, 0) <> CASE
            WHEN p.state IN ('held', 'cleared') THEN p.amount_minor + p.vat_minor
            WHEN p.state = 'requested' THEN coalesce((
                SELECT sum(r.received_minor) FROM payment_request r
                WHERE r.subject = 'deal_part:' || p.id AND r.state IN ('open', 'paid')), 0)
            ELSE 0 END
        LIMIT 20
    """,
    "each settled deal was distributed as it says": f"""
        SELECT 'deal ' || d.id || ': released ' || d.released_minor || ' and refunded '
            || d.refunded_minor || ', the ledger moved ' || coalesce(m.total, 0)
        FROM deal d
        LEFT JOIN (SELECT subject, sum(total) AS total FROM ({_MOVED}) moved GROUP BY subject) m
            ON m.subject = 'deal:' || d.id
        LEFT JOIN (
            SELECT deal_id, sum(vat_minor) AS vat_minor FROM deal_part
            WHERE state IN ('released', 'refunded') GROUP BY deal_id
        ) v ON v.deal_id = d.id
        WHERE (d.in_parts OR d.state IN ('settled', 'closed', 'refunded', 'reversed'))
          AND coalesce(m.total, 0) <> d.released_minor + d.refunded_minor
              + CASE WHEN d.in_parts THEN coalesce(v.vat_minor, 0) ELSE d.vat_minor END
        LIMIT 20
    """,  # noqa: S608 - built from constants
    "each deal's parts are its price, and tell what became of it": """
        SELECT 'deal ' || d.id || ': its parts are ' || p.total || ' of ' || d.price_minor
            || ', released ' || p.released || ', refunded ' || p.refunded
        FROM deal d JOIN (
            SELECT deal_id, sum(amount_minor) AS total, sum(released_minor) AS released,
                sum(refunded_minor) AS refunded
            FROM deal_part GROUP BY deal_id
        ) p ON p.deal_id = d.id
        WHERE (p.total, p.released, p.refunded)
            IS DISTINCT FROM (d.price_minor, d.released_minor, d.refunded_minor)
        LIMIT 20
    """,
    "each deal's shares are the whole": """
        SELECT 'deal ' || deal_id || ': ' || sum(numerator) || ' of ' || min(denominator)
        FROM deal_payee GROUP BY deal_id
        HAVING sum(numerator) <> min(denominator) OR min(denominator) <> max(denominator) LIMIT 20
    """,
    "commission and taxes are what each deal says": f"""
        SELECT 'deal ' || d.id || ': commission ' || d.commission_minor || ' + '
            || d.commission_vat_minor || ', withheld ' || d.withheld_minor || ', the ledger '
            || coalesce(m.commission, 0) || ' + ' || coalesce(m.vat, 0) || ', '
            || coalesce(m.withheld, 0)
        FROM deal d LEFT JOIN (
            SELECT subject,
                sum(total) FILTER (WHERE destination LIKE 'commission:%') AS commission,
                sum(total) FILTER (WHERE destination LIKE 'tax:vat:%') AS vat,
                sum(total) FILTER (WHERE destination LIKE 'tax:withholding:%') AS withheld
            FROM ({_MOVED}) moved GROUP BY subject
        ) m ON m.subject = 'deal:' || d.id
        WHERE (coalesce(m.commission, 0), coalesce(m.vat, 0), coalesce(m.withheld, 0))
            <> (d.commission_minor, d.commission_vat_minor, d.withheld_minor)
        LIMIT 20
    """,  # noqa: S608 - built from constants
    "brokers were paid as each deal says": """
        SELECT 'deal ' || d.id || ': ' || d.brokerage_minor || ' to brokers, recorded '
            || coalesce(p.total, 0)
        FROM deal d LEFT JOIN (
            SELECT deal_id, sum(amount_minor) AS total FROM broker_payment GROUP BY deal_id
        ) p ON p.deal_id = d.id
        WHERE coalesce(p.total, 0) <> d.brokerage_minor LIMIT 20
    """,
    "the ledger paid each broker what is recorded": f"""
        SELECT 'deal ' || p.deal_id || ': ' || p.total || ' to the broker '
            || p.broker_organisation_id || ', the ledger ' || coalesce(m.total, 0)
        FROM (
            SELECT deal_id, broker_organisation_id, sum(amount_minor) AS total
            FROM broker_payment GROUP BY deal_id, broker_organisation_id
        ) p LEFT JOIN (
            SELECT subject, destination, sum(total) AS total FROM ({_MOVED}) moved
            GROUP BY subject, destination
        ) m ON m.subject = 'deal:' || p.deal_id
            AND m.destination = 'payable:organisation:' || p.broker_organisation_id
        WHERE coalesce(m.total, 0) < p.total LIMIT 20
    """,  # noqa: S608 - built from constants
    "secured claims were paid as each consent says": """
        SELECT d.subject || ': paid ' || d.paid || ', the ledger ' || coalesce(m.total, 0)
        FROM (
            SELECT subject, sum(paid_minor) AS paid FROM encumbrance_consent GROUP BY subject
        ) d LEFT JOIN (
            SELECT t.subject, sum(p.amount_minor) AS total
            FROM ledger_transaction t JOIN ledger_posting p ON p.transaction_id = t.id
            WHERE t.kind = 'secured_claim' GROUP BY t.subject
        ) m ON m.subject = d.subject
        WHERE coalesce(m.total, 0) <> d.paid LIMIT 20
    """,
    "what was returned is what each deal says": """
        SELECT 'deal ' || d.id || ': returned ' || d.returned_minor || ' + '
            || d.returned_vat_minor || ', the ledger ' || coalesce(m.total, 0)
        FROM deal d LEFT JOIN (
            SELECT t.subject, sum(p.amount_minor) AS total
            FROM ledger_transaction t JOIN ledger_posting p ON p.transaction_id = t.id
            WHERE t.kind IN ('reverse', 'refund_released') GROUP BY t.subject
        ) m ON m.subject = 'deal:' || d.id
        WHERE coalesce(m.total, 0) <> d.returned_minor + d.returned_vat_minor LIMIT 20
    """,
}
