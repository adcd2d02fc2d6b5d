"""What the event log tells of financing: how long each stage takes, and how loans end."""

from datetime import date
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.assets.encumbrances.service import start_of
from marketplace.kernel.db import fetch
from marketplace.statistics.financing.schemas import FinancingFigures, RateRead, StageRead

# Only the events of what began in the period are read, by their subjects, whatever the log holds.
_FOUND: Final = """
    found AS (
        SELECT 'financing_request' AS kind, 'financing_request:' || id AS subject
        FROM financing_request WHERE created_at >= :since AND created_at < :until
        UNION ALL
        SELECT 'loan', 'loan:' || id FROM loan WHERE created_at >= :since AND created_at < :until
        UNION ALL
        SELECT 'demand', 'demand:' || id FROM demand
        WHERE created_at >= :since AND created_at < :until
    )
"""
_STAGES: Final = text(
    f"""
    WITH {_FOUND}, steps AS (
        SELECT f.kind, e.data ->> 'from' AS stage, extract(epoch FROM e.recorded_at - lag(
            e.recorded_at) OVER (PARTITION BY e.subject ORDER BY e.sequence)) AS seconds
        FROM found f JOIN event e ON e.subject = f.subject
        WHERE e.data ? 'to' AND e.data ->> 'from' IS DISTINCT FROM e.data ->> 'to'
    )
    SELECT kind, stage, count(*) AS passed,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS typical_seconds,
        percentile_cont(0.9) WITHIN GROUP (ORDER BY seconds) AS slow_seconds
    FROM steps WHERE stage IS NOT NULL GROUP BY kind, stage ORDER BY kind, stage
    """  # noqa: S608 - built from a constant
)
_ENDS: Final = text(
    f"""
    WITH {_FOUND}, told AS (
        SELECT e.subject, e.type, e.data FROM found f JOIN event e ON e.subject = f.subject
        WHERE e.type IN ('financing_request.begin', 'financing_request.accept', 'loan.disburse',
            'loan.default', 'loan.share_loss', 'loan.repay', 'loan.recover')
    ), called AS (
        SELECT d.subject, (d.data ->> 'outstanding')::numeric AS outstanding,
            (SELECT greatest(0, (l.data ->> 'loss_minor')::numeric - (
                SELECT coalesce(sum((r.data ->> 'of')::numeric), 0) FROM told r
                WHERE r.subject = d.subject AND r.type = 'loan.recover'))
             FROM told l WHERE l.subject = d.subject AND l.type = 'loan.share_loss') AS loss,
            EXISTS (SELECT FROM told l WHERE l.subject = d.subject AND l.type = 'loan.repay')
                AS repaid
        FROM told d WHERE d.type = 'loan.default'
    )
    SELECT count(*) FILTER (WHERE type = 'financing_request.begin') AS requested,
        count(DISTINCT subject) FILTER (WHERE type = 'financing_request.accept') AS approved,
        count(*) FILTER (WHERE type = 'loan.disburse') AS disbursed,
        count(*) FILTER (WHERE type = 'loan.default') AS defaulted,
        (SELECT count(*) FROM called WHERE loss IS NOT NULL OR repaid) AS resolved,
        (SELECT coalesce(sum((outstanding - coalesce(loss, 0)) / nullif(outstanding, 0)), 0)
         FROM called WHERE loss IS NOT NULL OR repaid) AS recovered
    FROM told
    """  # noqa: S608 - built from a constant
)


async def financing_figures(session: AsyncSession, since: date, until: date) -> FinancingFigures:
    """Figures of the requests and loans that began from a day up to another, in UTC."""
    values = {"since": start_of(since), "until": start_of(until)}
    stages = await fetch(session, _STAGES, **values)
    ends = (await fetch(session, _ENDS, **values))[0]
    return FinancingFigures(
        since=since,
        until=until,
        stages=[StageRead.model_validate(row) for row in stages],
        approval=_rate(ends.approved, ends.requested),
        default=_rate(ends.defaulted, ends.disbursed),
        recovery=_rate(ends.recovered, ends.resolved),
    )


def _rate(part: float, whole: int) -> RateRead:
    points = round(10_000 * float(part) / whole) if whole else None
    return RateRead(of=whole, basis_points=points)
