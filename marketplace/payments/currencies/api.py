from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Query
from sqlalchemy import tuple_
from sqlmodel import col, select

from marketplace.kernel.money import UnknownCurrencyError
from marketplace.kernel.pagination import Cursor, InvalidCursorError, Limit, decode, encode
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router
from marketplace.kernel.schemas import Currency, Day, Page
from marketplace.payments.currencies.models import ExchangeRate
from marketplace.payments.currencies.schemas import ExchangeRateRead

router = transactional_router(prefix="/v1/exchange-rates", tags=["exchange rates"])


@router.get("", responses=problems(InvalidCursorError, UnknownCurrencyError))
async def exchange_rates(
    session: Session,
    currency: Annotated[Currency | None, Query()] = None,
    until: Annotated[Day | None, Query(description="no rate of this day or later")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[ExchangeRateRead]:
    """Reference rates against the euro, newest day first, each with its source. No token needed."""
    query = select(ExchangeRate)
    key = (col(ExchangeRate.day), col(ExchangeRate.currency), col(ExchangeRate.id))
    if currency:
        query = query.where(col(ExchangeRate.currency) == currency)
    if until:
        query = query.where(col(ExchangeRate.day) < until)
    if cursor is not None:
        day, of, last = decode(cursor, str, str, UUID)
        query = query.where(tuple_(*key) < tuple_(_day(day), of, last))
    query = query.order_by(*(column.desc() for column in key)).limit(limit + 1)
    found = (await session.execute(query)).scalars().all()
    last_shown = found[limit - 1] if len(found) > limit else None
    return Page(
        items=[ExchangeRateRead.model_validate(rate) for rate in found[:limit]],
        next=last_shown and encode(last_shown.day.isoformat(), last_shown.currency, last_shown.id),
    )


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InvalidCursorError from error
