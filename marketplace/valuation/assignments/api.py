from typing import Annotated
from uuid import UUID

from fastapi import Query
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.actors import Actor
from marketplace.accounts.calendar import Today, Zone
from marketplace.accounts.errors import InvalidTokenError, PermissionMissingError
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.pagination import Cursor, InvalidCursorError, Limit
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router
from marketplace.kernel.schemas import Page
from marketplace.valuation.access import MOVE_ERRORS, Operator, Reader, Valuer, ValuerOrOperator
from marketplace.valuation.assignments import engine, queries, service
from marketplace.valuation.assignments.access import get_assignment, lock_case, role_in
from marketplace.valuation.assignments.errors import (
    ConflictOfInterestError,
    PauseUsedUpError,
    StandingLostError,
)
from marketplace.valuation.assignments.lifecycle import AssignmentState
from marketplace.valuation.assignments.models import ValuationAssignment
from marketplace.valuation.assignments.schemas import (
    AssignmentListed,
    AssignmentRead,
    DecisionRead,
    JudgementRead,
    Reason,
    ReplayRead,
)
from marketplace.valuation.orders.access import get_order

router = transactional_router(prefix="/v1/valuation", tags=["valuation assignments"])

InState = Annotated[AssignmentState | None, Query(description="left out: in every state")]


async def _read(
    session: AsyncSession, assignment: ValuationAssignment, actor: Actor
) -> AssignmentRead:
    await session.flush()
    return await queries.read_assignment(session, assignment, actor)


@router.get("/assignments", responses=problems(InvalidTokenError, InvalidCursorError))
async def valuation_assignments(
    actor: Reader,
    session: Session,
    state: InState = None,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> Page[AssignmentListed]:
    """Cases that your institution was asked for, newest first; for an operator everybody's."""
    found, following = await queries.assignments_for(
        session, actor, state, cursor=cursor, limit=limit
    )
    return Page(items=[queries.read_listed(one, actor) for one in found], next=following)


@router.get("/assignments/{assignment_id}", responses=problems(InvalidTokenError, NotFoundError))
async def valuation_assignment(
    assignment_id: UUID, actor: Reader, session: Session
) -> AssignmentRead:
    """A case of yours: what is to be valued for whom, the fee, and until when."""
    assignment = await get_assignment(session, assignment_id, actor=actor)
    return await queries.read_assignment(session, assignment, actor)


@router.post(
    "/assignments/{assignment_id}/accept",
    responses=problems(*MOVE_ERRORS, ConflictOfInterestError, StandingLostError),
)
async def accept_assignment(
    assignment_id: UUID, actor: Valuer, session: Session, today: Today, zone: Zone
) -> AssignmentRead:
    """Institution: take a case. Your standing and conflicts of interest are looked at once more."""
    order, assignment = await lock_case(session, assignment_id, actor)
    await service.accept(session, order, assignment, today=today, zone=zone, actor=actor)
    return await _read(session, assignment, actor)


@router.post("/assignments/{assignment_id}/decline", responses=problems(*MOVE_ERRORS))
async def decline_assignment(
    assignment_id: UUID, request: Reason, actor: Valuer, session: Session
) -> AssignmentRead:
    """Institution: do without a case; the next institution is asked."""
    order, assignment = await lock_case(session, assignment_id, actor)
    role = role_in(assignment, actor)
    await service.decline(session, order, assignment, role=role, actor=actor, reason=request.reason)
    return await _read(session, assignment, actor)


@router.post(
    "/assignments/{assignment_id}/pause", responses=problems(*MOVE_ERRORS, PauseUsedUpError)
)
async def pause_assignment(
    assignment_id: UUID, request: Reason, actor: Valuer, session: Session
) -> AssignmentRead:
    """Institution: stop the clock while you wait for documents, as long as the policy lets."""
    order, assignment = await lock_case(session, assignment_id, actor)
    role = role_in(assignment, actor)
    await service.pause(session, order, assignment, role=role, actor=actor, reason=request.reason)
    return await _read(session, assignment, actor)


@router.post("/assignments/{assignment_id}/resume", responses=problems(*MOVE_ERRORS))
async def resume_assignment(
    assignment_id: UUID, actor: ValuerOrOperator, session: Session
) -> AssignmentRead:
    """Institution or operator: go on; what the pause took is added to the time for the work."""
    order, assignment = await lock_case(session, assignment_id, actor)
    role = role_in(assignment, actor)
    await service.resume(session, order, assignment, role=role, actor=actor)
    return await _read(session, assignment, actor)


@router.post("/assignments/{assignment_id}/resign", responses=problems(*MOVE_ERRORS))
async def resign_assignment(
    assignment_id: UUID, request: Reason, actor: Valuer, session: Session
) -> AssignmentRead:
    """Institution: give an accepted case back; another institution is asked."""
    order, assignment = await lock_case(session, assignment_id, actor)
    role = role_in(assignment, actor)
    await service.resign(session, order, assignment, role=role, actor=actor, reason=request.reason)
    return await _read(session, assignment, actor)


@router.post("/assignments/{assignment_id}/reassign", responses=problems(*MOVE_ERRORS))
async def reassign_assignment(
    assignment_id: UUID, actor: Operator, session: Session
) -> AssignmentRead:
    """Operator: take a case away and ask another institution. Being late, time does it too."""
    order, assignment = await lock_case(session, assignment_id, actor)
    role = role_in(assignment, actor)
    await service.reassign(session, order, assignment, role=role, actor=actor)
    return await _read(session, assignment, actor)


@router.get(
    "/orders/{order_id}/decisions",
    responses=problems(InvalidTokenError, PermissionMissingError, NotFoundError),
)
async def valuation_decisions(
    order_id: UUID, actor: Operator, session: Session
) -> list[DecisionRead]:
    """Operator: every draw of an order: all candidates, the reasons, the seed and who was drawn."""
    order = await get_order(session, order_id, actor=actor)
    found = await queries.decisions_of(session, order.id)
    return [queries.read_decision(one) for one in found]


@router.post(
    "/decisions/{decision_id}/replay",
    responses=problems(InvalidTokenError, PermissionMissingError, NotFoundError),
)
async def replay_decision(decision_id: UUID, actor: Operator, session: Session) -> ReplayRead:
    """Operator: decide again with the stored facts and seed, and compare. Nothing is changed."""
    decision = await engine.get_decision(session, decision_id)
    again = engine.replay(decision)
    return ReplayRead(
        decision_id=decision.id,
        same=engine.is_same(decision, again),
        institution_id=UUID(again.chosen) if again.chosen else None,
        judgements=[JudgementRead.model_validate(one.as_json()) for one in again.judgements],
    )
