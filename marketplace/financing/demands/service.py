"""Demands and the offers for them. No offerer is told of another's."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.accounts.affiliations.queries import same_group
from marketplace.assets.queries import get_right
from marketplace.assets.title.service import require_owner
from marketplace.financing.access import kind_of
from marketplace.financing.demands.errors import (
    InvalidDemandError,
    NotYourProductError,
    OfferUnfitError,
    OwnDemandError,
)
from marketplace.financing.demands.lifecycle import (
    COMPANY,
    OFFERER,
    DemandOfferState,
    DemandState,
)
from marketplace.financing.demands.models import Demand, DemandOffer, DemandRight
from marketplace.financing.demands.queries import get_demand, get_offer, role_in
from marketplace.financing.demands.rules import OFFERERS, misfits
from marketplace.financing.demands.schemas import DemandOfferMake, DemandPublish
from marketplace.financing.demands.terms import LicenceBackWanted, SecuritisationWanted, Wanted
from marketplace.kernel.db import lock, mark_locked, now
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.lifecycle import (
    BY_SYSTEM,
    SYSTEM,
    Identity,
    IllegalMoveError,
    begin,
    move,
)

OPEN_MAX: Final = timedelta(days=366)
VALID: Final = timedelta(days=30)


async def publish_demand(session: AsyncSession, request: DemandPublish, *, actor: Actor) -> Demand:
    """Show a demand to all whose kind may answer it.

    Raises:
        NotFoundError, NotOwnerError: a right is not theirs.
        InvalidDemandError: amounts or rights do not go together, or it would be over at once.
    """
    closes_at = request.closes_at
    if closes_at and not now(session) < closes_at <= now(session) + OPEN_MAX:
        raise InvalidDemandError("it closes within a year, and not in the past")
    _require_sound(request.terms, request)
    for right_id in request.right_ids:
        await get_right(session, right_id, actor=actor)
        await require_owner(session, right_id, actor.organisation_id)
    demand = Demand(
        created_at=now(session),
        company_organisation_id=actor.organisation_id,
        product=request.terms.product,
        amount_minor=request.amount.amount_minor,
        currency=request.amount.currency,
        summary=request.summary,
        terms=request.terms.model_dump(mode="json"),
    )
    begin(session, demand, actor, due_at=closes_at, product=demand.product)
    await session.flush()
    session.add_all(
        DemandRight(created_at=now(session), demand_id=demand.id, right_id=right_id)
        for right_id in request.right_ids
    )
    await session.flush()
    return demand


def _require_sound(terms: Wanted, request: DemandPublish) -> None:
    """What of a demand goes beyond its own terms."""
    if isinstance(terms, LicenceBackWanted) and len(request.right_ids) > 1:
        raise InvalidDemandError("one right is sold and licensed back at a time")
    if isinstance(terms, SecuritisationWanted):
        if not {one.right_id for one in terms.receivables} <= {*request.right_ids}:
            raise InvalidDemandError("a receivable is of a right that the pool does not hold")
        if terms.notes_minor != request.amount.amount_minor:
            raise InvalidDemandError("the amount is that of all notes together")


async def end_demand(
    session: AsyncSession, demand: Demand, name: str, *, role: str, actor: Identity
) -> None:
    """Withdraw or let expire what nobody was accepted for; every offer is lost."""
    move(session, demand, name, role=role, actor=actor)
    await _lose_others(session, demand, None)


async def expire(session: AsyncSession, demand: Demand, *, role: str, actor: Identity) -> None:
    """The clock: its time is over."""
    await end_demand(session, demand, "expire", role=role, actor=actor)


async def lock_for(session: AsyncSession, demand_id: UUID, actor: Actor) -> tuple[Demand, str]:
    """Hold a demand, and which of its sides the actor is.

    Raises:
        NotFoundError: none that the actor may see.
    """
    await get_demand(session, demand_id, actor=actor)
    demand = await lock(session, Demand, demand_id)
    return demand, role_in(demand, actor) or "reader"


async def make_offer(
    session: AsyncSession, demand_id: UUID, request: DemandOfferMake, *, actor: Actor
) -> DemandOffer:
    """Answer a demand. The signature of the offerer's own person binds it until it ends.

    Raises:
        NotFoundError: no demand that the actor may see.
        NotYourProductError: the organisation is of another kind.
        OwnDemandError: it is of the company's group.
        IllegalMoveError: the demand is not open.
        OfferUnfitError: it does not answer what was asked for; the reasons are with it.
        InvalidDemandError: it would be over before it begins.
        DemandOfferExistsError: by the database, when one of theirs stands.
    """
    demand, _ = await lock_for(session, demand_id, actor)
    if await same_group(
        session, actor.organisation_id, demand.company_organisation_id, now(session).date()
    ):
        raise OwnDemandError
    if await kind_of(session, actor.organisation_id) not in OFFERERS[demand.product]:
        raise NotYourProductError
    if demand.state is not DemandState.OPEN:
        raise IllegalMoveError(f"the demand is {demand.state}", state=demand.state)
    reasons = misfits(demand.wanted, demand.amount_minor, request.terms, request.amount_minor)
    if reasons:
        raise OfferUnfitError(reasons=reasons)
    valid_until = request.valid_until or now(session) + VALID
    if not now(session) < valid_until <= now(session) + OPEN_MAX:
        raise InvalidDemandError("an offer ends within a year, and not in the past")
    offer = DemandOffer(
        created_at=now(session),
        demand_id=demand.id,
        offerer_organisation_id=actor.organisation_id,
        amount_minor=request.amount_minor,
        currency=demand.currency,
        terms=request.terms.model_dump(mode="json"),
        valid_until=valid_until,
    )
    begin(session, offer, actor, due_at=valid_until, **offer.told())
    await session.flush()
    return offer


async def lock_offer(
    session: AsyncSession, offer_id: UUID, actor: Actor
) -> tuple[Demand, DemandOffer, str]:
    """Hold an offer and, before it, its demand; and what the actor is to it.

    Raises:
        NotFoundError: it is neither the actor's nor for a demand of theirs.
    """
    seen = await get_offer(session, offer_id, actor=actor)
    demand = await lock(session, Demand, seen.demand_id)
    roles = {demand.company_organisation_id: COMPANY, seen.offerer_organisation_id: OFFERER}
    if actor.organisation_id not in roles:
        raise NotFoundError("no such demand offer")
    offer = await lock(session, DemandOffer, offer_id)
    return demand, offer, roles[actor.organisation_id]


async def end_offer(
    session: AsyncSession, offer_id: UUID, name: str, *, actor: Actor
) -> DemandOffer:
    """Decline an offer as the company, or withdraw it as who made it."""
    _, offer, role = await lock_offer(session, offer_id, actor)
    move(session, offer, name, role=role, actor=actor, **offer.told())
    return offer


async def accept(
    session: AsyncSession, offer_id: UUID, *, actor: Actor
) -> tuple[Demand, DemandOffer]:
    """Take one offer; all others for the demand are lost.

    Raises:
        NotYourMoveError: it is for the company.
        IllegalMoveError: the offer or the demand is over, or another offer was taken.
    """
    demand, offer, role = await lock_offer(session, offer_id, actor)
    if offer.valid_until <= now(session):
        raise IllegalMoveError("the offer has expired", state=offer.state)
    move(session, offer, "accept", role=role, actor=actor, **offer.told())
    move(session, demand, "accept", role=role, actor=actor, demand_offer_id=offer.id)
    demand.offerer_organisation_id = offer.offerer_organisation_id
    demand.agreed_minor = offer.amount_minor
    await _lose_others(session, demand, offer.id)
    return demand, offer


async def _lose_others(session: AsyncSession, demand: Demand, accepted: UUID | None) -> None:
    for other in await _standing(session, demand):
        if other.id != accepted:
            mark_locked(session, other)
            move(session, other, "lose", role=SYSTEM, actor=BY_SYSTEM, **other.told())


async def _standing(session: AsyncSession, demand: Demand) -> Sequence[DemandOffer]:
    await session.flush()
    query = (
        select(DemandOffer)
        .where(col(DemandOffer.demand_id) == demand.id)
        .where(col(DemandOffer.state) == DemandOfferState.OFFERED)
        .with_for_update()
    )
    return (await session.execute(query)).scalars().all()
