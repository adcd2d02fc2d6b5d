"""Licences that begin otherwise than by an offer: taken by notice, changed, or given on."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.actors import Actor
from marketplace.deals.agreement import draw_up
from marketplace.deals.co_owners.service import require_owners_of_now
from marketplace.deals.licences import service
from marketplace.deals.licences.errors import (
    NotOpenLicenceError,
    OutsideHeadLicenceError,
    TermsChangedError,
)
from marketplace.deals.licences.lifecycle import LICENSEE, LicenceState
from marketplace.deals.licences.parties import lock_licence
from marketplace.deals.licences.queries import rights_in
from marketplace.deals.licences.rules import outside
from marketplace.deals.licences.schemas import LicenceTermsSet, SublicenceOffer
from marketplace.deals.lifecycle import BUYER
from marketplace.deals.models import Deal
from marketplace.deals.negotiations.errors import OwnListingError
from marketplace.deals.opening import open_deal
from marketplace.deals.parties import lock_for, require_other_people
from marketplace.deals.signing import ask_for_payment
from marketplace.documents.signatures import newest, sign
from marketplace.kernel.crypto import Keyring
from marketplace.kernel.db import lock
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.lifecycle import NotYourMoveError, move
from marketplace.listings.bundles.schemas import BundleItem
from marketplace.listings.deal_types import DealType
from marketplace.listings.licensing.service import offer_of, put_offer
from marketplace.listings.models import Listing
from marketplace.listings.schemas import ListingCreate
from marketplace.listings.service import draft_listing


async def take_open(
    session: AsyncSession, keyring: Keyring, listing_id: UUID, sha256: str, *, actor: Actor
) -> Deal:
    """Take an open licence on its published terms: a notice binds, and the price is due.

    Raises:
        NotFoundError, NotOpenLicenceError, OwnListingError, SamePeopleError: not to be taken so.
        TermsChangedError: the published terms are not those that were read.
        ConsentsMissingError: somebody owns a share since who never agreed to them.
    """
    listing = await lock(session, Listing, listing_id)
    if listing.published_at is None:
        raise NotFoundError("no such listing")
    offer = await offer_of(session, listing.id)
    if listing.deal_type is not DealType.OPEN or offer is None:
        raise NotOpenLicenceError
    if listing.organisation_id == actor.organisation_id:
        raise OwnListingError
    if offer.sha256 != sha256:
        raise TermsChangedError
    seller, buyer = listing.organisation_id, actor.organisation_id
    await require_other_people(session, seller=seller, buyer=buyer, actor=actor)
    deal = await open_deal(
        session,
        keyring,
        negotiation_id=None,
        listing_id=listing.id,
        buyer_organisation_id=actor.organisation_id,
        price_minor=listing.asking_price_minor or 0,
        currency=listing.currency,
        actor=actor,
    )
    deal = await lock(session, Deal, deal.id)
    await require_owners_of_now(session, deal)
    text = await newest(session, deal.subject)
    move(session, deal, "take", role=BUYER, actor=actor, sha256=text.sha256)
    await sign(session, subject=deal.subject, sha256=text.sha256, actor=actor)
    await ask_for_payment(session, deal)
    return deal


async def set_terms(
    session: AsyncSession,
    keyring: Keyring,
    deal_id: UUID,
    request: LicenceTermsSet,
    *,
    actor: Actor,
) -> Deal:
    """Agree on other terms before both have signed; the text gets another hash."""
    deal, role = await lock_for(session, deal_id, actor)
    told: dict[str, Any] = {"crosses": request.grants_back is not None}
    move(session, deal, "set_terms", role=role, actor=actor, **told)
    back = request.grants_back
    granted = (back.right_ids, back.terms) if back else None
    await service.change_terms(session, deal, request.terms, granted, actor=actor)
    await draw_up(session, keyring, deal)
    return deal


async def offer_sublicence(
    session: AsyncSession, licence_id: UUID, request: SublicenceOffer, *, actor: Actor
) -> Listing:
    """Licensee: draft a listing of a sub-licence within a licence in effect.

    Raises:
        OutsideHeadLicenceError: the licence allows less, or is not in effect.
    """
    head, role = await lock_licence(session, licence_id, actor)
    if role != LICENSEE:
        raise NotYourMoveError("who holds a licence gives it on")
    if head.state != LicenceState.ACTIVE:
        raise OutsideHeadLicenceError(f"the head licence is {head.state}")
    if beyond := outside(request.terms, head.agreed):
        raise OutsideHeadLicenceError(beyond)
    rights = await rights_in(session, head.id)
    several = len(rights) > 1
    wanted = ListingCreate(
        **request.model_dump(exclude={"terms"}),
        right_id=rights[0],
        items=[BundleItem(right_id=one, weight=1) for one in rights] if several else [],
    )
    listing = await draft_listing(session, wanted, DealType.SUB, actor=actor)
    await put_offer(session, listing, request.terms, head_licence_id=head.id)
    return listing
