from typing import Final
from uuid import UUID

from fastapi import status
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.actors import Actor
from marketplace.accounts.calendar import Today, Zone
from marketplace.accounts.designations.errors import InvalidStepDateError
from marketplace.accounts.errors import InvalidTokenError, PermissionMissingError
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.pagination import Cursor, InvalidCursorError, Limit
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router
from marketplace.kernel.schemas import Page
from marketplace.valuation.access import (
    MOVE_ERRORS,
    ClientOrOperator,
    Heard,
    Operator,
    Reader,
    Valuer,
)
from marketplace.valuation.validity import queries, service
from marketplace.valuation.validity.errors import (
    AppealTimeError,
    HearingRunningError,
    OpinionGivenError,
    OwnReportError,
    ReportNotDeliveredError,
    UnfitSanctionError,
    ValidityOpenError,
)
from marketplace.valuation.validity.models import ValiditySurvey
from marketplace.valuation.validity.schemas import (
    AppealMake,
    DecisionWrite,
    FindingWrite,
    OpinionGive,
    ValidityListed,
    ValidityRead,
    ValidityRequest,
)

router = transactional_router(prefix="/v1/valuation/validity-surveys", tags=["valuation quality"])
_EFFECTS: Final = (*MOVE_ERRORS, AppealTimeError, InvalidStepDateError)


async def _read(session: AsyncSession, survey: ValiditySurvey, actor: Actor) -> ValidityRead:
    await session.flush()
    return await queries.read_validity(session, survey, actor)


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    responses=problems(
        InvalidTokenError,
        PermissionMissingError,
        NotFoundError,
        OwnReportError,
        ReportNotDeliveredError,
        ValidityOpenError,
    ),
)
async def request_validity_survey(
    request: ValidityRequest, actor: ClientOrOperator, session: Session
) -> ValidityRead:
    """Client or operator: ask whether a report that you may read follows the standard."""
    survey = await service.request_survey(session, request.report_id, request.ground, actor=actor)
    return await _read(session, survey, actor)


@router.get("", responses=problems(InvalidTokenError, InvalidCursorError))
async def validity_surveys(
    actor: Reader, session: Session, cursor: Cursor = None, limit: Limit = 20
) -> Page[ValidityListed]:
    """Validity surveys that concern you: of your reports, for you, or asked for by you."""
    found, following = await queries.surveys_for(session, actor, cursor=cursor, limit=limit)
    return Page(items=[queries.read_listed(one, actor) for one in found], next=following)


@router.get("/{survey_id}", responses=problems(InvalidTokenError, NotFoundError))
async def validity_survey(survey_id: UUID, actor: Reader, session: Session) -> ValidityRead:
    """A validity survey: the ground, what everybody said, the finding and the appeal."""
    survey = await queries.get_validity(session, survey_id, actor=actor)
    return await queries.read_validity(session, survey, actor)


@router.post(
    "/{survey_id}/opinion",
    responses=problems(InvalidTokenError, PermissionMissingError, NotFoundError, OpinionGivenError),
)
async def give_validity_opinion(
    survey_id: UUID, request: OpinionGive, actor: Heard, session: Session
) -> ValidityRead:
    """Institution, client or who asked: be heard before anything is found."""
    survey = await service.give_opinion(session, survey_id, request.opinion, actor=actor)
    return await _read(session, survey, actor)


@router.post("/{survey_id}/withdraw", responses=problems(*MOVE_ERRORS))
async def withdraw_validity_survey(
    survey_id: UUID, request: DecisionWrite, actor: ClientOrOperator, session: Session
) -> ValidityRead:
    """Who asked for it: do without."""
    survey = await service.end_hearing(
        session, survey_id, "withdraw", request.decision, actor=actor
    )
    return await _read(session, survey, actor)


@router.post("/{survey_id}/dismiss", responses=problems(*MOVE_ERRORS))
async def dismiss_validity_survey(
    survey_id: UUID, request: DecisionWrite, actor: Operator, session: Session
) -> ValidityRead:
    """Operator: there is nothing to look into."""
    survey = await service.end_hearing(session, survey_id, "dismiss", request.decision, actor=actor)
    return await _read(session, survey, actor)


@router.post(
    "/{survey_id}/find",
    responses=problems(*MOVE_ERRORS, HearingRunningError, UnfitSanctionError),
)
async def find_validity(
    survey_id: UUID, request: FindingWrite, actor: Operator, session: Session, today: Today
) -> ValidityRead:
    """Operator: say whether the standard was followed, and what a breach leads to."""
    survey = await service.find(session, survey_id, request, today=today, actor=actor)
    return await _read(session, survey, actor)


@router.post("/{survey_id}/appeal", responses=problems(*MOVE_ERRORS, AppealTimeError))
async def appeal_validity(
    survey_id: UUID, request: AppealMake, actor: Valuer, session: Session
) -> ValidityRead:
    """Institution: appeal against a finding, within thirty days."""
    survey = await service.appeal(session, survey_id, request.appeal, actor=actor)
    return await _read(session, survey, actor)


@router.post("/{survey_id}/enforce", responses=problems(*_EFFECTS))
async def enforce_validity(
    survey_id: UUID, actor: Operator, session: Session, today: Today, zone: Zone
) -> ValidityRead:
    """Operator: let a finding take effect that nobody appealed against."""
    survey = await service.enforce(session, survey_id, today=today, zone=zone, actor=actor)
    return await _read(session, survey, actor)


@router.post("/{survey_id}/uphold", responses=problems(*_EFFECTS))
async def uphold_validity(
    survey_id: UUID,
    request: DecisionWrite,
    actor: Operator,
    session: Session,
    today: Today,
    zone: Zone,
) -> ValidityRead:
    """Operator: the appeal is not right; the finding takes effect."""
    survey = await service.decide_appeal(
        session, survey_id, "uphold", request.decision, today=today, zone=zone, actor=actor
    )
    return await _read(session, survey, actor)


@router.post("/{survey_id}/overturn", responses=problems(*MOVE_ERRORS))
async def overturn_validity(
    survey_id: UUID,
    request: DecisionWrite,
    actor: Operator,
    session: Session,
    today: Today,
    zone: Zone,
) -> ValidityRead:
    """Operator: the appeal is right; the finding has no effect."""
    survey = await service.decide_appeal(
        session, survey_id, "overturn", request.decision, today=today, zone=zone, actor=actor
    )
    return await _read(session, survey, actor)
