"""What assignments do when designations tell news."""

from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.designations.models import Designation
from marketplace.kernel.db import lock
from marketplace.kernel.events import Fact
from marketplace.kernel.lifecycle import BY_SYSTEM, SYSTEM
from marketplace.valuation.assignments import service
from marketplace.valuation.assignments.lifecycle import LIVE
from marketplace.valuation.assignments.models import ValuationAssignment
from marketplace.valuation.orders.models import ValuationOrder

RESTING: Final = ("designation.suspend", "designation.withdraw")
"""After these an institution values nothing, what it has accepted included."""


async def on_standing_lost(session: AsyncSession, fact: Fact) -> None:
    """Another institution is asked for each case that is not reported; told again, for none."""
    designation = await session.get_one(Designation, UUID(fact.subject.partition(":")[2]))
    model = ValuationAssignment
    query = (
        select(model.id, model.order_id)
        .where(col(model.institution_id) == designation.organisation_id)
        .where(col(model.state).in_(LIVE))
        .order_by(col(model.order_id))
    )
    for assignment_id, order_id in (await session.execute(query)).all():
        order = await lock(session, ValuationOrder, order_id)
        assignment = await lock(session, model, assignment_id)
        if assignment.state in LIVE:
            await service.hand_on(session, order, assignment, role=SYSTEM, actor=BY_SYSTEM)
