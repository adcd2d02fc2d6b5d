"""Proof of a published cell: the same money counted from statistics and from the ledger."""

from datetime import date
from typing import Any, Final

import orjson

from marketplace.kernel.driver_pools import Reads
from marketplace.kernel.errors import NotFoundError
from marketplace.statistics.dimensions import DIMENSIONS
from marketplace.statistics.queries import Period, period_end
from marketplace.statistics.releases.building import ALL, KNOWN
from marketplace.statistics.schemas import Proof, SealOfProof

_RELEASED: Final = """
    SELECT t.content FROM released_table t
    WHERE t.dimension = $1 AND t.currency = $2 ORDER BY t.release DESC LIMIT 1
"""
_COUNTED: Final = """
    SELECT count(*) AS facts, coalesce(sum(deals), 0)::bigint AS deals,
        coalesce(sum(amount_minor), 0)::bigint AS amount_minor, max(sequence) AS sequence
    FROM deal_fact WHERE currency = $1 AND day BETWEEN $2 AND $3 AND {chosen}
"""
_BOOKED: Final = """
    WITH chosen AS (
        SELECT deal_id, bool_or(day NOT BETWEEN $2 AND $3) AS is_spread
        FROM deal_fact
        WHERE deal_id IN (
            SELECT deal_id FROM deal_fact
            WHERE currency = $1 AND day BETWEEN $2 AND $3 AND {chosen})
        GROUP BY deal_id
    ), entries AS (
        SELECT t.id, t.kind, d.id AS deal_id, d.buyer_organisation_id
        FROM chosen c JOIN deal d ON d.id = c.deal_id
        JOIN ledger_transaction t ON t.subject = 'deal:' || d.id
        WHERE t.kind IN ('release', 'split', 'reverse', 'refund_released')
            AND (t.recorded_at AT TIME ZONE $5)::date BETWEEN $2 AND $3
    ), moved AS (
        SELECT CASE WHEN e.kind IN ('reverse', 'refund_released') THEN -p.amount_minor
            WHEN p.destination = 'payable:organisation:' || e.buyer_organisation_id THEN 0
            ELSE p.amount_minor END AS amount_minor
        FROM entries e JOIN ledger_posting p ON p.transaction_id = e.id
        UNION ALL
        SELECT d.returned_vat_minor - d.released_vat_minor
        FROM chosen c JOIN deal d ON d.id = c.deal_id WHERE NOT c.is_spread
    )
    SELECT (SELECT coalesce(sum(amount_minor), 0)::bigint FROM moved) AS amount_minor,
        (SELECT count(*) FROM entries) AS entries,
        (SELECT encode(sha256(convert_to(
            coalesce(string_agg(id::text, chr(10) ORDER BY id), ''), 'UTF8')), 'hex')
            FROM entries) AS digest,
        (SELECT count(*) FROM chosen c JOIN deal d ON d.id = c.deal_id
            WHERE c.is_spread AND d.released_vat_minor > 0) AS vat_elsewhere
"""
_SEAL: Final = """
    SELECT s.number, s.hash, s.sealed_at FROM event_seal s
    WHERE (s.last_transaction_id, s.last_sequence) >= (
        SELECT e.transaction_id, e.sequence FROM event e WHERE e.sequence = $1)
    ORDER BY s.number LIMIT 1
"""


async def prove(
    reads: Reads,
    *,
    dimension: str,
    value: str,
    period: Period,
    begins: date,
    currency: str,
    time_zone: str,
    totals_known: bool,
) -> Proof:
    """Count a published cell twice, and say which entries and which seal stand for it.

    The digest is SHA-256 of the ids of the ledger's transactions, sorted, a line each. Costs grow
    with the deals of the cell: it is for those who check, not for pages.

    Raises:
        NotFoundError: the cell was not published.
    """
    is_total = dimension == ALL
    if not (is_total and totals_known):
        await _require_published(reads, dimension, value, period, begins, currency)
    ends = period_end(begins, period)
    column = "'total'" if is_total else DIMENSIONS_SQL[dimension]
    chosen = f"{column} = $4"
    values = (currency, begins, ends, ALL if is_total else value)
    counted = await reads.row(_COUNTED.format(chosen=chosen), *values)
    booked = await reads.row(_BOOKED.format(chosen=chosen), *values, time_zone)
    assert counted is not None
    assert booked is not None
    seal = await reads.row(_SEAL, counted["sequence"])
    return Proof(
        dimension=dimension,
        value=values[3],
        begins=begins,
        ends=ends,
        currency=currency,
        deals=counted["deals"],
        statistics_minor=counted["amount_minor"],
        ledger_minor=booked["amount_minor"],
        agrees=counted["amount_minor"] == booked["amount_minor"],
        vat_elsewhere=booked["vat_elsewhere"],
        entries=booked["entries"],
        entries_sha256=booked["digest"],
        seal=SealOfProof(**dict(seal)) if seal else None,
    )


DIMENSIONS_SQL: Final = {name: name for name in DIMENSIONS}
"""The columns that a cell may be chosen by: no other text ever stands in the statement."""


async def _require_published(
    reads: Reads, dimension: str, value: str, period: Period, begins: date, currency: str
) -> None:
    wanted_in = next(iter(DIMENSIONS)) if dimension == ALL else dimension
    content = await reads.value(_RELEASED, wanted_in, currency)
    asked: dict[str, Any] = {
        "period": period.value,
        "begins": begins.isoformat(),
        "value": ALL if dimension == ALL else value,
        "status": KNOWN,
    }
    for cell in orjson.loads(content or b"[]"):
        if asked.items() <= cell.items() and cell["value"] != "withheld":
            return
    raise NotFoundError("no such cell was published")
