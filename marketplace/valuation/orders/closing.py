"""How orders that are paid for end: delivered and accepted, withdrawn, or given up.

The order is locked before its assignments, always.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.kernel.db import mark_locked, now
from marketplace.kernel.events import publish
from marketplace.kernel.lifecycle import BY_SYSTEM, SYSTEM, Identity, move
from marketplace.valuation.assignments.lifecycle import LIVE, AssignmentState
from marketplace.valuation.assignments.models import ValuationAssignment
from marketplace.valuation.assignments.rules import spread_basis_points
from marketplace.valuation.orders.errors import AlreadyAcceptedError
from marketplace.valuation.orders.lifecycle import GRACE, OrderState
from marketplace.valuation.orders.models import ValuationOrder
from marketplace.valuation.orders.payments import give_back, pay_fee
from marketplace.valuation.orders.service import PAIR, ends_at
from marketplace.valuation.policies.models import AssignmentPolicy
from marketplace.valuation.reports.errors import ValueFrozenError
from marketplace.valuation.reports.queries import newest_of

REPORTED = AssignmentState.REPORTED
REPORTS = frozenset({REPORTED, AssignmentState.RELEASED})
"""What was handed in and counts."""


async def assignments_of(
    session: AsyncSession, order: ValuationOrder
) -> Sequence[ValuationAssignment]:
    """All that were ever asked for an order, held until the end of the transaction."""
    query = (
        select(ValuationAssignment)
        .where(col(ValuationAssignment.order_id) == order.id)
        .order_by(col(ValuationAssignment.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    await session.flush()
    found = (await session.execute(query)).scalars().all()
    for assignment in found:
        mark_locked(session, assignment)
    return found


async def deliver_when_complete(session: AsyncSession, order: ValuationOrder) -> None:
    """With the last report, show all of them to the client; or ask a third valuer before.

    The third is asked when two lie further apart than the policy allows. Its fee is held already.
    """
    found = await assignments_of(session, order)
    reported = [one for one in found if one.state is REPORTED]
    if order.state is not OrderState.OPEN or len(reported) < order.wanted:
        return
    await _note_spread(session, order, reported)
    if await _calls_for_third(session, order):
        _widen(session, order)
    else:
        await _deliver(session, order, role=SYSTEM, actor=BY_SYSTEM)


async def look_again(session: AsyncSession, order: ValuationOrder) -> None:
    """A delivered value was corrected: the client's days to accept it begin anew.

    A pair that has come to lie too far apart is taken back, until a third valuer has reported.

    Raises:
        ValueFrozenError: the pair was accepted, so that no third is asked any more.
    """
    found = await assignments_of(session, order)
    await _note_spread(session, order, [one for one in found if one.state in REPORTS])
    is_delivered = order.state is OrderState.DELIVERED
    if await _calls_for_third(session, order):
        if not is_delivered:
            raise ValueFrozenError
        due_at = max(ends_at(order), now(session) + GRACE)
        move(session, order, "reopen", role=SYSTEM, actor=BY_SYSTEM, due_at=due_at)
        _widen(session, order)
    elif is_delivered:
        order.due_at = await _accepted_at(session, order)


async def _calls_for_third(session: AsyncSession, order: ValuationOrder) -> bool:
    policy = await session.get_one(AssignmentPolicy, order.policy_id)
    spread = order.spread_basis_points or 0
    return order.wanted == PAIR and spread > policy.spread_limit_basis_points


def _widen(session: AsyncSession, order: ValuationOrder) -> None:
    order.wanted += 1
    order.seek_at = now(session)
    data = {"wanted": order.wanted}
    actor = BY_SYSTEM.label
    publish(session, "valuation_order.widen", subject=order.subject, actor=actor, data=data)


async def _note_spread(
    session: AsyncSession, order: ValuationOrder, reported: Sequence[ValuationAssignment]
) -> None:
    newest = await newest_of(session, [one.id for one in reported])
    order.spread_basis_points = spread_basis_points([one.point_minor for one in newest.values()])


async def _deliver(
    session: AsyncSession, order: ValuationOrder, *, role: str, actor: Identity
) -> None:
    due_at = await _accepted_at(session, order)
    move(session, order, "deliver", role=role, actor=actor, due_at=due_at)
    order.seek_at = None


async def _accepted_at(session: AsyncSession, order: ValuationOrder) -> datetime:
    """When time accepts what is delivered now."""
    policy = await session.get_one(AssignmentPolicy, order.policy_id)
    return now(session) + timedelta(days=policy.accept_days)


async def accept(
    session: AsyncSession, order: ValuationOrder, *, role: str, actor: Identity
) -> None:
    """The client, or time, accepts what was delivered: each report is paid, the rest goes back."""
    await _complete(session, order, "accept", role=role, actor=actor)


async def dismiss(
    session: AsyncSession, order: ValuationOrder, *, role: str, actor: Identity
) -> None:
    """An objection was not right, or not decided in time: as if it had not been made."""
    await _complete(session, order, "dismiss", role=role, actor=actor)


async def _complete(
    session: AsyncSession, order: ValuationOrder, name: str, *, role: str, actor: Identity
) -> None:
    move(session, order, name, role=role, actor=actor)
    for assignment in await assignments_of(session, order):
        if assignment.state is REPORTED:
            move(session, assignment, "release", role=role, actor=actor)
            await pay_fee(session, order, assignment)
    await give_back(session, order)


async def object_to(
    session: AsyncSession, order: ValuationOrder, reason: str, *, role: str, actor: Identity
) -> None:
    """The client says what is wrong with the delivery; an operator decides."""
    move(session, order, "object", role=role, actor=actor)
    order.objection = reason


async def sustain(
    session: AsyncSession, order: ValuationOrder, *, role: str, actor: Identity
) -> None:
    """An objection is right: nobody is paid, and all of the money goes back."""
    await _give_up(session, order, "sustain", role=role, actor=actor)


async def withdraw(
    session: AsyncSession, order: ValuationOrder, *, role: str, actor: Identity
) -> None:
    """The client does without, as long as nobody has begun to work.

    Raises:
        AlreadyAcceptedError: an institution has accepted the case.
    """
    order.lifecycle.step(order.state, "withdraw", role=role)
    found = await assignments_of(session, order)
    if any(one.state in LIVE - {AssignmentState.OFFERED} or one.state is REPORTED for one in found):
        raise AlreadyAcceptedError
    await _give_up(session, order, "withdraw", role=role, actor=actor)


async def fail(session: AsyncSession, order: ValuationOrder, *, role: str, actor: Identity) -> None:
    """End an order that is not filled: deliver what is there, or give all of the money back."""
    order.lifecycle.step(order.state, "fail", role=role)
    found = await assignments_of(session, order)
    reported = [one for one in found if one.state is REPORTED]
    if not reported:
        await _give_up(session, order, "fail", role=role, actor=actor)
        return
    await _cancel_live(session, found, role=role, actor=actor)
    await _note_spread(session, order, reported)
    await _deliver(session, order, role=role, actor=actor)


async def _give_up(
    session: AsyncSession, order: ValuationOrder, name: str, *, role: str, actor: Identity
) -> None:
    move(session, order, name, role=role, actor=actor)
    order.seek_at = None
    found = await assignments_of(session, order)
    for assignment in found:
        if assignment.state is REPORTED:
            move(session, assignment, "withhold", role=role, actor=actor)
    await _cancel_live(session, found, role=role, actor=actor)
    await give_back(session, order)


async def _cancel_live(
    session: AsyncSession,
    found: Sequence[ValuationAssignment],
    *,
    role: str,
    actor: Identity,
) -> None:
    for assignment in found:
        if assignment.state in LIVE:
            move(session, assignment, "cancel", role=role, actor=actor)
