"""Invoices and credit notes against the ledger, and their numbers against one another."""

from collections.abc import Mapping, Sequence

from marketplace.payments.invoices.service import FEE_LEGS, FEE_SUMS

_FEES = f"""
    SELECT id, subject, currency, {FEE_SUMS} FROM ({FEE_LEGS}) legs GROUP BY id, subject, currency
    HAVING sum((net_sign + vat_sign) * amount_minor) <> 0
"""  # noqa: S608 - built from constants
_ISSUED = """
    SELECT transaction_id AS id, currency,
        sum(CASE kind WHEN 'invoice' THEN net_minor ELSE -net_minor END)::bigint AS net_minor,
        sum(CASE kind WHEN 'invoice' THEN vat_minor ELSE -vat_minor END)::bigint AS vat_minor
    FROM invoice GROUP BY transaction_id, currency
"""


def _waiting(consumer: str, types: Sequence[str]) -> str:
    """Subjects with news that the consumer has not passed, or could not handle yet."""
    named = ", ".join(f"'{type_}'" for type_ in types)
    return f"""
        SELECT coalesce('deal:' || (data->>'deal_id'), subject) FROM event e
        WHERE type IN ({named}) AND ((e.transaction_id, e.sequence) > (
            SELECT transaction_id, sequence FROM event_consumer WHERE name = '{consumer}'
            UNION ALL SELECT '0'::xid8, 0::bigint LIMIT 1)
          OR EXISTS (SELECT FROM event_failure f
                     WHERE f.consumer = '{consumer}' AND f.sequence = e.sequence))
    """  # noqa: S608 - built from constants


def checks(consumer: str, types: Sequence[str]) -> Mapping[str, str]:
    """The proofs; fees whose news `consumer` has yet to read, of `types`, are still to come."""
    return {
        "invoices less credit notes are the fees of the ledger": f"""
            SELECT coalesce(f.currency, i.currency) || ': invoiced ' || coalesce(i.net, 0) || ' + '
                || coalesce(i.vat, 0) || ', ledger ' || coalesce(f.net, 0) || ' + '
                || coalesce(f.vat, 0)
            FROM (
                SELECT currency, sum(net_minor) AS net, sum(vat_minor) AS vat FROM ({_FEES}) fees
                WHERE subject NOT IN ({_waiting(consumer, types)})
                   OR id IN (SELECT transaction_id FROM invoice)
                GROUP BY currency
            ) f FULL JOIN (
                SELECT currency, sum(net_minor) AS net, sum(vat_minor) AS vat
                FROM ({_ISSUED}) issued GROUP BY currency
            ) i USING (currency)
            WHERE (coalesce(f.net, 0), coalesce(f.vat, 0))
                <> (coalesce(i.net, 0), coalesce(i.vat, 0))
        """,  # noqa: S608 - built from constants
        "each movement of fees is invoiced as it was": f"""
            SELECT coalesce(f.id, i.id) || ': invoiced ' || coalesce(i.net_minor, 0) || ' + '
                || coalesce(i.vat_minor, 0) || ', ledger ' || coalesce(f.net_minor, 0) || ' + '
                || coalesce(f.vat_minor, 0)
            FROM ({_FEES}) f FULL JOIN ({_ISSUED}) i USING (id, currency)
            WHERE (coalesce(f.net_minor, 0), coalesce(f.vat_minor, 0))
                <> (coalesce(i.net_minor, 0), coalesce(i.vat_minor, 0))
              AND (i.id IS NOT NULL OR f.subject NOT IN ({_waiting(consumer, types)})) LIMIT 20
        """,  # noqa: S608 - built from constants
        "the numbers of invoices have no gap": """
            SELECT s.series || ' ' || s.kind || ' ' || s.year || ': last ' || s.last_number
                || ', issued ' || count(i.id) || ' up to ' || coalesce(max(i.number), 0)
            FROM invoice_series s
            FULL JOIN invoice i USING (series, kind, year)
            GROUP BY s.series, s.kind, s.year, s.last_number
            HAVING s.last_number IS DISTINCT FROM count(i.id)
                OR s.last_number IS DISTINCT FROM max(i.number) LIMIT 20
        """,
        "no invoice is credited with more than it was": """
            SELECT i.id || ': ' || i.net_minor || ' + ' || i.vat_minor || ', credited '
                || sum(c.net_minor) || ' + ' || sum(c.vat_minor)
            FROM invoice i JOIN invoice c ON c.invoice_id = i.id
            GROUP BY i.id
            HAVING sum(c.net_minor) > i.net_minor OR sum(c.vat_minor) > i.vat_minor LIMIT 20
        """,
    }
