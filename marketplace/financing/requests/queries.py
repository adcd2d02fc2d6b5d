from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import exists, or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from marketplace.accounts.actors import Actor
from marketplace.financing.access import BORROWER, LENDER, OPERATOR, PLEDGOR, is_lender
from marketplace.financing.requests.lifecycle import PUBLISHED
from marketplace.financing.requests.models import FinancingPledgor, FinancingRequest
from marketplace.financing.requests.schemas import CollateralRead, FinancingRequestRead
from marketplace.financing.requests.screening import collateral_of
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.pagination import page_by_id
from marketplace.kernel.schemas import Amount


async def visible_to(session: AsyncSession, actor: Actor) -> SelectOfScalar[FinancingRequest]:
    """One's own, those one is asked to secure, and to lenders all that are shown."""
    query = select(FinancingRequest)
    if actor.is_operator:
        return query
    own = actor.organisation_id
    asked = exists().where(
        col(FinancingPledgor.request_id) == col(FinancingRequest.id),
        col(FinancingPledgor.organisation_id) == own,
    )
    seen = [
        col(FinancingRequest.borrower_organisation_id) == own,
        asked,
    ]
    if await is_lender(session, own):
        seen.append(col(FinancingRequest.state).in_(PUBLISHED))
    return query.where(or_(*seen))


async def get_request(session: AsyncSession, request_id: UUID, *, actor: Actor) -> FinancingRequest:
    """One that the actor may read.

    Raises:
        NotFoundError: there is none.
    """
    query = (await visible_to(session, actor)).where(col(FinancingRequest.id) == request_id)
    found = (await session.execute(query)).scalar_one_or_none()
    if found is None:
        raise NotFoundError("no such financing request")
    return found


async def requests_page(
    session: AsyncSession, actor: Actor, *, cursor: str | None, limit: int
) -> tuple[Sequence[FinancingRequest], str | None]:
    """What the actor may read, newest first."""
    query = await visible_to(session, actor)
    return await page_by_id(session, query, FinancingRequest, cursor=cursor, limit=limit)


async def role_in(session: AsyncSession, request: FinancingRequest, actor: Actor) -> str | None:
    """What the actor is to a request; None for who may not see it."""
    own = actor.organisation_id
    if request.borrower_organisation_id == own:
        return BORROWER
    if actor.is_operator:
        return OPERATOR
    asked = select(FinancingPledgor.id).where(
        col(FinancingPledgor.request_id) == request.id,
        col(FinancingPledgor.organisation_id) == own,
    )
    if (await session.execute(asked)).first() is not None:
        return PLEDGOR
    lends = request.state in PUBLISHED and await is_lender(session, own)
    return LENDER if lends else None


async def read_requests(
    session: AsyncSession, found: Sequence[FinancingRequest], actor: Actor
) -> list[FinancingRequestRead]:
    """Requests with their collateral, and what the actor may do."""
    rights: Mapping[UUID, list[CollateralRead]] = {one.id: [] for one in found}
    for one in await collateral_of(session, list(rights)):
        rights[one.request_id].append(CollateralRead.model_validate(one))
    return [_read(one, rights[one.id], actor) for one in found]


def _read(
    request: FinancingRequest, rights: list[CollateralRead], actor: Actor
) -> FinancingRequestRead:
    own = FinancingRequestRead.model_fields.keys() & FinancingRequest.model_fields.keys()
    mine = request.borrower_organisation_id == actor.organisation_id
    return FinancingRequestRead(
        **{name: getattr(request, name) for name in own},
        amount=Amount(amount_minor=request.amount_minor, currency=request.currency),
        collateral=rights,
        your_moves=request.lifecycle.open_to(request.state, BORROWER) if mine else [],
    )
