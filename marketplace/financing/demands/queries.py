from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import and_, exists, or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from marketplace.accounts.actors import Actor
from marketplace.documents.signatures import newest, signatures_of
from marketplace.financing.access import kind_of
from marketplace.financing.demands.lifecycle import COMPANY, OFFERER, DemandState
from marketplace.financing.demands.models import Demand, DemandOffer, DemandRight
from marketplace.financing.demands.rules import OFFERERS
from marketplace.financing.demands.schemas import DemandOfferRead, DemandRead
from marketplace.financing.demands.terms import Product
from marketplace.financing.loans.queries import payments_of
from marketplace.financing.loans.schemas import ContractRead
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.pagination import page_by_id
from marketplace.kernel.schemas import Amount
from marketplace.payments.providers.port import WaysToPay

_BY_HAND: Final = frozenset({"accept"})
"""A move of the company's that is made at an offer."""


async def visible_to(session: AsyncSession, actor: Actor) -> SelectOfScalar[Demand]:
    """One's own, those one offered for, and open ones of what one's kind may offer."""
    query = select(Demand)
    if actor.is_operator:
        return query
    own = actor.organisation_id
    kind = await kind_of(session, own)
    products = [product for product, kinds in OFFERERS.items() if kind in kinds]
    offered = exists().where(
        col(DemandOffer.demand_id) == col(Demand.id),
        col(DemandOffer.offerer_organisation_id) == own,
    )
    shown = and_(col(Demand.state) == DemandState.OPEN, col(Demand.product).in_(products))
    return query.where(or_(col(Demand.company_organisation_id) == own, offered, shown))


async def get_demand(session: AsyncSession, demand_id: UUID, *, actor: Actor) -> Demand:
    """One that the actor may read.

    Raises:
        NotFoundError: there is none.
    """
    query = (await visible_to(session, actor)).where(col(Demand.id) == demand_id)
    found = (await session.execute(query)).scalar_one_or_none()
    if found is None:
        raise NotFoundError("no such demand")
    return found


async def demands_page(
    session: AsyncSession,
    actor: Actor,
    product: Product | None,
    *,
    cursor: str | None,
    limit: int,
) -> tuple[Sequence[Demand], str | None]:
    """What the actor may read, newest first."""
    query = await visible_to(session, actor)
    if product:
        query = query.where(col(Demand.product) == product)
    return await page_by_id(session, query, Demand, cursor=cursor, limit=limit)


def role_in(demand: Demand, actor: Actor) -> str | None:
    """Which of the two sides of a demand the actor is; None for anybody else."""
    if actor.organisation_id == demand.company_organisation_id:
        return COMPANY
    return OFFERER if actor.organisation_id == demand.offerer_organisation_id else None


async def read_demands(
    session: AsyncSession, found: Sequence[Demand], actor: Actor, ways: WaysToPay
) -> list[DemandRead]:
    """Demands with their rights; what was agreed on is for its two sides."""
    rights: Mapping[UUID, list[UUID]] = {one.id: [] for one in found}
    query = select(DemandRight).where(col(DemandRight.demand_id).in_(rights))
    for row in (await session.execute(query.order_by(col(DemandRight.id)))).scalars():
        rights[row.demand_id].append(row.right_id)
    due = [one.subject for one in found if one.state is DemandState.CONTRACTED]
    payments = await payments_of(session, due, ways) if due else {}
    return [_read(one, rights[one.id], payments.get(one.subject), actor) for one in found]


def _read(demand: Demand, right_ids: list[UUID], payment: object, actor: Actor) -> DemandRead:
    own = DemandRead.model_fields.keys() & Demand.model_fields.keys() - {"leads_to"}
    role = role_in(demand, actor)
    is_party = role is not None or actor.is_operator
    open_moves = demand.lifecycle.open_to(demand.state, role) if role else []
    agreed = (
        Amount(amount_minor=demand.agreed_minor, currency=demand.currency)
        if is_party and demand.agreed_minor
        else None
    )
    return DemandRead.model_validate(
        {name: getattr(demand, name) for name in own}
        | {
            "amount": Amount(amount_minor=demand.amount_minor, currency=demand.currency),
            "right_ids": right_ids,
            "agreed": agreed,
            "leads_to": demand.leads_to if is_party else None,
            "payment": payment if role == OFFERER else None,
            "your_moves": [name for name in open_moves if name not in _BY_HAND],
        }
    )


def offers_to(actor: Actor) -> SelectOfScalar[DemandOffer]:
    """An offerer's own, and those for a demand of one's own."""
    query = select(DemandOffer)
    if actor.is_operator:
        return query
    own = actor.organisation_id
    query = query.join(Demand, col(Demand.id) == col(DemandOffer.demand_id))
    return query.where(
        or_(
            col(DemandOffer.offerer_organisation_id) == own,
            col(Demand.company_organisation_id) == own,
        )
    )


async def offers_for(session: AsyncSession, demand_id: UUID, actor: Actor) -> Sequence[DemandOffer]:
    """What the actor may read of a demand's offers, newest first; at most a hundred."""
    query = offers_to(actor).where(col(DemandOffer.demand_id) == demand_id)
    query = query.order_by(col(DemandOffer.id).desc()).limit(100)
    return (await session.execute(query)).scalars().all()


async def get_offer(session: AsyncSession, offer_id: UUID, *, actor: Actor) -> DemandOffer:
    """One that the actor may read.

    Raises:
        NotFoundError: there is none.
    """
    query = offers_to(actor).where(col(DemandOffer.id) == offer_id)
    found = (await session.execute(query)).scalar_one_or_none()
    if found is None:
        raise NotFoundError("no such demand offer")
    return found


def read_offer(offer: DemandOffer, actor: Actor) -> DemandOfferRead:
    own = DemandOfferRead.model_fields.keys() & DemandOffer.model_fields.keys()
    mine = offer.offerer_organisation_id == actor.organisation_id
    role = OFFERER if mine else COMPANY
    return DemandOfferRead.model_validate(
        {name: getattr(offer, name) for name in own}
        | {
            "amount": Amount(amount_minor=offer.amount_minor, currency=offer.currency),
            "your_moves": ([] if actor.is_operator else offer.lifecycle.open_to(offer.state, role)),
        }
    )


async def read_agreement(session: AsyncSession, demand: Demand) -> ContractRead:
    """The text that both sides sign."""
    document = await newest(session, demand.subject)
    signed = [one.organisation_id for one in await signatures_of(session, document)]
    return ContractRead(sha256=document.sha256, text=document.content, signed_by=signed)
