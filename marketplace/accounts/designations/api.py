from typing import Annotated
from uuid import UUID

from fastapi import Depends, status

from marketplace.accounts.access import Allowed
from marketplace.accounts.actors import Actor
from marketplace.accounts.calendar import Today, Zone
from marketplace.accounts.designations import queries, service
from marketplace.accounts.designations.errors import (
    DesignationExistsError,
    DesignationOverlapError,
    InvalidStepDateError,
    NotDesignableError,
)
from marketplace.accounts.designations.models import Designation
from marketplace.accounts.designations.schemas import (
    DesignationApply,
    DesignationDetail,
    DesignationRead,
    PeriodRead,
    Step,
    StepRead,
    SuspensionStep,
)
from marketplace.accounts.errors import InvalidTokenError, PermissionMissingError
from marketplace.accounts.permissions import Permission
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.lifecycle import IllegalMoveError, NotYourMoveError
from marketplace.kernel.pagination import Cursor, InvalidCursorError, Limit
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router
from marketplace.kernel.schemas import Page

router = transactional_router(prefix="/v1/designations", tags=["designations"])

Reader = Annotated[Actor, Depends(Allowed(Permission.READ))]
Manager = Annotated[Actor, Depends(Allowed(Permission.MANAGE_ORGANISATION))]
Operator = Annotated[Actor, Depends(Allowed(Permission.OPERATE_ORGANISATIONS))]
ManagerOrOperator = Annotated[
    Actor, Depends(Allowed(Permission.MANAGE_ORGANISATION, Permission.OPERATE_ORGANISATIONS))
]
STEP_ERRORS = problems(
    InvalidTokenError,
    PermissionMissingError,
    NotFoundError,
    IllegalMoveError,
    NotYourMoveError,
    InvalidStepDateError,
    DesignationOverlapError,
)


async def _detail(session: Session, designation: Designation) -> DesignationDetail:
    steps = await queries.steps_of(session, designation.id)
    periods = await queries.periods_of(session, designation.id)
    return DesignationDetail(
        **DesignationRead.model_validate(designation).model_dump(),
        steps=[StepRead.model_validate(step) for step in steps],
        periods=[PeriodRead.model_validate(period) for period in periods],
    )


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    responses=problems(
        InvalidTokenError, PermissionMissingError, NotDesignableError, DesignationExistsError
    ),
)
async def apply_for_designation(
    request: DesignationApply, actor: Manager, session: Session, today: Today
) -> DesignationDetail:
    """Apply for designation of your organisation as a valuation institution."""
    designation = await service.apply(session, request, today=today, actor=actor)
    return await _detail(session, designation)


@router.get("", responses=problems(InvalidTokenError, InvalidCursorError))
async def designations(
    actor: Reader, session: Session, cursor: Cursor = None, limit: Limit = 20
) -> Page[DesignationRead]:
    """Your organisation's designations and applications; all of them for an operator."""
    found, following = await queries.designations_of(session, actor, cursor=cursor, limit=limit)
    return Page(items=[DesignationRead.model_validate(one) for one in found], next=following)


@router.get("/{designation_id}", responses=problems(InvalidTokenError, NotFoundError))
async def get_designation(
    designation_id: UUID, actor: Reader, session: Session
) -> DesignationDetail:
    """A designation with its steps, and what was in force from when to when."""
    return await _detail(
        session, await queries.get_designation(session, designation_id, actor=actor)
    )


@router.post("/{designation_id}/inspect", responses=STEP_ERRORS)
async def inspect_applicant(
    designation_id: UUID, request: Step, actor: Operator, session: Session, today: Today
) -> DesignationDetail:
    """Operator: experts, organisation and facilities were inspected."""
    return await _take(session, designation_id, "inspect", request, actor, today)


@router.post("/{designation_id}/review", responses=STEP_ERRORS)
async def review_applicant(
    designation_id: UUID, request: Step, actor: Operator, session: Session, today: Today
) -> DesignationDetail:
    """Operator: the committee reviewed the application."""
    return await _take(session, designation_id, "review", request, actor, today)


@router.post("/{designation_id}/designate", responses=STEP_ERRORS)
async def designate(
    designation_id: UUID, request: Step, actor: Operator, session: Session, today: Today
) -> DesignationDetail:
    """Operator: designate the institution, from the day of the public notice."""
    return await _take(session, designation_id, "designate", request, actor, today)


@router.post("/{designation_id}/reject", responses=STEP_ERRORS)
async def reject_applicant(
    designation_id: UUID, request: Step, actor: Operator, session: Session, today: Today
) -> DesignationDetail:
    """Operator: refuse the application; the organisation may apply again."""
    return await _take(session, designation_id, "reject", request, actor, today)


@router.post("/{designation_id}/abandon", responses=STEP_ERRORS)
async def abandon_application(
    designation_id: UUID, request: Step, actor: Manager, session: Session, today: Today
) -> DesignationDetail:
    """Take your organisation's application back before it is decided."""
    return await _take(session, designation_id, "abandon", request, actor, today)


@router.post("/{designation_id}/suspend", responses=STEP_ERRORS)
async def suspend_designation(
    designation_id: UUID,
    request: SuspensionStep,
    actor: Operator,
    session: Session,
    today: Today,
    zone: Zone,
) -> DesignationDetail:
    """Operator: suspend a designated institution until a day, on which it is reinstated."""
    designation = await service.suspend(
        session, designation_id, request, today=today, zone=zone, actor=actor
    )
    return await _detail(session, designation)


@router.post("/{designation_id}/reinstate", responses=STEP_ERRORS)
async def reinstate_designation(
    designation_id: UUID, request: Step, actor: Operator, session: Session, today: Today
) -> DesignationDetail:
    """Operator: end a suspension early."""
    return await _take(session, designation_id, "reinstate", request, actor, today)


@router.post("/{designation_id}/withdraw", responses=STEP_ERRORS)
async def withdraw_designation(
    designation_id: UUID,
    request: Step,
    actor: ManagerOrOperator,
    session: Session,
    today: Today,
) -> DesignationDetail:
    """Give your designation back; or, for the operator, take it away. Its history stays."""
    return await _take(session, designation_id, "withdraw", request, actor, today)


async def _take(
    session: Session, designation_id: UUID, name: str, request: Step, actor: Actor, today: Today
) -> DesignationDetail:
    designation = await service.take_step(
        session, designation_id, name, request, today=today, actor=actor
    )
    return await _detail(session, designation)
