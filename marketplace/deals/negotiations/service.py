from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.deals.models import Deal
from marketplace.deals.negotiations.errors import (
    InvalidValidityError,
    ListingNotOpenError,
    OfferChangedError,
    OfferExpiredError,
    OpenLicenceError,
    OwnListingError,
    PriceNeededError,
    RoundLimitError,
)
from marketplace.deals.negotiations.lifecycle import BUYER, SELLER, NegotiationState
from marketplace.deals.negotiations.models import Negotiation, Offer
from marketplace.deals.negotiations.schemas import OfferMake
from marketplace.deals.opening import open_deal
from marketplace.deals.parties import require_other_people
from marketplace.kernel.crypto import Keyring
from marketplace.kernel.db import lock, now
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.lifecycle import BY_SYSTEM, SYSTEM, begin, move
from marketplace.kernel.money import CurrencyMismatchError
from marketplace.listings.deal_types import DealType
from marketplace.listings.licensing.service import offer_of
from marketplace.listings.lifecycle import ListingState
from marketplace.listings.models import Listing

VALIDITY: Final = timedelta(days=14)
VALIDITY_MIN: Final = timedelta(hours=1)
VALIDITY_MAX: Final = timedelta(days=90)
ROUNDS_MAX: Final = 100
LIVE: Final = frozenset(state for state in NegotiationState) - {
    NegotiationState.ACCEPTED,
    NegotiationState.DECLINED,
    NegotiationState.WITHDRAWN,
    NegotiationState.EXPIRED,
    NegotiationState.CLOSED,
}


async def make_offer(
    session: AsyncSession,
    listing_id: UUID,
    request: OfferMake,
    *,
    actor: Actor,
    mandate_id: UUID | None = None,
) -> Negotiation:
    """Begin a negotiation with a first offer; a broker names the mandate under which it acts.

    Raises:
        NotFoundError, ListingNotOpenError: no such listing, or none that takes offers.
        OwnListingError: the listing is the actor's.
        SamePeopleError: somebody stands for both sides.
        CurrencyMismatchError: the listing is in another currency.
        PriceNeededError, OpenLicenceError: it is not had for nothing, or not by an offer.
        NegotiationExistsError: by the database, when this buyer has a live one.
    """
    listing = await _open_listing(session, listing_id, request)
    if listing.organisation_id == actor.organisation_id:
        raise OwnListingError
    seller, buyer = listing.organisation_id, actor.organisation_id
    await require_other_people(session, seller=seller, buyer=buyer, actor=actor)
    negotiation = Negotiation(
        created_at=now(session),
        listing_id=listing.id,
        buyer_organisation_id=actor.organisation_id,
        seller_organisation_id=listing.organisation_id,
    )
    valid_until = _valid_until(session, request)
    told = {"listing_id": listing.id, **_under(mandate_id)}
    begin(session, negotiation, actor, due_at=valid_until, **told)
    await session.flush()
    _put_offer(session, negotiation, request, BUYER, valid_until, mandate_id)
    await session.flush()
    return negotiation


async def _open_listing(session: AsyncSession, listing_id: UUID, request: OfferMake) -> Listing:
    listing = await lock(session, Listing, listing_id)
    if listing.published_at is None:
        raise NotFoundError("no such listing")
    if listing.state is not ListingState.PUBLISHED:
        raise ListingNotOpenError(f"it is {listing.state}")
    if listing.currency != request.price.currency:
        raise CurrencyMismatchError(f"the listing is in {listing.currency}")
    if listing.deal_type is DealType.OPEN:
        raise OpenLicenceError
    if not request.price.amount_minor:
        await _require_royalty(session, listing.id)
    return listing


async def _require_royalty(session: AsyncSession, listing_id: UUID) -> None:
    offer = await offer_of(session, listing_id)
    if offer is None or offer.offered.royalty is None:
        raise PriceNeededError


async def counter(
    session: AsyncSession,
    negotiation_id: UUID,
    request: OfferMake,
    *,
    actor: Actor,
    mandate_id: UUID | None = None,
) -> Negotiation:
    """Answer the standing offer with another price; then the other side is awaited."""
    negotiation, role = await lock_for(session, negotiation_id, actor)
    standing = await standing_offer(session, negotiation)
    if standing.currency != request.price.currency:
        raise CurrencyMismatchError(f"the negotiation is in {standing.currency}")
    if not request.price.amount_minor:
        await _require_royalty(session, negotiation.listing_id)
    if negotiation.rounds >= ROUNDS_MAX:
        raise RoundLimitError
    valid_until = _valid_until(session, request)
    number = negotiation.rounds + 1
    move(
        session,
        negotiation,
        "counter",
        role=role,
        actor=actor,
        due_at=valid_until,
        offer_number=number,
        **_under(mandate_id),
    )
    _require_valid(session, standing)
    negotiation.rounds = number
    _put_offer(session, negotiation, request, role, valid_until, mandate_id)
    return negotiation


