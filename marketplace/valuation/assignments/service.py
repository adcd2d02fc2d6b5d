"""What an institution, the operator and time do with a case that an institution was asked for.

The order is locked before its assignment, always.
"""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.actors import Actor
from marketplace.accounts.calendar import midnight
from marketplace.kernel.db import now
from marketplace.kernel.lifecycle import Identity, move
from marketplace.valuation.assignments.engine import require_fit_to_begin
from marketplace.valuation.assignments.errors import PauseUsedUpError
from marketplace.valuation.assignments.lifecycle import INSTITUTION
from marketplace.valuation.assignments.models import ValuationAssignment
from marketplace.valuation.orders.lifecycle import OrderState
from marketplace.valuation.orders.models import ValuationOrder
from marketplace.valuation.policies.models import AssignmentPolicy


async def accept(
    session: AsyncSession,
    order: ValuationOrder,
    assignment: ValuationAssignment,
    *,
    today: date,
    zone: ZoneInfo,
    actor: Actor,
) -> None:
    """Take a case; from now on the time for the work runs.

    Raises:
        IllegalMoveError, NotYourMoveError: it was answered, or taken away.
        StandingLostError: it is not designated today, or suspended.
        ConflictOfInterestError: what stands between them came about since the draw.
    """
    policy = await session.get_one(AssignmentPolicy, order.policy_id)
    due_at = work_until(order, policy, now(session), zone)
    move(session, assignment, "accept", role=INSTITUTION, actor=actor, due_at=due_at)
    assignment.work_due_at = due_at
    await require_fit_to_begin(session, order, assignment.institution_id, on=today)


def work_until(
    order: ValuationOrder, policy: AssignmentPolicy, at: datetime, zone: ZoneInfo
) -> datetime:
    """The end of the order's deadline, or where that leaves not half of the usual days, those."""
    usual = timedelta(days=policy.work_days)
    deadline = midnight(order.deadline + timedelta(days=1), zone)
    return at + usual if deadline - at < usual / 2 else min(at + usual, deadline)


async def decline(
    session: AsyncSession,
    order: ValuationOrder,
    assignment: ValuationAssignment,
    *,
    role: str,
    actor: Identity,
    reason: str,
) -> None:
    """Do without a case; the next institution is asked."""
    move(session, assignment, "decline", role=role, actor=actor)
    assignment.reason = reason
    _seek(session, order)


async def lapse(
    session: AsyncSession,
    order: ValuationOrder,
    assignment: ValuationAssignment,
    *,
    role: str,
    actor: Identity,
) -> None:
    """No answer came within the policy's hours; the next institution is asked."""
    move(session, assignment, "lapse", role=role, actor=actor)
    _seek(session, order)


async def resign(
    session: AsyncSession,
    order: ValuationOrder,
    assignment: ValuationAssignment,
    *,
    role: str,
    actor: Identity,
    reason: str,
) -> None:
    """Give an accepted case back; another institution is asked."""
    move(session, assignment, "resign", role=role, actor=actor)
    assignment.reason = reason
    _seek(session, order)


async def reassign(
    session: AsyncSession,
    order: ValuationOrder,
    assignment: ValuationAssignment,
    *,
    role: str,
    actor: Identity,
) -> None:
    """Take a case away that is late, or by the operator any; another institution is asked."""
    move(session, assignment, "reassign", role=role, actor=actor)
    _seek(session, order)


async def hand_on(
    session: AsyncSession,
    order: ValuationOrder,
    assignment: ValuationAssignment,
    *,
    role: str,
    actor: Identity,
) -> None:
    """Its institution may not value any more: another one is asked."""
    move(session, assignment, "hand_on", role=role, actor=actor)
    _seek(session, order)


async def escalate(
    session: AsyncSession,
    order: ValuationOrder,
    assignment: ValuationAssignment,
    *,
    role: str,
    actor: Identity,
) -> None:
    """The time for the work is over: the institution and the operator are told."""
    move(session, assignment, "escalate", role=role, actor=actor, order_id=order.id)


async def pause(
    session: AsyncSession,
    order: ValuationOrder,
    assignment: ValuationAssignment,
    *,
    role: str,
    actor: Identity,
    reason: str,
) -> None:
    """Stop the clock while documents are waited for, at most as long as the policy lets.

    Raises:
        PauseUsedUpError: it was paused that long before.
    """
    policy = await session.get_one(AssignmentPolicy, order.policy_id)
    left = timedelta(days=policy.pause_days_max) - timedelta(seconds=assignment.paused_seconds)
    assignment.lifecycle.step(assignment.state, "pause", role=role)
    if left <= timedelta(0):
        raise PauseUsedUpError
    move(session, assignment, "pause", role=role, actor=actor, due_at=now(session) + left)
    assignment.paused_at = now(session)
    assignment.reason = reason


async def resume(
    session: AsyncSession,
    order: ValuationOrder,
    assignment: ValuationAssignment,
    *,
    role: str,
    actor: Identity,
) -> None:
    """Go on: what the pause took is added to the time for the work, and to that of the order."""
    assignment.lifecycle.step(assignment.state, "resume", role=role)
    assert assignment.paused_at
    assert assignment.work_due_at
    paused = now(session) - assignment.paused_at
    due_at = assignment.work_due_at + paused
    move(session, assignment, "resume", role=role, actor=actor, due_at=due_at)
    assignment.work_due_at = due_at
    assignment.paused_seconds += round(paused.total_seconds())
    assignment.paused_at = None
    if order.state is OrderState.OPEN and order.due_at is not None:
        order.due_at += paused


def _seek(session: AsyncSession, order: ValuationOrder) -> None:
    if order.state is OrderState.OPEN:
        order.seek_at = now(session)
