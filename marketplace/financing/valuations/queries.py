"""What the collateral of a request is worth: the newest of its valuations that holds."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.financing.valuations.models import FinancingValuation
from marketplace.financing.valuations.schemas import CollateralReportRead, CollateralValueRead
from marketplace.kernel.schemas import Amount
from marketplace.valuation.orders.lifecycle import OrderState
from marketplace.valuation.orders.models import ValuationOrder
from marketplace.valuation.reports.models import ValuationReport
from marketplace.valuation.reports.queries import DeliveredValue, value_of_order

BASE_DATE_DAYS_MAX: Final = 366
"""How old a base date may be: a year (KODIT, DOMAIN D2)."""
COUNTED: Final = (OrderState.DELIVERED, OrderState.COMPLETED)
"""What its client objects to does not count before it is decided."""
UNDER_WAY: Final = (OrderState.AWAITING_PAYMENT, OrderState.OPEN)

_DESIGNATED: Final = text(
    """
    SELECT EXISTS (SELECT FROM designation_period WHERE organisation_id = :id
        AND status = 'designated' AND valid_from <= :on
        AND (valid_until IS NULL OR valid_until > :on))
    """
)


async def value_of(session: AsyncSession, request_id: UUID, *, on: date) -> DeliveredValue | None:
    """The newest delivered valuation for a request, if it holds on a day.

    It does not once its time is over, and where an institution was not designated on the day of
    its report (DOMAIN G20).
    """
    model = FinancingValuation
    query = (
        select(ValuationOrder.id)
        .join(model, col(model.order_id) == col(ValuationOrder.id))
        .where(col(model.request_id) == request_id, col(ValuationOrder.state).in_(COUNTED))
        .order_by(col(ValuationOrder.base_date).desc(), col(ValuationOrder.id).desc())
        .limit(1)
    )
    order_id = (await session.execute(query)).scalar_one_or_none()
    found = await value_of_order(session, order_id) if order_id else None
    holds = found and ends_on(found) > on and await _all_designated(session, found.reports)
    return found if holds else None


def ends_on(value: DeliveredValue) -> date:
    """The first day on which a loan can no longer rest on a value."""
    return min(value.valid_until, value.base_date + timedelta(days=BASE_DATE_DAYS_MAX))


async def _all_designated(session: AsyncSession, reports: Sequence[ValuationReport]) -> bool:
    for report in reports:
        values = {"id": report.institution_id, "on": report.report_date}
        if not (await session.execute(_DESIGNATED, values)).scalar_one():
            return False
    return True


async def is_under_way(session: AsyncSession, request_id: UUID) -> bool:
    """Whether a valuation for a request is being paid for, or worked on."""
    model = FinancingValuation
    query = (
        select(model.id)
        .join(ValuationOrder, col(model.order_id) == col(ValuationOrder.id))
        .where(col(model.request_id) == request_id, col(ValuationOrder.state).in_(UNDER_WAY))
    )
    return (await session.execute(query.limit(1))).first() is not None


def read_value(found: DeliveredValue) -> CollateralValueRead:
    amounts = {
        name: Amount(amount_minor=minor, currency=found.currency)
        for name, minor in (
            ("value", found.point_minor),
            ("low", found.low_minor),
            ("high", found.high_minor),
        )
    }
    return CollateralValueRead(
        order_id=found.order_id,
        base_date=found.base_date,
        valid_until=ends_on(found),
        reports=[CollateralReportRead.model_validate(one) for one in found.reports],
        **amounts,
    )
