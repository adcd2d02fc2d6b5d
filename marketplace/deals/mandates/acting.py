"""What a broker does for its principal: as the principal itself would, within the mandate.

The broker's person stays the one who acted, and each act names the mandate. What binds the
principal to a deal (to accept an offer, to sign) stays the principal's.
"""

from dataclasses import replace
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.actors import Actor
from marketplace.deals.mandates.errors import OutsideMandateError
from marketplace.deals.mandates.models import Mandate, Side
from marketplace.deals.mandates.queries import covers, negotiation_under
from marketplace.deals.mandates.service import lock_to_act
from marketplace.deals.negotiations import service as negotiations
from marketplace.deals.negotiations.models import Negotiation
from marketplace.deals.negotiations.schemas import OfferMake
from marketplace.kernel.db import lock
from marketplace.kernel.errors import NotFoundError
from marketplace.listings.models import Listing


def _as_principal(mandate: Mandate, actor: Actor) -> Actor:
    return replace(actor, organisation_id=mandate.principal_organisation_id)


async def make_offer(
    session: AsyncSession, mandate_id: UUID, listing_id: UUID, request: OfferMake, *, actor: Actor
) -> Negotiation:
    """Begin a negotiation for a buyer.

    Raises:
        OutsideMandateError: it is a seller's, or does not cover this listing or its seller.
    """
    mandate = await lock_to_act(session, mandate_id, actor)
    listing = await lock(session, Listing, listing_id)
    if listing.published_at is None:
        raise NotFoundError("no such listing")
    if mandate.side is not Side.BUY:
        raise OutsideMandateError("it is one of a seller")
    if not await covers(session, mandate, listing.id, listing.organisation_id):
        raise OutsideMandateError
    principal = _as_principal(mandate, actor)
    return await negotiations.make_offer(
        session, listing_id, request, actor=principal, mandate_id=mandate.id
    )


async def counter(
    session: AsyncSession,
    mandate_id: UUID,
    negotiation_id: UUID,
    request: OfferMake,
    *,
    actor: Actor,
) -> Negotiation:
    """Answer the other side's offer with the principal's price."""
    mandate = await _over(session, mandate_id, negotiation_id, actor)
    principal = _as_principal(mandate, actor)
    return await negotiations.counter(
        session, negotiation_id, request, actor=principal, mandate_id=mandate.id
    )


async def end(
    session: AsyncSession, mandate_id: UUID, negotiation_id: UUID, name: str, *, actor: Actor
) -> Negotiation:
    """`decline` the other side's offer, or `withdraw` the principal's own."""
    mandate = await _over(session, mandate_id, negotiation_id, actor)
    principal = _as_principal(mandate, actor)
    return await negotiations.end(
        session, negotiation_id, name, actor=principal, mandate_id=mandate.id
    )


async def _over(
    session: AsyncSession, mandate_id: UUID, negotiation_id: UUID, actor: Actor
) -> Mandate:
    mandate = await lock_to_act(session, mandate_id, actor)
    await negotiation_under(session, mandate, negotiation_id)
    return mandate
