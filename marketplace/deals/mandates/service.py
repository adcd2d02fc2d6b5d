"""Mandates: offered by a principal, accepted by a broker, and ended by either of them or by time.

Ending a mandate ends what the broker may do, and not what it has earned (docs/decisions/0069).
"""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import select as select_columns
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.accounts.models import OrganisationKind
from marketplace.accounts.organisations.queries import get_organisation
from marketplace.assets.encumbrances.intervals import as_ranges
from marketplace.assets.encumbrances.territories import intervals
from marketplace.assets.title.queries import owned_among
from marketplace.deals.mandates.errors import (
    InvalidMandateError,
    MandateNotInForceError,
    NotABrokerError,
)
from marketplace.deals.mandates.lifecycle import BROKER, TERM_MAX, MandateState
from marketplace.deals.mandates.models import Mandate, Side
from marketplace.deals.mandates.queries import get_mandate, role_in
from marketplace.deals.mandates.rules import hold_range, places_of, right_range
from marketplace.deals.mandates.schemas import MandateOffer
from marketplace.kernel.db import lock, now
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.ids import new_id
from marketplace.kernel.lifecycle import begin, move
from marketplace.listings.bundles.models import ListingItem
from marketplace.listings.models import Listing


async def offer(session: AsyncSession, request: MandateOffer, *, actor: Actor) -> Mandate:
    """Offer a mandate to a broker, who accepts it within thirty days.

    Raises:
        NotFoundError: no such organisation; a right or a listing that is not there for the actor.
        NotABrokerError: it is no agency, or the actor's own.
        InvalidMandateError: the term or the scope cannot be.
    """
    await _require_broker(session, request.broker_organisation_id, actor)
    starts_at = request.starts_at or now(session)
    _require_term(starts_at, request.ends_at, now(session))
    rights = await _rights_within(session, request, actor)
    mandate_id = new_id()
    mandate = Mandate(
        id=mandate_id,
        created_at=now(session),
        principal_organisation_id=actor.organisation_id,
        everything=not (request.right_ids or request.listing_ids),
        places=places_of(request.territories),
        starts_at=starts_at,
        right_range=right_range(rights),
        territory_range=as_ranges(intervals(request.territories)),
        hold_range=hold_range(mandate_id, exclusive=request.exclusive),
        **request.model_dump(exclude={"starts_at"}),
    )
    broker = request.broker_organisation_id
    begin(session, mandate, actor, broker_organisation_id=broker, side=request.side)
    await session.flush()
    return mandate


async def _require_broker(session: AsyncSession, organisation_id: UUID, actor: Actor) -> None:
    broker = await get_organisation(session, organisation_id)
    if broker.kind is not OrganisationKind.AGENCY or broker.id == actor.organisation_id:
        raise NotABrokerError


def _require_term(starts_at: datetime, ends_at: datetime, moment: datetime) -> None:
    if not (starts_at < ends_at <= starts_at + TERM_MAX and moment < ends_at):
        raise InvalidMandateError("it ends in the future, after it begins, within five years")


async def _rights_within(
    session: AsyncSession, request: MandateOffer, actor: Actor
) -> Collection[UUID]:
    """The rights that are named, and those of the listings that are."""
    if request.side is Side.BUY and request.right_ids:
        raise InvalidMandateError("who buys names listings")
    owned = await owned_among(session, request.right_ids, actor.organisation_id)
    if owned != set(request.right_ids):
        raise NotFoundError("no such right of yours")
    return {*request.right_ids, *await _rights_listed(session, request, actor)}


async def _rights_listed(
    session: AsyncSession, request: MandateOffer, actor: Actor
) -> Collection[UUID]:
    wanted = set(request.listing_ids)
    if not wanted:
        return ()
    own = col(Listing.organisation_id) == actor.organisation_id
    shown = col(Listing.published_at).is_not(None)
    query = select(Listing).where(
        col(Listing.id).in_(wanted), own if request.side is Side.SELL else shown
    )
    found = (await session.execute(query)).scalars().all()
    if len(found) < len(wanted):
        raise NotFoundError("no such listing")
    items = select_columns(col(ListingItem.right_id)).where(col(ListingItem.listing_id).in_(wanted))
    return {*(one.right_id for one in found), *(await session.execute(items)).scalars()}


async def lock_for(session: AsyncSession, mandate_id: UUID, actor: Actor) -> tuple[Mandate, str]:
    """Hold a mandate of the actor's, and say as what.

    Raises:
        NotFoundError: no such mandate, or none of the actor's.
    """
    mandate = await lock(session, Mandate, mandate_id)
    role = role_in(mandate, actor)
    if role is None:
        raise NotFoundError("no such mandate")
    return mandate, role


async def accept(session: AsyncSession, mandate_id: UUID, *, actor: Actor) -> Mandate:
    """Broker: take the mandate on, from its first moment to its last.

    Raises:
        MandateNotInForceError: its term is over.
        ExclusiveMandateError: by the database, when it overlaps another and either is exclusive.
    """
    mandate, role = await lock_for(session, mandate_id, actor)
    move(session, mandate, "accept", role=role, actor=actor, due_at=mandate.ends_at)
    if mandate.ends_at <= now(session):
        raise MandateNotInForceError("its term is over")
    await session.flush()
    return mandate


async def answer(session: AsyncSession, mandate_id: UUID, name: str, *, actor: Actor) -> Mandate:
    """`decline` or `withdraw` what is offered, `revoke` or `resign` what is in force."""
    mandate, role = await lock_for(session, mandate_id, actor)
    move(session, mandate, name, role=role, actor=actor)
    return mandate


def is_in_force(mandate: Mandate, moment: datetime) -> bool:
    """The clock may be seconds late with its move; the term itself is exact."""
    return mandate.state is MandateState.ACTIVE and mandate.starts_at <= moment < mandate.ends_at


async def lock_to_act(session: AsyncSession, mandate_id: UUID, actor: Actor) -> Mandate:
    """Hold a mandate under which the actor acts as its broker; it cannot be revoked meanwhile.

    Raises:
        NotFoundError: no such mandate, or another's.
        MandateNotInForceError: not accepted, not begun, or over.
    """
    mandate, _ = await lock_for(session, mandate_id, actor)
    _require_held(mandate, actor, now(session))
    return mandate


async def held(session: AsyncSession, mandate_id: UUID, actor: Actor) -> Mandate:
    """A mandate under which the actor reads as its broker.

    Raises:
        NotFoundError, MandateNotInForceError: as for acting.
    """
    mandate = await get_mandate(session, mandate_id, actor=actor)
    _require_held(mandate, actor, now(session))
    return mandate


def _require_held(mandate: Mandate, actor: Actor, moment: datetime) -> None:
    if role_in(mandate, actor) != BROKER:
        raise NotFoundError("no such mandate")
    if not is_in_force(mandate, moment):
        raise MandateNotInForceError(f"it is {mandate.state}")
