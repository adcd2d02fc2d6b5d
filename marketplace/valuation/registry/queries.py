from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col
from sqlmodel import select as select_model

from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.pagination import page_by_id
from marketplace.valuation.errors import ModelNotAllowedError
from marketplace.valuation.purposes import Purpose
from marketplace.valuation.registry.models import (
    ValuationModel,
    ValuationModelUse,
    ValuationModelWithdrawal,
)


def _in_force(day: date) -> tuple[object, ...]:
    covers = func.daterange(col(ValuationModelUse.valid_from), col(ValuationModelUse.valid_until))
    return (covers.op("@>")(day),)


async def published(
    session: AsyncSession,
    *,
    purpose: Purpose | None,
    as_of: date | None,
    name: str | None,
    cursor: str | None,
    limit: int,
) -> tuple[Sequence[ValuationModel], str | None]:
    """Editions, newest first: all, or those that are allowed on a day and for a purpose."""
    query = select_model(ValuationModel)
    if name is not None:
        query = query.where(col(ValuationModel.name) == name)
    uses = select(col(ValuationModelUse.model_id))
    if purpose is not None:
        uses = uses.where(col(ValuationModelUse.purpose) == purpose)
    if as_of is not None:
        uses = uses.where(*_in_force(as_of))  # type: ignore[arg-type] # an operator of PostgreSQL
    if purpose is not None or as_of is not None:
        query = query.where(col(ValuationModel.id).in_(uses))
    return await page_by_id(session, query, ValuationModel, cursor=cursor, limit=limit)


async def get_model(session: AsyncSession, model_id: UUID) -> ValuationModel:
    model = await session.get(ValuationModel, model_id)
    if model is None:
        raise NotFoundError("no such model")
    return model


async def uses_of(session: AsyncSession, model_id: UUID) -> Sequence[ValuationModelUse]:
    query = (
        select(ValuationModelUse)
        .where(col(ValuationModelUse.model_id) == model_id)
        .order_by(col(ValuationModelUse.purpose), col(ValuationModelUse.valid_from))
    )
    return (await session.execute(query.limit(1_000))).scalars().all()


async def withdrawal_of(session: AsyncSession, model_id: UUID) -> ValuationModelWithdrawal | None:
    query = select(ValuationModelWithdrawal).where(
        col(ValuationModelWithdrawal.model_id) == model_id
    )
    return (await session.execute(query)).scalar_one_or_none()


async def allowed(
    session: AsyncSession, names: Sequence[str], purpose: Purpose, day: date
) -> Mapping[str, ValuationModel]:
    """The editions that a purpose takes on a day, by name.

    Raises:
        ModelNotAllowedError: none is, for one of the names.
    """
    query = (
        select(ValuationModel)
        .join(ValuationModelUse, col(ValuationModelUse.model_id) == col(ValuationModel.id))
        .where(
            col(ValuationModelUse.name).in_(names),
            col(ValuationModelUse.purpose) == purpose,
            *_in_force(day),  # type: ignore[arg-type] # an operator of PostgreSQL
        )
    )
    found = {model.name: model for model in (await session.execute(query)).scalars()}
    for name in names:
        if name not in found:
            raise ModelNotAllowedError(f"no edition of {name} for {purpose} on {day}")
    return found
