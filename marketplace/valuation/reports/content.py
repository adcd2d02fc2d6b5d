"""What a report says, put together once and then signed."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.organisations.queries import names_of
from marketplace.assets.identifiers.document import DocumentClass
from marketplace.assets.identifiers.errors import InvalidIdentifierError
from marketplace.assets.identifiers.parsing import parse
from marketplace.assets.models import Right, RightIdentifier
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.schemas import Amount
from marketplace.valuation.calculations.schemas import AnyCalculation, CalculationRead
from marketplace.valuation.calculations.service import calculate
from marketplace.valuation.orders.models import ValuationOrder, ValuationOrderRight
from marketplace.valuation.rating.models import Rating, RatingRun
from marketplace.valuation.reports.errors import ReportStraysError, ValueUnsupportedError
from marketplace.valuation.reports.schemas import ReportWrite

INDEPENDENCE: Final = (
    "The institution and the named appraisers have no interest, present or promised, in the rights"
    " valued, in their owners or in the outcome of the transaction, and are paid a fixed fee that"
    " does not depend on the value found."
)
RANGE_FACTOR: Final = 2
"""Judgement may widen a range to half and to twice what was calculated: further says nothing."""
AS_GIVEN: Final = (
    "reconciliation",
    "basis_of_value",
    "standard",
    "assumptions",
    "information_sources",
    "limiting_conditions",
    "rejected",
    "appraisers",
    "subcontractors",
)


async def compute(
    session: AsyncSession, order: ValuationOrder, request: ReportWrite, *, today: date
) -> list[CalculationRead]:
    """Compute everything that a report rests on, for the order's own purpose and day.

    Raises:
        ReportStraysError: it is for another purpose, day or currency.
        ValueUnsupportedError: the value concluded lies outside of it, or the range far outside.
        ModelNotAllowedError, ConventionExcludedError, ImpossibleInputError: as any calculation.
    """
    made = [
        await calculate(session, _for(order, one.root), today=today) for one in request.calculations
    ]
    found = [amount for one in made for amount in _amounts(one)]
    if any(amount.currency != order.currency for amount in found):
        raise ReportStraysError(f"the order is in {order.currency}")
    minors = [amount.amount_minor for amount in found]
    in_range = request.low_minor <= request.point_minor <= request.high_minor
    if not (in_range and minors and min(minors) <= request.point_minor <= max(minors)):
        raise ValueUnsupportedError
    lowest, highest = min(minors) // RANGE_FACTOR, max(minors) * RANGE_FACTOR
    if request.low_minor < lowest or request.high_minor > highest:
        raise ValueUnsupportedError(f"what was calculated bears a range from {lowest} to {highest}")
    return made


def _for(order: ValuationOrder, asked: AnyCalculation) -> AnyCalculation:
    same_day = asked.base_date in {None, order.base_date}
    if not same_day or asked.purpose != order.purpose:
        raise ReportStraysError(f"the order is for {order.purpose} as of {order.base_date}")
    return asked.model_copy(update={"base_date": order.base_date})


def _amounts(made: CalculationRead) -> list[Amount]:
    ends = (made.result, made.range and made.range.low, made.range and made.range.high)
    return [end.amount for end in ends if end and end.amount]


async def content_of(
    session: AsyncSession,
    order: ValuationOrder,
    institution_id: UUID,
    request: ReportWrite,
    made: Sequence[CalculationRead],
) -> dict[str, Any]:
    """Everything but what names the version."""
    given = request.model_dump(mode="json", include=set(AS_GIVEN))
    names = await names_of(session, {institution_id, order.client_organisation_id})
    amounts = {
        name: {"amount_minor": getattr(request, f"{name}_minor"), "currency": order.currency}
        for name in ("point", "low", "high")
    }
    return given | {
        "order": str(order.id),
        "institution": {"id": str(institution_id), "name": names[institution_id]},
        "client": {
            "id": str(order.client_organisation_id),
            "name": names[order.client_organisation_id],
        },
        "purpose": str(order.purpose),
        "base_date": order.base_date.isoformat(),
        "rights": await _rights(session, order),
        "calculations": [one.model_dump(mode="json") for one in made],
        "value": amounts,
        "rating": await _rating(session, order, request.rating_id),
        "independence": INDEPENDENCE,
    }


async def _rights(session: AsyncSession, order: ValuationOrder) -> list[dict[str, Any]]:
    query = (
        select(Right)
        .join(ValuationOrderRight, col(ValuationOrderRight.right_id) == col(Right.id))
        .where(col(ValuationOrderRight.order_id) == order.id)
        .order_by(col(Right.id))
    )
    rights = (await session.execute(query)).scalars().all()
    found = await _numbers(session, order)
    return [
        {
            "id": str(right.id),
            "title": right.title,
            "kind": str(right.kind),
            "office": right.office,
            "numbers": sorted(one.display for one in found if one.right_id == right.id),
            "legal_status": str(right.legal_status),
            "last_day": right.last_day.isoformat() if right.last_day else None,
        }
        for right in rights
    ]


async def _numbers(session: AsyncSession, order: ValuationOrder) -> Sequence[RightIdentifier]:
    model = RightIdentifier
    query = (
        select(model)
        .join(ValuationOrderRight, col(ValuationOrderRight.right_id) == col(model.right_id))
        .where(col(ValuationOrderRight.order_id) == order.id)
    )
    return (await session.execute(query)).scalars().all()


def _is_of(record: str, number: RightIdentifier) -> bool:
    """Whether a corpus means a right's number by its own: in the same office, of the same kind."""
    try:
        read = parse(record, number.office, DocumentClass(number.document_class))
    except InvalidIdentifierError:
        return False
    return read.normalized == number.normalized


async def _rating(
    session: AsyncSession, order: ValuationOrder, rating_id: UUID | None
) -> dict[str, Any] | None:
    """A grade or score with what it was made by, so that it stays reproducible.

    Raises:
        NotFoundError: no such rating.
        ReportStraysError: it is of a right that is not valued, or knows more than the base date.
    """
    if rating_id is None:
        return None
    query = (
        select(Rating, RatingRun)
        .join(RatingRun, col(RatingRun.id) == col(Rating.run_id))
        .where(col(Rating.id) == rating_id)
    )
    row = (await session.execute(query)).one_or_none()
    if row is None:
        raise NotFoundError("no such rating")
    rating, run = row
    if run.as_of > order.base_date:
        raise ReportStraysError(f"the rating is as of {run.as_of}, the order {order.base_date}")
    if not any(_is_of(rating.record, one) for one in await _numbers(session, order)):
        raise ReportStraysError(f"{rating.record} is no number of a right that is valued")
    return {
        "id": str(rating.id),
        "record": rating.record,
        "score": rating.score,
        "grade": rating.grade,
        "cohort": rating.cohort,
        "run": str(run.id),
        "model": str(run.model_id),
        "weight_set": str(run.weight_set_id),
        "as_of": run.as_of.isoformat(),
    }
