from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from sqlalchemy import or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from marketplace.accounts.actors import Actor
from marketplace.deals.mandates.models import Mandate
from marketplace.deals.models import Deal
from marketplace.deals.negotiations.models import Negotiation, Offer
from marketplace.deals.negotiations.schemas import NegotiationDetail, NegotiationRead, OfferRead
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.pagination import page_by_id
from marketplace.kernel.schemas import Amount


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


async def read_detail(session: AsyncSession, negotiation: Negotiation) -> NegotiationDetail:
    """A negotiation with all its offers; both sides learn which broker made one."""
    offers = await offers_of(session, negotiation.id)
    brokers = await _brokers_of(session, {one.mandate_id for one in offers if one.mandate_id})
    return NegotiationDetail(
        **NegotiationRead.model_validate(negotiation).model_dump(),
        offers=[_read_offer(one, brokers) for one in offers],
        deal_id=await deal_of(session, negotiation.id),
    )


async def _brokers_of(session: AsyncSession, mandate_ids: Collection[UUID]) -> dict[UUID, UUID]:
    if not mandate_ids:
        return {}
    query = select(Mandate.id, Mandate.broker_organisation_id).where(
        col(Mandate.id).in_(mandate_ids)
    )
    return {row[0]: row[1] for row in await session.execute(query)}


def _read_offer(offer: Offer, brokers: Mapping[UUID, UUID]) -> OfferRead:
    return OfferRead(
        number=offer.number,
        by=offer.by,
        price=Amount(amount_minor=offer.price_minor, currency=offer.currency),
        message=offer.message,
        valid_until=offer.valid_until,
        made_at=offer.created_at,
        broker_organisation_id=brokers.get(offer.mandate_id) if offer.mandate_id else None,
    )
