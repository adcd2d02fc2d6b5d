from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.assets.models import Right
from marketplace.kernel.pagination import page_by_id
from marketplace.kernel.schemas import Amount
from marketplace.valuation.assignments.access import role_in, visible_to
from marketplace.valuation.assignments.lifecycle import AssignmentState
from marketplace.valuation.assignments.models import ValuationAssignment, ValuationDecision
from marketplace.valuation.assignments.schemas import (
    AssignmentListed,
    AssignmentRead,
    DecisionRead,
    RightToValue,
)
from marketplace.valuation.orders.models import (
    PartyRole,
    ValuationOrder,
    ValuationOrderRight,
    ValuationParty,
)
from marketplace.valuation.orders.schemas import PartyRead
from marketplace.valuation.reports.queries import newest_of

_OWN = AssignmentListed.model_fields.keys() & ValuationAssignment.model_fields.keys()
SHOWN_MAX = 100


async def assignments_for(
    session: AsyncSession,
    actor: Actor,
    state: AssignmentState | None,
    *,
    cursor: str | None,
    limit: int,
) -> tuple[Sequence[ValuationAssignment], str | None]:
    query = visible_to(actor)
    if state is not None:
        query = query.where(col(ValuationAssignment.state) == state)
    return await page_by_id(session, query, ValuationAssignment, cursor=cursor, limit=limit)


def read_listed(assignment: ValuationAssignment, actor: Actor) -> AssignmentListed:
    """A case with the moves that are open to the actor. Its place in the order stays untold."""
    own = {name: getattr(assignment, name) for name in _OWN}
    moves = assignment.lifecycle.open_to(assignment.state, role_in(assignment, actor))
    asked = [name for name in moves if name not in {"cancel", "release", "withhold"}]
    fee = Amount(amount_minor=assignment.fee_minor, currency=assignment.currency)
    return AssignmentListed(**own, fee=fee, your_moves=asked)


async def read_assignment(
    session: AsyncSession, assignment: ValuationAssignment, actor: Actor
) -> AssignmentRead:
    order = await session.get_one(ValuationOrder, assignment.order_id)
    reports = await newest_of(session, [assignment.id])
    report = reports.get(assignment.id)
    return AssignmentRead(
        **read_listed(assignment, actor).model_dump(),
        purpose=order.purpose,
        base_date=order.base_date,
        deadline=order.deadline,
        region=order.region,
        rights=await _rights(session, order.id),
        parties=await parties_of(session, order.id),
        report_id=report.id if report else None,
    )


async def _rights(session: AsyncSession, order_id: UUID) -> list[RightToValue]:
    query = (
        select(Right)
        .join(ValuationOrderRight, col(ValuationOrderRight.right_id) == col(Right.id))
        .where(col(ValuationOrderRight.order_id) == order_id)
        .order_by(col(Right.id))
    )
    return [RightToValue.model_validate(one) for one in (await session.execute(query)).scalars()]


async def parties_of(session: AsyncSession, order_id: UUID) -> list[PartyRead]:
    """Who a case concerns; who pays for it is the client's affair."""
    query = (
        select(ValuationParty)
        .where(col(ValuationParty.order_id) == order_id)
        .where(col(ValuationParty.role) != PartyRole.PAYER)
        .order_by(col(ValuationParty.id))
    )
    return [PartyRead.model_validate(one) for one in (await session.execute(query)).scalars()]


async def decisions_of(session: AsyncSession, order_id: UUID) -> Sequence[ValuationDecision]:
    model = ValuationDecision
    query = select(model).where(col(model.order_id) == order_id).order_by(col(model.id))
    return (await session.execute(query.limit(SHOWN_MAX))).scalars().all()


def read_decision(decision: ValuationDecision) -> DecisionRead:
    own = {name: getattr(decision, name) for name in DecisionRead.model_fields}
    return DecisionRead.model_validate(own | {"seed": str(decision.seed)})
