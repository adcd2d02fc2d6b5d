from typing import Annotated
from uuid import UUID

from fastapi import Query, status
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.calendar import AsOf, Today
from marketplace.accounts.errors import InvalidTokenError, PermissionMissingError
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.pagination import Cursor, InvalidCursorError, Limit
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router
from marketplace.kernel.schemas import Page
from marketplace.valuation.access import Operator, Reader
from marketplace.valuation.errors import (
    ImpossibleInputError,
    InconsistentComparisonsError,
    ScoreOutsideTableError,
    WeightsNotWholeError,
)
from marketplace.valuation.purposes import Purpose
from marketplace.valuation.registry import queries, service
from marketplace.valuation.registry.errors import (
    EditionExistsError,
    FormulaStraysError,
    ModelUseInPastError,
    ModelUseOverlapError,
    ModelWithdrawnError,
)
from marketplace.valuation.registry.schemas import (
    ModelAllow,
    ModelListed,
    ModelPublish,
    ModelRead,
    ModelWithdraw,
    UseRead,
)

router = transactional_router(prefix="/v1/valuation/models", tags=["valuation models"])

ForPurpose = Annotated[
    Purpose | None, Query(description="only those it allows, on `as_of` or today")
]
ByName = Annotated[
    str | None, Query(pattern=r"^[a-z_]{1,40}$", description="as `relief_from_royalty`")
]


@router.get("", responses=problems(InvalidTokenError, InvalidCursorError))
async def valuation_models(
    actor: Reader,
    session: Session,
    today: Today,
    as_of: AsOf = None,
    purpose: ForPurpose = None,
    name: ByName = None,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> Page[ModelListed]:
    """Published models: methods, tables, weight sets, rating models; newest first.

    With `purpose` or `as_of`, those that are allowed for the purpose, on the day; with neither, all
    that were ever published.
    """
    day = as_of or (today if purpose else None)
    found, following = await queries.published(
        session, purpose=purpose, as_of=day, name=name, cursor=cursor, limit=limit
    )
    return Page(items=[ModelListed.model_validate(one) for one in found], next=following)


@router.get("/{model_id}", responses=problems(InvalidTokenError, NotFoundError))
async def valuation_model(model_id: UUID, actor: Reader, session: Session) -> ModelRead:
    """One edition with its content, and the purposes and periods in which it is allowed."""
    return await _shown(session, model_id)


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    responses=problems(
        InvalidTokenError,
        PermissionMissingError,
        EditionExistsError,
        ImpossibleInputError,
        InconsistentComparisonsError,
        WeightsNotWholeError,
        ScoreOutsideTableError,
        FormulaStraysError,
    ),
)
async def publish_valuation_model(
    request: ModelPublish, actor: Operator, session: Session
) -> ModelRead:
    """Operator: publish an edition, which never changes. It is used once a purpose allows it."""
    model = await service.publish_model(session, request, actor=actor)
    return await _shown(session, model.id)


@router.post(
    "/{model_id}/allow",
    responses=problems(
        InvalidTokenError,
        PermissionMissingError,
        NotFoundError,
        ModelWithdrawnError,
        ModelUseInPastError,
        ModelUseOverlapError,
    ),
)
async def allow_valuation_model(
    model_id: UUID, request: ModelAllow, actor: Operator, session: Session, today: Today
) -> ModelRead:
    """Operator: let a purpose use an edition from a day on; the edition before ends then."""
    await service.allow(session, model_id, request, today=today, actor=actor)
    return await _shown(session, model_id)


@router.post(
    "/{model_id}/withdraw",
    responses=problems(
        InvalidTokenError,
        PermissionMissingError,
        NotFoundError,
        ModelWithdrawnError,
        ModelUseInPastError,
    ),
)
async def withdraw_valuation_model(
    model_id: UUID, request: ModelWithdraw, actor: Operator, session: Session, today: Today
) -> ModelRead:
    """Operator: end all uses of an edition at a day. What it rated and valued keeps its name."""
    await service.withdraw(session, model_id, request, today=today, actor=actor)
    return await _shown(session, model_id)


async def _shown(session: AsyncSession, model_id: UUID) -> ModelRead:
    model = await queries.get_model(session, model_id)
    uses = await queries.uses_of(session, model_id)
    withdrawal = await queries.withdrawal_of(session, model_id)
    return ModelRead(
        **ModelListed.model_validate(model).model_dump(),
        content=model.content,
        consistency_ratio=model.consistency_ratio,
        uses=[UseRead.model_validate(use) for use in uses],
        withdrawn_from=withdrawal and withdrawal.withdrawn_from,
    )
