from uuid import UUID

from fastapi import status

from marketplace.accounts.errors import InvalidTokenError, PermissionMissingError
from marketplace.deals.access import MOVE_ERRORS, Performer, Reader
from marketplace.deals.licences.models import Licence
from marketplace.deals.licences.queries import get_licence
from marketplace.deals.royalties import filing, interest, paying
from marketplace.deals.royalties.errors import (
    EarlierReportMissingError,
    InvalidFiguresError,
    LateInterestInPastError,
    LateInterestOverlapError,
    NothingChangedError,
    RoyaltyCeasedError,
)
from marketplace.deals.royalties.models import LateInterestRate
from marketplace.deals.royalties.queries import get_report, interest_rates, reports_due, reports_of
from marketplace.deals.royalties.reading import (
    read_payments,
    read_report,
    read_report_detail,
    read_statement,
)
from marketplace.deals.royalties.schemas import (
    FiguresFile,
    LateInterestRead,
    LateInterestSet,
    ReportDetail,
    ReportDispute,
    ReportRead,
    RoyaltyPaymentRead,
    StatementRead,
)
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.money import UnknownCurrencyError
from marketplace.kernel.pagination import Limit
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router
from marketplace.payments.access import Operator as PaymentOperator
from marketplace.payments.access import Ways
from marketplace.payments.errors import RequestNotOpenError

router = transactional_router(prefix="/v1", tags=["royalties"])
READ_ERRORS = problems(InvalidTokenError, NotFoundError)
FILE_ERRORS = (*MOVE_ERRORS, InvalidFiguresError, RoyaltyCeasedError, RequestNotOpenError)


@router.get("/royalty-reports", responses=problems(InvalidTokenError))
async def due_royalty_reports(
    actor: Reader, session: Session, limit: Limit = 20
) -> list[ReportRead]:
    """Periods that wait for your figures, the most urgent first; of everybody for an operator."""
    found = await reports_due(session, actor, limit=limit)
    return [read_report(licence, report, actor) for report, licence in found]


@router.get("/licences/{licence_id}/royalty-reports", responses=READ_ERRORS)
async def licence_royalty_reports(
    licence_id: UUID, actor: Reader, session: Session
) -> list[ReportRead]:
    """Every period of a licence so far: what is awaited by when, and what was told."""
    licence = await get_licence(session, licence_id, actor=actor)
    reports = await reports_of(session, licence.id)
    return [read_report(licence, report, actor) for report in reports]


@router.get("/royalty-reports/{report_id}", responses=READ_ERRORS)
async def get_royalty_report(report_id: UUID, actor: Reader, session: Session) -> ReportDetail:
    """A period's figures in every version, and what the present ones come to."""
    report, licence = await get_report(session, report_id, actor=actor)
    return await read_report_detail(session, licence, report, actor)


@router.post(
    "/royalty-reports/{report_id}/file",
    responses=problems(*FILE_ERRORS, EarlierReportMissingError),
)
async def file_royalty_report(
    report_id: UUID, request: FiguresFile, actor: Performer, session: Session
) -> ReportDetail:
    """Licensee: tell the figures of a period by right and territory; then you are asked to pay.

    Figures of a territory go up to the day on which the last licensed right ceased there.
    """
    report = await filing.file(session, report_id, request, actor=actor)
    licence = await session.get_one(Licence, report.licence_id)
    return await read_report_detail(session, licence, report, actor)


@router.post(
    "/royalty-reports/{report_id}/correct", responses=problems(*FILE_ERRORS, NothingChangedError)
)
async def correct_royalty_report(
    report_id: UUID, request: FiguresFile, actor: Performer, session: Session
) -> ReportDetail:
    """Licensee: tell other figures, as the next version. Only differences are booked.

    They may be differences of later periods too: tiers and minimums go on from what came before.
    """
    report = await filing.correct(session, report_id, request, actor=actor)
    licence = await session.get_one(Licence, report.licence_id)
    return await read_report_detail(session, licence, report, actor)


@router.post("/royalty-reports/{report_id}/accept", responses=problems(*MOVE_ERRORS))
async def accept_royalty_report(report_id: UUID, actor: Performer, session: Session) -> ReportRead:
    """Licensor: take the figures as told; after ninety days the clock does."""
    report = await filing.accept(session, report_id, actor=actor)
    return read_report(await session.get_one(Licence, report.licence_id), report, actor)


@router.post("/royalty-reports/{report_id}/dispute", responses=problems(*MOVE_ERRORS))
async def dispute_royalty_report(
    report_id: UUID, request: ReportDispute, actor: Performer, session: Session
) -> ReportRead:
    """Licensor: say that the figures are wrong. What they come to stays due meanwhile."""
    report = await filing.dispute(session, report_id, request.reason, actor=actor)
    return read_report(await session.get_one(Licence, report.licence_id), report, actor)


@router.get("/licences/{licence_id}/royalty-statement", responses=READ_ERRORS)
async def royalty_statement(
    licence_id: UUID, actor: Reader, session: Session, ways: Ways
) -> StatementRead:
    """The running account of a licence: every charge and payment, and how to pay what is open."""
    licence = await get_licence(session, licence_id, actor=actor)
    return await read_statement(session, licence, actor, ways)


@router.post("/royalty-payments/{royalty_payment_id}/request", responses=problems(*MOVE_ERRORS))
async def request_royalty_payment(
    royalty_payment_id: UUID, actor: Performer, session: Session, ways: Ways
) -> RoyaltyPaymentRead:
    """Either side: ask again, under a new reference, for a payment that did not come in time."""
    licence, payment = await paying.request(session, royalty_payment_id, actor=actor)
    return (await read_payments(session, licence, [payment], actor, ways))[0]


@router.post(
    "/royalty-payments/{royalty_payment_id}/waive",
    responses=problems(*MOVE_ERRORS, RequestNotOpenError),
)
async def waive_royalty_payment(
    royalty_payment_id: UUID, actor: Performer, session: Session, ways: Ways
) -> RoyaltyPaymentRead:
    """Licensor: do without a payment; what it was asked for counts as settled."""
    licence, payment = await paying.waive(session, royalty_payment_id, actor=actor)
    return (await read_payments(session, licence, [payment], actor, ways))[0]


@router.get(
    "/late-interest-rates",
    response_model=list[LateInterestRead],
    responses=problems(InvalidTokenError),
)
async def late_interest_rates(_: Reader, session: Session) -> object:
    """What royalties cost that are paid late: simple interest by ACT/365, over time."""
    return await interest_rates(session)


@router.post(
    "/late-interest-rates",
    status_code=status.HTTP_201_CREATED,
    response_model=LateInterestRead,
    responses=problems(
        InvalidTokenError,
        PermissionMissingError,
        LateInterestInPastError,
        LateInterestOverlapError,
        UnknownCurrencyError,
    ),
)
async def set_late_interest_rate(
    request: LateInterestSet, actor: PaymentOperator, session: Session
) -> LateInterestRate:
    """Operator: begin another rate of a currency; the one before ends on that day."""
    return await interest.set_rate(session, request, actor=actor)
