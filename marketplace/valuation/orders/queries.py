from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.kernel.pagination import page_by_id
from marketplace.kernel.schemas import Amount
from marketplace.payments.lifecycle import PaymentRequestState
from marketplace.payments.online.instructions import instructions
from marketplace.payments.providers.port import WaysToPay
from marketplace.valuation.assignments.lifecycle import FILLED, AssignmentState
from marketplace.valuation.assignments.models import ValuationAssignment
from marketplace.valuation.assignments.rules import median, spread_basis_points
from marketplace.valuation.orders.access import role_in, visible_to
from marketplace.valuation.orders.lifecycle import OPERATOR, PUBLIC_TO_CLIENT
from marketplace.valuation.orders.models import (
    ValuationOrder,
    ValuationOrderRight,
    ValuationParty,
)
from marketplace.valuation.orders.payments import payers_of, requests_of
from marketplace.valuation.orders.schemas import (
    Dispersion,
    OrderListed,
    OrderRead,
    PartyRead,
    PayerRead,
    ValuerRead,
)
from marketplace.valuation.reports.models import ValuationReport
from marketplace.valuation.reports.queries import newest_of

_OWN = OrderListed.model_fields.keys() & ValuationOrder.model_fields.keys()
FINISHED = frozenset({AssignmentState.REPORTED, AssignmentState.RELEASED, AssignmentState.UNPAID})


async def orders_of(
    session: AsyncSession, actor: Actor, *, cursor: str | None, limit: int
) -> tuple[Sequence[ValuationOrder], str | None]:
    """Orders that the actor placed or pays for, newest first; all of them for an operator."""
    return await page_by_id(session, visible_to(actor), ValuationOrder, cursor=cursor, limit=limit)


def read_listed(order: ValuationOrder, actor: Actor) -> OrderListed:
    own = {name: getattr(order, name) for name in _OWN}
    amounts = {
        name: Amount(amount_minor=getattr(order, f"{name}_minor"), currency=order.currency)
        for name in ("fee", "total", "released", "refunded")
    }
    role = role_in(order, actor)
    moves = order.lifecycle.open_to(order.state, role)
    asked = [name for name in moves if name != "deliver"]
    return OrderListed(**own, **amounts, your_role=role, your_moves=asked)


async def read_order(
    session: AsyncSession, order: ValuationOrder, actor: Actor, ways: WaysToPay
) -> OrderRead:
    """An order as the actor sees it: of its valuers no more than it may know."""
    rights = select(ValuationOrderRight.right_id).where(
        col(ValuationOrderRight.order_id) == order.id
    )
    parties = select(ValuationParty).where(col(ValuationParty.order_id) == order.id)
    parties = parties.order_by(col(ValuationParty.id))
    valuers, reports = await _valuers(session, order)
    shown = [_shown(order, one, reports.get(one.id), actor) for one in valuers]
    points = [report.point_minor for report in reports.values()]
    is_open = order.state in PUBLIC_TO_CLIENT and role_in(order, actor) != "payer"
    return OrderRead(
        **read_listed(order, actor).model_dump(),
        right_ids=sorted((await session.execute(rights)).scalars().all()),
        fields=order.fields,
        region=order.region,
        named_institution_id=order.named_institution_id,
        parties=[PartyRead.model_validate(p) for p in (await session.execute(parties)).scalars()],
        payers=await _payers(session, order, actor, ways),
        reports_in=sum(one.state in FINISHED for one in valuers),
        valuers=shown,
        dispersion=_dispersion(order, points) if is_open and len(points) > 1 else None,
        objection=order.objection,
    )


async def _valuers(
    session: AsyncSession, order: ValuationOrder
) -> tuple[Sequence[ValuationAssignment], dict[UUID, ValuationReport]]:
    """Those who fill a place of an order, and the newest version of their reports."""
    query = (
        select(ValuationAssignment)
        .where(col(ValuationAssignment.order_id) == order.id)
        .where(col(ValuationAssignment.state).in_(FILLED))
        .order_by(col(ValuationAssignment.slot))
    )
    found = (await session.execute(query)).scalars().all()
    return found, await newest_of(session, [one.id for one in found])


def _shown(
    order: ValuationOrder,
    assignment: ValuationAssignment,
    report: ValuationReport | None,
    actor: Actor,
) -> ValuerRead:
    """A single valuer is known once it has accepted; of several nothing, until all are in."""
    role = role_in(order, actor)
    knows_all = role == OPERATOR or order.state in PUBLIC_TO_CLIENT
    is_known = knows_all or (not order.is_blind and assignment.state is not AssignmentState.OFFERED)
    reads = knows_all and role != "payer" and report is not None
    return ValuerRead(
        slot=assignment.slot,
        institution_id=assignment.institution_id if is_known else None,
        state=str(assignment.state) if is_known else "hidden",
        report_id=report.id if reads and report else None,
        value=(
            Amount(amount_minor=report.point_minor, currency=report.currency)
            if reads and report
            else None
        ),
    )


def _dispersion(order: ValuationOrder, points: Sequence[int]) -> Dispersion:
    amounts: dict[str, Any] = {
        name: Amount(amount_minor=minor, currency=order.currency)
        for name, minor in (("low", min(points)), ("middle", median(points)), ("high", max(points)))
    }
    return Dispersion(**amounts, spread_basis_points=spread_basis_points(points))


async def _payers(
    session: AsyncSession, order: ValuationOrder, actor: Actor, ways: WaysToPay
) -> list[PayerRead]:
    payers = await payers_of(session, order)
    requests = await requests_of(session, payers)
    paying = await instructions(session, requests.values(), ways, ())
    return [
        PayerRead(
            organisation_id=payer.organisation_id,
            numerator=payer.numerator,
            denominator=payer.denominator,
            amount=Amount(amount_minor=payer.amount_minor, currency=order.currency),
            paid=requests[payer.subject].state is PaymentRequestState.PAID,
            payment=(
                paying[requests[payer.subject].id]
                if payer.organisation_id == actor.organisation_id or actor.is_operator
                else None
            ),
        )
        for payer in payers
    ]
