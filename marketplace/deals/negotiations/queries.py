from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from marketplace.accounts.actors import Actor
from marketplace.deals.models import Deal
from marketplace.deals.negotiations.models import Negotiation, Offer
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.pagination import page_by_id


def visible_to(actor: Actor) -> SelectOfScalar[Negotiation]:
    """Negotiations are between their two sides; the operator is none of them."""
    own = actor.organisation_id
    return select(Negotiation).where(
        or_(
            col(Negotiation.buyer_organisation_id) == own,
            col(Negotiation.seller_organisation_id) == own,
        )
    )


async def get_negotiation(
    session: AsyncSession, negotiation_id: UUID, *, actor: Actor
) -> Negotiation:
    query = visible_to(actor).where(col(Negotiation.id) == negotiation_id)
    negotiation = (await session.execute(query)).scalar_one_or_none()
    if negotiation is None:
        raise NotFoundError("no such negotiation")
    return negotiation


async def negotiations_of(
    session: AsyncSession, actor: Actor, *, cursor: str | None, limit: int
) -> tuple[Sequence[Negotiation], str | None]:
    return await page_by_id(session, visible_to(actor), Negotiation, cursor=cursor, limit=limit)


async def offers_of(session: AsyncSession, negotiation_id: UUID) -> Sequence[Offer]:
    query = (
        select(Offer).where(col(Offer.negotiation_id) == negotiation_id).order_by(col(Offer.number))
    )
    return (await session.execute(query)).scalars().all()


async def deal_of(session: AsyncSession, negotiation_id: UUID) -> UUID | None:
    query = select(Deal.id).where(col(Deal.negotiation_id) == negotiation_id)
    return (await session.execute(query)).scalar_one_or_none()
