"""Measuring what somebody uploaded, or what this platform released."""

from collections.abc import Sequence

from marketplace.kernel.driver_pools import Reads
from marketplace.statistics.dispersion import network, rules
from marketplace.statistics.dispersion.auditing import Claim, Line, audit, impossible, repaired
from marketplace.statistics.dispersion.schemas import (
    AuditRead,
    Cooperation,
    DispersionRead,
    DispersionRequest,
    Measures,
    MeasuresJudged,
    NetworkRead,
    PlatformData,
    PrintedTotal,
    RegionMeasured,
    RegionRow,
    RepairRead,
)
from marketplace.statistics.periods import period_begin, period_end
from marketplace.statistics.regions import region_code
from marketplace.statistics.releases.queries import released_table
from marketplace.statistics.units import read_unit


async def platform_rows(reads: Reads, wanted: PlatformData) -> tuple[list[RegionRow], bool]:
    """Deals by the seller's region in a released period, and whether some are withheld.

    Raises:
        NotFoundError: nothing was released that says it.
        UnknownCurrencyError: no such currency.
    """
    begins = period_begin(wanted.begins, wanted.period)
    unit, until = read_unit(wanted.currency), period_end(begins.replace(year=9000), wanted.period)
    table = await released_table(reads, "seller_region", wanted.period, unit, until)
    cells = [cell for row in table.rows if row.begins == begins for cell in row.cells]
    told = [c for c in cells if c.value not in {"total", "withheld"} and c.deals is not None]
    rows = [RegionRow(region=c.value, whole=max(c.deals or 0, 0)) for c in told]
    return rows, len(rows) < len(cells) - 1


def measure(
    request: DispersionRequest, rows: Sequence[RegionRow], *, withheld: bool
) -> DispersionRead:
    """Every measure that the given figures allow.

    Rows of one region by several names are added before it is measured, and audited as printed.
    """
    merged = [_one_region(found) for found in _by_region(rows)]
    together = [row.together for row in merged if row.together is not None]
    is_split = bool(rows) and len(together) == len(merged)
    is_possible = all((row.together or 0) <= row.whole for row in rows)
    told = [row for row in rows if row.together is not None]
    return DispersionRead(
        whole=_measures([row.whole for row in merged]) if rows else None,
        together=_measures(together) if is_split else None,
        cooperation=_cooperation(merged) if is_split and is_possible else None,
        regions=_regions(_by_region(rows)),
        withheld=withheld,
        audit=_audit(told, request.printed_total) if told else None,
        printed_measures=[
            _judged(one.label, Claim(one.regions, one.std, one.cv, one.gini))
            for one in request.printed_measures
        ],
        network=_network(request) if request.patents else None,
    )


def _by_region(rows: Sequence[RegionRow]) -> list[list[RegionRow]]:
    """The rows of each region, which papers and registers write in many ways."""
    found: dict[str, list[RegionRow]] = {}
    for row in rows:
        found.setdefault(region_code(row.region) or row.region.casefold(), []).append(row)
    return [*found.values()]


def _one_region(rows: Sequence[RegionRow]) -> RegionRow:
    """What the rows of a region say together; what one of them does not tell is not known."""
    return RegionRow(
        region=rows[0].region,
        whole=sum(row.whole for row in rows),
        together=_sum([row.together for row in rows]),
        field=_sum([row.field for row in rows]),
    )


def _sum(values: Sequence[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None


def _measures(values: Sequence[int]) -> Measures:
    return Measures.model_validate(rules.dispersion(values), from_attributes=True)


def _cooperation(rows: Sequence[RegionRow]) -> Cooperation | None:
    pairs = [(row.together or 0, row.whole) for row in rows]
    degree = rules.cooperation_degree([t for t, _ in pairs], [w for _, w in pairs])
    if degree is None:
        return None
    ratios = [together / whole for together, whole in pairs if whole]
    return Cooperation(
        degree=float(degree),
        mean_of_ratios=sum(ratios) / len(ratios),
        below=sum(ratio < degree for ratio in ratios),
    )


def _regions(groups: Sequence[Sequence[RegionRow]]) -> list[RegionMeasured]:
    merged = [_one_region(rows) for rows in groups]
    field, whole = sum(row.field or 0 for row in merged), sum(row.whole for row in merged)
    return [
        RegionMeasured(
            region=row.region,
            names=[one.region for one in rows],
            code=region_code(row.region),
            degree=_degree(row),
            location_quotient=None
            if row.field is None
            else rules.location_quotient(row.field, row.whole, field, whole),
        )
        for row, rows in zip(merged, groups, strict=True)
    ]


def _degree(row: RegionRow) -> float | None:
    if row.together is None or not 0 <= row.together <= row.whole or not row.whole:
        return None
    return row.together / row.whole


def _audit(rows: Sequence[RegionRow], printed: PrintedTotal | None) -> AuditRead:
    lines = [Line(row.region, row.whole, row.together or 0, row.printed_degree) for row in rows]
    total = Line("total", printed.whole, printed.together, printed.degree) if printed else None
    found = audit(lines, total)
    mended = repaired(lines, found)
    return AuditRead(
        faults=[*found.faults],
        repairs=[
            RepairRead(name=r.name, column=r.column, printed=r.printed, repaired=r.repaired)
            for r in found.repairs
        ],
        is_unique=len(found.repairs) == 1,
        repaired_together=_measures([line.together for line in mended]) if mended else None,
    )


def _judged(label: str, claim: Claim) -> MeasuresJudged:
    reasons = [*impossible(claim)]
    return MeasuresJudged(label=label, is_possible=not reasons, reasons=reasons)


def _network(request: DispersionRequest) -> NetworkRead:
    found = network.measure(network.graph_of(request.patents, fractional=request.fractional))
    return NetworkRead.model_validate(found, from_attributes=True)
