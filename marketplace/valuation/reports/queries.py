from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from marketplace.accounts.actors import Actor
from marketplace.kernel.db import fetch
from marketplace.kernel.errors import NotFoundError
from marketplace.valuation.assignments.rules import median
from marketplace.valuation.orders.lifecycle import PUBLIC_TO_CLIENT
from marketplace.valuation.orders.models import ValuationOrder
from marketplace.valuation.purposes import Purpose
from marketplace.valuation.reports.models import ValuationReport

_LATEST: Final = text(
    """
    SELECT o.id FROM valuation_order o JOIN valuation_order_right r ON r.order_id = o.id
    WHERE r.right_id = ANY (CAST(:rights AS uuid[])) AND o.purpose = :purpose
      AND o.state IN ('delivered', 'completed')
      AND (CAST(:client AS uuid) IS NULL OR o.client_organisation_id = CAST(:client AS uuid))
    GROUP BY o.id HAVING count(*) = cardinality(CAST(:rights AS uuid[]))
    ORDER BY o.base_date DESC, o.id DESC LIMIT 1
    """
)


@dataclass(frozen=True, slots=True)
class DeliveredValue:
    """What the reports of an order say, as its client may read them.

    `point_minor` is the value of the one report, or the median of several; `low_minor` and
    `high_minor` are the ends of all their ranges. It may be relied on until `valid_until`.
    """

    order_id: UUID
    client_organisation_id: UUID
    purpose: Purpose
    base_date: date
    valid_until: date
    currency: str
    point_minor: int
    low_minor: int
    high_minor: int
    reports: Sequence[ValuationReport]

    @property
    def report_ids(self) -> list[UUID]:
        return [report.id for report in self.reports]


def visible_to(actor: Actor) -> SelectOfScalar[ValuationReport]:
    """An author's own; a client's once they are delivered; all of them for an operator."""
    query = select(ValuationReport)
    if actor.is_operator:
        return query
    own = actor.organisation_id
    delivered = (
        select(col(ValuationOrder.id))
        .where(col(ValuationOrder.client_organisation_id) == own)
        .where(col(ValuationOrder.state).in_(PUBLIC_TO_CLIENT))
    )
    return query.where(
        or_(
            col(ValuationReport.institution_id) == own,
            col(ValuationReport.order_id).in_(delivered),
        )
    )


async def get_report(session: AsyncSession, report_id: UUID, *, actor: Actor) -> ValuationReport:
    """Raises NotFoundError for a report that the actor does not see."""
    query = visible_to(actor).where(col(ValuationReport.id) == report_id)
    found = (await session.execute(query)).scalar_one_or_none()
    if found is None:
        raise NotFoundError("no such valuation report")
    return found


async def newest_of(
    session: AsyncSession, assignment_ids: Collection[UUID]
) -> dict[UUID, ValuationReport]:
    """The newest version of each assignment's report."""
    model = ValuationReport
    query = (
        select(model)
        .where(col(model.assignment_id).in_(assignment_ids))
        .order_by(col(model.assignment_id), col(model.version).desc())
        .ext(distinct_on(col(model.assignment_id)))
    )
    found = (await session.execute(query)).scalars()
    return {report.assignment_id: report for report in found}


async def value_of_order(session: AsyncSession, order_id: UUID) -> DeliveredValue | None:
    """What an order found, with corrections; None while it is not delivered, or after it failed."""
    order = await session.get(ValuationOrder, order_id)
    if order is None or order.state not in PUBLIC_TO_CLIENT:
        return None
    model = ValuationReport
    query = (
        select(model)
        .where(col(model.order_id) == order_id)
        .order_by(col(model.assignment_id), col(model.version).desc())
        .ext(distinct_on(col(model.assignment_id)))
    )
    reports = (await session.execute(query)).scalars().all()
    return DeliveredValue(
        order_id=order.id,
        client_organisation_id=order.client_organisation_id,
        purpose=order.purpose,
        base_date=order.base_date,
        valid_until=min(report.valid_until for report in reports),
        currency=order.currency,
        point_minor=median([report.point_minor for report in reports]),
        low_minor=min(report.low_minor for report in reports),
        high_minor=max(report.high_minor for report in reports),
        reports=reports,
    )


async def latest_value(
    session: AsyncSession,
    right_ids: Sequence[UUID],
    purpose: Purpose,
    *,
    client_organisation_id: UUID | None = None,
) -> DeliveredValue | None:
    """The newest delivered value for a purpose of an order that valued all of these rights.

    One to which its client objects does not count until an operator has decided.

    Args:
        session: of any transaction.
        right_ids: each once; the order may have valued others beside them.
        purpose: of the order.
        client_organisation_id: only of orders that this organisation placed.
    """
    values = {"rights": list(right_ids), "client": client_organisation_id, "purpose": purpose}
    rows = await fetch(session, _LATEST, **values)
    return await value_of_order(session, rows[0].id) if rows else None
