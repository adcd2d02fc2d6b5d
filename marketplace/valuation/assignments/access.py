"""Whose case it is: the institution's own, and for the operator every one."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from marketplace.accounts.actors import Actor
from marketplace.kernel.db import lock
from marketplace.kernel.errors import NotFoundError
from marketplace.valuation.assignments.lifecycle import INSTITUTION
from marketplace.valuation.assignments.models import ValuationAssignment
from marketplace.valuation.orders.lifecycle import OPERATOR
from marketplace.valuation.orders.models import ValuationOrder


def visible_to(actor: Actor) -> SelectOfScalar[ValuationAssignment]:
    """An institution never sees another's case or fee."""
    query = select(ValuationAssignment)
    if actor.is_operator:
        return query
    return query.where(col(ValuationAssignment.institution_id) == actor.organisation_id)


def role_in(assignment: ValuationAssignment, actor: Actor) -> str:
    """What the actor is to an assignment that it sees."""
    return INSTITUTION if actor.organisation_id == assignment.institution_id else OPERATOR


def require_institution(assignment: ValuationAssignment, actor: Actor) -> None:
    """Raises NotFoundError for everybody but the institution itself."""
    if actor.organisation_id != assignment.institution_id:
        raise NotFoundError("no such valuation assignment")


async def get_assignment(
    session: AsyncSession, assignment_id: UUID, *, actor: Actor
) -> ValuationAssignment:
    """Raises NotFoundError for another institution's."""
    query = visible_to(actor).where(col(ValuationAssignment.id) == assignment_id)
    found = (await session.execute(query)).scalar_one_or_none()
    if found is None:
        raise NotFoundError("no such valuation assignment")
    return found


async def lock_case(
    session: AsyncSession, assignment_id: UUID, actor: Actor
) -> tuple[ValuationOrder, ValuationAssignment]:
    """Hold an order and then one of its assignments, which the actor sees.

    Raises:
        NotFoundError: it is another institution's.
    """
    seen = await get_assignment(session, assignment_id, actor=actor)
    order = await lock(session, ValuationOrder, seen.order_id)
    return order, await lock(session, ValuationAssignment, assignment_id)
