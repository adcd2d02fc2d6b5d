"""What the clock does with assignments. It holds one already, and must not wait for the order."""

from collections.abc import Awaitable, Callable

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.kernel.clocks import ClockMove
from marketplace.kernel.db import mark_locked
from marketplace.kernel.lifecycle import Identity
from marketplace.valuation.assignments import service
from marketplace.valuation.assignments.models import ValuationAssignment
from marketplace.valuation.orders.models import ValuationOrder


def _with_order(make: Callable[..., Awaitable[None]]) -> ClockMove:
    """Others hold the order first and then its assignments: waiting could be a deadlock."""

    async def run(
        session: AsyncSession, assignment: ValuationAssignment, *, role: str, actor: Identity
    ) -> None:
        query = select(ValuationOrder).where(col(ValuationOrder.id) == assignment.order_id)
        query = query.with_for_update(nowait=True)
        order = (await session.execute(query)).scalar_one()
        mark_locked(session, order)
        await make(session, order, assignment, role=role, actor=actor)

    return run


MOVES = {
    "lapse": _with_order(service.lapse),
    "resume": _with_order(service.resume),
    "escalate": _with_order(service.escalate),
    "reassign": _with_order(service.reassign),
}