async def accept(
    session: AsyncSession,
    keyring: Keyring,
    negotiation_id: UUID,
    offer_number: int,
    *,
    actor: Actor,
) -> Deal:
    """Take the standing offer of the other side: it becomes a deal with frozen terms.

    Raises:
        OfferChangedError, OfferExpiredError: the offer named does not stand.
        RightReservedError: by the database, when another deal over the right was first.
    """
    negotiation, role = await lock_for(session, negotiation_id, actor)
    offer = await standing_offer(session, negotiation)
    move(session, negotiation, "accept", role=role, actor=actor, offer_number=offer_number)
    if offer.number != offer_number:
        raise OfferChangedError(f"offer {offer.number} stands")
    _require_valid(session, offer)
    return await open_deal(
        session,
        keyring,
        negotiation_id=negotiation.id,
        listing_id=negotiation.listing_id,
        buyer_organisation_id=negotiation.buyer_organisation_id,
        price_minor=offer.price_minor,
        currency=offer.currency,
        actor=actor,
    )


async def end(
    session: AsyncSession,
    negotiation_id: UUID,
    name: str,
    *,
    actor: Actor,
    mandate_id: UUID | None = None,
) -> Negotiation:
    """`decline` the other side's standing offer for good, or `withdraw` one's own."""
    negotiation, role = await lock_for(session, negotiation_id, actor)
    move(session, negotiation, name, role=role, actor=actor, **_under(mandate_id))
    return negotiation


def _under(mandate_id: UUID | None) -> dict[str, Any]:
    """What the event log says of an act on behalf of a side."""
    return {"mandate_id": mandate_id} if mandate_id else {}


async def move_live_of_listing(session: AsyncSession, listing_id: UUID, name: str) -> None:
    """Suspend, resume or close what is still negotiated over a listing, where the move applies."""
    query = (
        select(Negotiation.id)
        .where(col(Negotiation.listing_id) == listing_id, col(Negotiation.state).in_(LIVE))
        .order_by(col(Negotiation.id))
    )
    for negotiation_id in (await session.execute(query)).scalars().all():
        negotiation = await lock(session, Negotiation, negotiation_id)
        lifecycle = negotiation.lifecycle
        if name in lifecycle.open_to(negotiation.state, SYSTEM):
            due_at = negotiation.due_at
            move(session, negotiation, name, role=SYSTEM, actor=BY_SYSTEM, due_at=due_at)
            if negotiation.state not in LIVE:
                negotiation.due_at = None


async def lock_for(
    session: AsyncSession, negotiation_id: UUID, actor: Actor
) -> tuple[Negotiation, str]:
    """Hold a negotiation that the actor is a party to, and say which side it is."""
    negotiation = await lock(session, Negotiation, negotiation_id)
    if actor.organisation_id == negotiation.buyer_organisation_id:
        return negotiation, BUYER
    if actor.organisation_id == negotiation.seller_organisation_id:
        return negotiation, SELLER
    raise NotFoundError("no such negotiation")


async def standing_offer(session: AsyncSession, negotiation: Negotiation) -> Offer:
    """The last offer made, by either side; the one before it is void."""
    query = select(Offer).where(
        col(Offer.negotiation_id) == negotiation.id, col(Offer.number) == negotiation.rounds
    )
    return (await session.execute(query)).scalar_one()


def _require_valid(session: AsyncSession, offer: Offer) -> None:
    """The clock may be seconds late with its move; the validity itself is exact."""
    if offer.valid_until <= now(session):
        raise OfferExpiredError


def _valid_until(session: AsyncSession, request: OfferMake) -> datetime:
    moment = now(session)
    valid_until = request.valid_until or moment + VALIDITY
    if not VALIDITY_MIN <= valid_until - moment <= VALIDITY_MAX:
        raise InvalidValidityError
    return valid_until


def _put_offer(
    session: AsyncSession,
    negotiation: Negotiation,
    request: OfferMake,
    side: str,
    valid_until: datetime,
    mandate_id: UUID | None,
) -> None:
    session.add(
        Offer(
            created_at=now(session),
            negotiation_id=negotiation.id,
            number=negotiation.rounds,
            by=side,
            price_minor=request.price.amount_minor,
            currency=request.price.currency,
            message=request.message,
            valid_until=valid_until,
            mandate_id=mandate_id,
        )
    )
