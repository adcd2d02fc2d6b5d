"""The centre publishes models, says what they may be used for and from when, and withdraws them."""

from datetime import date
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.accounts.actors import Actor
from marketplace.kernel.db import lock, now
from marketplace.kernel.events import publish
from marketplace.kernel.money import split
from marketplace.valuation.errors import WeightsNotWholeError
from marketplace.valuation.indicators import Indicator
from marketplace.valuation.library.weighting import Comparisons, compared
from marketplace.valuation.registry.contents import (
    MICRO,
    PairComparisons,
    PremiumContent,
    WeightSetContent,
    content_hash,
    in_order,
    is_whole,
)
from marketplace.valuation.registry.errors import ModelUseInPastError, ModelWithdrawnError
from marketplace.valuation.registry.models import (
    ValuationModel,
    ValuationModelUse,
    ValuationModelWithdrawal,
)
from marketplace.valuation.registry.queries import withdrawal_of
from marketplace.valuation.registry.schemas import ModelAllow, ModelPublish, ModelWithdraw


async def publish_model(
    session: AsyncSession, request: ModelPublish, *, actor: Actor
) -> ValuationModel:
    """Publish an edition for good. Nothing may use it before it is allowed for a purpose.

    Raises:
        EditionExistsError: by the database.
        InconsistentComparisonsError, WeightsNotWholeError: no weight set to publish.
        FormulaStraysError, ScoreOutsideTableError: no table of premiums to publish.
    """
    content, ratio = request.content, None
    if isinstance(content, PremiumContent):
        content.check()
    if isinstance(content, WeightSetContent):
        content, ratio = with_weights(content)
    stored: dict[str, Any] = content.model_dump(mode="json")
    model = ValuationModel(
        created_at=now(session),
        name=content.name,
        kind=content.kind,
        edition=request.edition,
        content=stored,
        content_sha256=content_hash(stored),
        consistency_ratio=ratio,
        source=request.source,
    )
    session.add(model)
    data = {"name": model.name, "edition": model.edition, "sha256": model.content_sha256}
    _tell(session, "publish", model.id, actor, data)
    await session.flush()
    return model


def with_weights(content: WeightSetContent) -> tuple[WeightSetContent, float | None]:
    """The weight set with its weights, and the worst consistency ratio of its comparisons.

    Raises:
        InconsistentComparisonsError: one of the comparisons contradicts itself.
        WeightsNotWholeError: the weights given are not whole, or not those of the comparisons.
    """
    weights, ratio = content.weights, None
    if content.comparisons is not None:
        made, ratio = _compared(content.comparisons)
        if weights is not None and weights != made:
            raise WeightsNotWholeError("these are not the weights that the comparisons make")
        weights = made
    if weights is None or not is_whole(weights):
        raise WeightsNotWholeError("fourteen weights, exact to six decimals, sum to one")
    return content.model_copy(update={"weights": weights}), ratio


def _compared(comparisons: PairComparisons) -> tuple[dict[Indicator, float], float]:
    """Category weight × weight within it, rounded to six decimals so that they sum to one."""
    top = _of_size(comparisons.categories, len(comparisons.within))
    weights: dict[Indicator, float] = {}
    ratios = [top.consistency_ratio]
    for weight, (_, indicators, matrix) in zip(
        top.weights, in_order(comparisons.within), strict=True
    ):
        inner = _of_size(matrix, len(indicators))
        ratios.append(inner.consistency_ratio)
        weights |= dict(zip(indicators, (weight * inner.weights).tolist(), strict=True))
    scaled = [int(share) for share in np.rint(np.array([*weights.values()]) * 10**12)]
    exact = split(MICRO, scaled)
    return dict(zip(weights, (micro / MICRO for micro in exact), strict=True)), max(ratios)


def _of_size(matrix: list[list[float]], size: int) -> Comparisons:
    if len(matrix) != size:
        raise WeightsNotWholeError("a comparison names as many things as there are to compare")
    return compared(matrix)


async def allow(
    session: AsyncSession, model_id: UUID, request: ModelAllow, *, today: date, actor: Actor
) -> None:
    """Let a purpose use an edition from a day on; the edition before ends then.

    Raises:
        NotFoundError: no such model.
        ModelWithdrawnError, ModelUseInPastError: nothing changed.
        ModelUseOverlapError: by the database.
    """
    model = await lock(session, ValuationModel, model_id)
    if await withdrawal_of(session, model_id) is not None:
        raise ModelWithdrawnError
    begins = request.valid_from or today
    if begins < today or (request.valid_until is not None and request.valid_until <= begins):
        raise ModelUseInPastError
    before = await _end_open(session, model.name, request.purpose, begins)
    use = ValuationModelUse(
        created_at=now(session),
        model_id=model.id,
        name=model.name,
        purpose=request.purpose,
        valid_from=begins,
        valid_until=request.valid_until,
    )
    session.add(use)
    data = {"purpose": request.purpose, "valid_from": begins, "valid_until": request.valid_until}
    _tell(session, "allow", model.id, actor, data | {"replaces": before})
    await session.flush()


async def _end_open(session: AsyncSession, name: str, purpose: str, begins: date) -> UUID | None:
    """End what is allowed without an end; returns the model that was."""
    query = (
        select(ValuationModelUse)
        .where(
            col(ValuationModelUse.name) == name,
            col(ValuationModelUse.purpose) == purpose,
            col(ValuationModelUse.valid_until).is_(None),
            col(ValuationModelUse.valid_from) < begins,
        )
        .with_for_update()
    )
    current = (await session.execute(query)).scalar_one_or_none()
    if current is None:
        return None
    current.valid_until = begins
    await session.flush()
    return current.model_id


async def withdraw(
    session: AsyncSession, model_id: UUID, request: ModelWithdraw, *, today: date, actor: Actor
) -> None:
    """End every use of an edition at a day; what was to begin later never does.

    Raises:
        NotFoundError: no such model.
        ModelUseInPastError: nothing changed.
        ModelWithdrawnError: by the database.
    """
    await lock(session, ValuationModel, model_id)
    ends = request.withdrawn_from or today
    if ends < today:
        raise ModelUseInPastError
    withdrawal = ValuationModelWithdrawal(
        created_at=now(session), model_id=model_id, withdrawn_from=ends, reason=request.reason
    )
    session.add(withdrawal)
    await session.flush()
    own = col(ValuationModelUse.model_id) == model_id
    await session.execute(
        delete(ValuationModelUse).where(own, col(ValuationModelUse.valid_from) >= ends)
    )
    until = col(ValuationModelUse.valid_until)
    later = or_(until.is_(None), until > ends)
    await session.execute(update(ValuationModelUse).where(own, later).values(valid_until=ends))
    data = {"withdrawn_from": ends, "reason": request.reason}
    _tell(session, "withdraw", model_id, actor, data)


def _tell(
    session: AsyncSession, what: str, model_id: UUID, actor: Actor, data: dict[str, Any]
) -> None:
    subject = f"valuation_model:{model_id}"
    publish(session, f"valuation_model.{what}", subject=subject, actor=actor.label, data=data)
