"""Proof of a published cell: the same money counted from statistics and from the ledger."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from marketplace.kernel.driver_pools import Reads
from marketplace.kernel.errors import NotFoundError
from marketplace.statistics.dimensions import DIMENSIONS
from marketplace.statistics.folding import COUNTED, signed
from marketplace.statistics.live import UNFOLDED
from marketplace.statistics.periods import Period, period_end
from marketplace.statistics.public import BY_KIND
from marketplace.statistics.queries import cumulative_table, published_rows
from marketplace.statistics.releases.building import ALL, KNOWN, WITHHELD
from marketplace.statistics.releases.queries import released_cells
from marketplace.statistics.schemas import Basis, Origin, Proof, SealOfProof
from marketplace.statistics.sight import Sight
from marketplace.statistics.units import read_unit

_FOLDED: Final = "SELECT deal_id, day, currency, deals, sequence FROM deal_fact WHERE {column} = $4"
_AT_ONCE: Final = f"""
    SELECT deal_id, day, currency, deals, sequence FROM deal_fact WHERE $4 = '{ALL}'
    UNION ALL
    SELECT deal_of_subject(e.subject), (e.recorded_at AT TIME ZONE $5)::date,
        e.data ->> 'currency', {signed(0)}, e.sequence
    FROM event e WHERE e.type = ANY ('{{{",".join(COUNTED)}}}') {UNFOLDED}
"""  # noqa: S608 - built from constants
_COUNTED: Final = """
    SELECT coalesce(sum(deals), 0)::bigint AS deals, max(sequence) AS sequence
    FROM ({facts}) facts WHERE currency = $1 AND day BETWEEN $2 AND $3 AND $5::text IS NOT NULL
"""
_BOOKED: Final = """
    WITH facts AS ({facts}), chosen AS (
        SELECT deal_id, bool_or(day NOT BETWEEN $2 AND $3) AS is_spread
        FROM facts
        WHERE deal_id IN (
            SELECT deal_id FROM facts WHERE currency = $1 AND day BETWEEN $2 AND $3)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A cell of a published table; `dimension` is `total` for the total of a period."""

    dimension: str
    value: str
    period: Period
    begins: date
    currency: str

    @property
    def ends(self) -> date:
        return period_end(self.begins, self.period)

    def __str__(self) -> str:
        what = "total" if self.dimension == ALL else f"{self.dimension} {self.value[:40]!r}"
        return f"{what} of the {self.period} from {self.begins} to {self.ends} in {self.currency}"


@dataclass(frozen=True, slots=True)
class _Published:
    basis: Basis
    release: int | None
    deals: int
    amount_minor: int


async def prove(reads: Reads, asked: Asked, *, sight: Sight, time_zone: str) -> Proof:
    """Count a published cell from the ledger, and say which entries and which seal stand for it.

    The digest is SHA-256 of the ids of the ledger's transactions, sorted, a line each. Costs grow
    with the deals of the cell: it is for those who check, not for pages.

    Raises:
        NotFoundError: the cell was not published, or was printed by somebody else.
    """
    told = await _published(reads, asked, sight, time_zone)
    is_total = asked.dimension == ALL
    facts = _AT_ONCE if is_total else _FOLDED.format(column=_COLUMNS[asked.dimension])
    values = (asked.currency, asked.begins, asked.ends, ALL if is_total else asked.value, time_zone)
    counted = await reads.row(_COUNTED.format(facts=facts), *values)
    booked = await reads.row(_BOOKED.format(facts=facts), *values)
    assert counted is not None
    assert booked is not None
    seal = await reads.row(_SEAL, counted["sequence"])
    return Proof(
        basis=told.basis,
        release=told.release,
        dimension=asked.dimension,
        value=values[3],
        begins=asked.begins,
        ends=asked.ends,
        currency=asked.currency,
        deals=told.deals,
        statistics_minor=told.amount_minor,
        ledger_minor=booked["amount_minor"],
        agrees=(told.deals, told.amount_minor) == (counted["deals"], booked["amount_minor"]),
        vat_elsewhere=booked["vat_elsewhere"],
        entries=booked["entries"],
        entries_sha256=booked["digest"],
        seal=SealOfProof(**dict(seal)) if seal else None,
    )


_COLUMNS: Final = {name: name for name in DIMENSIONS}
"""The columns that a cell may be chosen by: no other text ever stands in the statement."""


async def _published(reads: Reads, asked: Asked, sight: Sight, time_zone: str) -> _Published:
    """What readers are told in that cell."""
    if asked.dimension == ALL and sight is not Sight.RELEASED:
        return await _told_live(reads, asked, time_zone)
    dimension = BY_KIND if asked.dimension == ALL else asked.dimension
    release, cells = await released_cells(reads, dimension, asked.currency, date.max)
    wanted: dict[str, Any] = {
        "period": asked.period.value,
        "begins": asked.begins.isoformat(),
        "value": ALL if asked.dimension == ALL else asked.value,
        "status": KNOWN,
    }
    for cell in cells:
        if release and wanted.items() <= cell.items() and cell["value"] != WITHHELD:
            told = cell["deals"], cell["amount_minor"]
            return _Published(Basis.RELEASED, release.number, *told)
    raise await _unpublished(reads, asked)


async def _told_live(reads: Reads, asked: Asked, time_zone: str) -> _Published:
    unit = read_unit(asked.currency)
    table = await cumulative_table(
        reads, period=asked.period, kind=None, unit=unit, time_zone=time_zone
    )
    for row in table.rows:
        if row.begins == asked.begins and row.origin is Origin.LEDGER:
            return _Published(Basis.LIVE, None, row.period.deals, row.period.amount_minor or 0)
    raise await _unpublished(reads, asked)


async def _unpublished(reads: Reads, asked: Asked) -> NotFoundError:
    for row in await published_rows(reads, asked.currency, date.max):
        if row["period_from"] <= asked.begins < row["period_until"]:
            return NotFoundError(
                f"the {asked} was printed by {row['source']!r}, not settled here: no ledger has it"
            )
    return NotFoundError(f"no {asked} was published")
