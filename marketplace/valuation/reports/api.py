from uuid import UUID

from fastapi import Request, Response, status

from marketplace.accounts.access import Keys
from marketplace.accounts.calendar import Today
from marketplace.accounts.errors import InvalidTokenError
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.money import UnknownCurrencyError
from marketplace.kernel.problems import problems
from marketplace.kernel.representations import PDF_CONTENT, attachment
from marketplace.kernel.routing import Session, transactional_router
from marketplace.kernel.schemas import Amount
from marketplace.valuation.access import MOVE_ERRORS, Reader, Valuer
from marketplace.valuation.assignments.errors import ConflictOfInterestError, StandingLostError
from marketplace.valuation.errors import (
    IMPOSSIBLE,
    ConventionExcludedError,
    ModelNotAllowedError,
)
from marketplace.valuation.reports import service
from marketplace.valuation.reports.errors import (
    ReportStraysError,
    ReportSupersededError,
    ValueFrozenError,
    ValueUnsupportedError,
)
from marketplace.valuation.reports.models import ValuationReport
from marketplace.valuation.reports.queries import get_report
from marketplace.valuation.reports.rendering import render
from marketplace.valuation.reports.schemas import ReportCorrect, ReportRead, ReportWrite
from marketplace.valuation.reports.signed import content

router = transactional_router(prefix="/v1/valuation", tags=["valuation reports"])

_REFUSALS = (
    *MOVE_ERRORS,
    StandingLostError,
    ConflictOfInterestError,
    ReportStraysError,
    ValueUnsupportedError,
    ModelNotAllowedError,
    ConventionExcludedError,
    UnknownCurrencyError,
    *IMPOSSIBLE,
)


def read_report(report: ValuationReport) -> ReportRead:
    own = {
        name: getattr(report, name)
        for name in ReportRead.model_fields.keys() & ValuationReport.model_fields.keys()
    }
    value, low, high = (
        Amount(amount_minor=minor, currency=report.currency)
        for minor in (report.point_minor, report.low_minor, report.high_minor)
    )
    return ReportRead(**own, value=value, low=low, high=high, content=content(report.jws))


@router.post(
    "/assignments/{assignment_id}/report",
    status_code=status.HTTP_201_CREATED,
    responses=problems(*_REFUSALS),
)
async def write_valuation_report(
    assignment_id: UUID,
    body: ReportWrite,
    actor: Valuer,
    session: Session,
    keys: Keys,
    request: Request,
    today: Today,
) -> ReportRead:
    """Institution: hand the report of a case in. It is computed, signed and never changed.

    With the last report that was wanted, the order is delivered to its client.
    """
    issuer = request.app.state.settings.issuer
    report = await service.write_report(
        session, keys, issuer, assignment_id, body, today=today, actor=actor
    )
    return read_report(report)


@router.post(
    "/reports/{valuation_report_id}/correct",
    status_code=status.HTTP_201_CREATED,
    responses=problems(*_REFUSALS, ReportSupersededError, ValueFrozenError),
)
async def correct_valuation_report(
    valuation_report_id: UUID,
    body: ReportCorrect,
    actor: Valuer,
    session: Session,
    keys: Keys,
    request: Request,
    today: Today,
) -> ReportRead:
    """Institution: sign a corrected version. The one before stays, and is named by it.

    Its value changes only once it is delivered, and the days of acceptance begin anew then. Where
    two values come to lie too far apart, the order is opened again for a third; after the
    acceptance such a correction is refused.
    """
    issuer = request.app.state.settings.issuer
    report = await service.correct_report(
        session, keys, issuer, valuation_report_id, body, today=today, actor=actor
    )
    return read_report(report)


@router.get("/reports/{valuation_report_id}", responses=problems(InvalidTokenError, NotFoundError))
async def valuation_report(
    valuation_report_id: UUID, actor: Reader, session: Session
) -> ReportRead:
    """A report: its author's own, and its client's once the order is delivered."""
    return read_report(await get_report(session, valuation_report_id, actor=actor))


@router.get(
    "/reports/{valuation_report_id}/pdf",
    response_class=Response,
    responses={200: {"content": PDF_CONTENT}, **problems(InvalidTokenError, NotFoundError)},
)
async def valuation_report_pdf(
    valuation_report_id: UUID, actor: Reader, session: Session
) -> Response:
    """The report on paper; the file holds the signed content in its keywords."""
    report = await get_report(session, valuation_report_id, actor=actor)
    headers = attachment(f"valuation-{report.id}.pdf")
    return Response(render(report.jws), headers=headers, media_type="application/pdf")
