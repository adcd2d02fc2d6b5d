from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, or_, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from marketplace.accounts.actors import Actor
from marketplace.accounts.models import Organisation
from marketplace.deals.mandates.lifecycle import BROKER, PRINCIPAL
from marketplace.deals.mandates.models import Mandate, Side
from marketplace.deals.mandates.schemas import MandateRead
from marketplace.deals.negotiations.models import Negotiation
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.pagination import page_by_id
from marketplace.listings.bundles.models import ListingItem
from marketplace.listings.models import Listing

OPERATOR = "operator"


def role_in(mandate: Mandate, actor: Actor) -> str | None:
    """What the actor is to a mandate; None for everybody else."""
    if actor.organisation_id == mandate.principal_organisation_id:
        return PRINCIPAL
    if actor.organisation_id == mandate.broker_organisation_id:
        return BROKER
    return OPERATOR if actor.is_operator else None


def visible_to(actor: Actor) -> SelectOfScalar[Mandate]:
    """Mandates are between a principal and a broker, and open to the operator."""
    query = select(Mandate)
    if actor.is_operator:
        return query
    own = actor.organisation_id
    return query.where(
        or_(
            col(Mandate.principal_organisation_id) == own,
            col(Mandate.broker_organisation_id) == own,
        )
    )


async def get_mandate(session: AsyncSession, mandate_id: UUID, *, actor: Actor) -> Mandate:
    """A mandate of the actor's; NotFoundError for any other."""
    query = visible_to(actor).where(col(Mandate.id) == mandate_id)
    mandate = (await session.execute(query)).scalar_one_or_none()
    if mandate is None:
        raise NotFoundError("no such mandate")
    return mandate


async def mandates_of(
    session: AsyncSession, actor: Actor, *, cursor: str | None, limit: int
) -> tuple[Sequence[Mandate], str | None]:
    """The actor's mandates, given and held, newest first."""
    return await page_by_id(session, visible_to(actor), Mandate, cursor=cursor, limit=limit)


def read_mandate(mandate: Mandate, actor: Actor) -> MandateRead:
    role = role_in(mandate, actor)
    names = MandateRead.model_fields.keys() & Mandate.model_fields.keys()
    own: dict[str, Any] = {name: getattr(mandate, name) for name in names}
    moves = mandate.lifecycle.open_to(mandate.state, role) if role else []
    return MandateRead(**own, your_role=role, your_moves=moves)


def within_scope(mandate: Mandate) -> ColumnElement[bool]:
    """Whether a row of `Listing` is among what a mandate is about; a bundle with all its rights."""
    if mandate.everything:
        return true()
    outside = exists().where(
        col(ListingItem.listing_id) == col(Listing.id),
        col(ListingItem.right_id).not_in(mandate.right_ids),
    )
    of_rights = and_(col(Listing.right_id).in_(mandate.right_ids), ~outside)
    return or_(col(Listing.id).in_(mandate.listing_ids), of_rights)


def within_territory(mandate: Mandate) -> ColumnElement[bool]:
    """Whether a row of `Organisation`, the other side, is where a mandate holds."""
    if not mandate.places:
        return true()
    here = col(Organisation.country), col(Organisation.region)
    return or_(*(column.in_(mandate.places) for column in here))


async def covers(
    session: AsyncSession, mandate: Mandate, listing_id: UUID, other_organisation_id: UUID
) -> bool:
    """Whether a mandate is about a listing, with this organisation on the other side."""
    query = (
        select(Listing.id)
        .join(Organisation, col(Organisation.id) == other_organisation_id)
        .where(col(Listing.id) == listing_id, within_scope(mandate), within_territory(mandate))
    )
    return (await session.execute(query)).first() is not None


def negotiations_under(mandate: Mandate) -> SelectOfScalar[Negotiation]:
    """What a principal negotiates within a mandate, whoever began it."""
    own = col(Negotiation.seller_organisation_id)
    other = col(Negotiation.buyer_organisation_id)
    if mandate.side is Side.BUY:
        own, other = other, own
    return (
        select(Negotiation)
        .join(Listing, col(Listing.id) == col(Negotiation.listing_id))
        .join(Organisation, col(Organisation.id) == other)
        .where(
            own == mandate.principal_organisation_id,
            within_scope(mandate),
            within_territory(mandate),
        )
    )


async def negotiations_of(
    session: AsyncSession, mandate: Mandate, *, cursor: str | None, limit: int
) -> tuple[Sequence[Negotiation], str | None]:
    """The negotiations that a broker may see under a mandate, newest first."""
    query = negotiations_under(mandate)
    return await page_by_id(session, query, Negotiation, cursor=cursor, limit=limit)


async def negotiation_under(
    session: AsyncSession, mandate: Mandate, negotiation_id: UUID
) -> Negotiation:
    """One of them; NotFoundError for any other."""
    query = negotiations_under(mandate).where(col(Negotiation.id) == negotiation_id)
    found = (await session.execute(query)).scalar_one_or_none()
    if found is None:
        raise NotFoundError("no such negotiation")
    return found
