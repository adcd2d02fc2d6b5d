"""Deals over what was never on the market: awards of solicitations, and choices in the store."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.actors import Actor
from marketplace.accounts.organisations.queries import get_organisation
from marketplace.assets.models import Right
from marketplace.deals.agreement import draw_up
from marketplace.deals.models import Deal
from marketplace.deals.negotiations.lifecycle import BUYER, SELLER
from marketplace.deals.negotiations.models import Negotiation, Offer
from marketplace.deals.negotiations.service import VALIDITY
from marketplace.deals.opening import Way, open_deal
from marketplace.deals.payees.errors import InvalidSharesError
from marketplace.deals.payees.models import PayeeRole
from marketplace.deals.payees.schemas import SHARE_MAX, Payee, Share
from marketplace.deals.payees.service import put_payees
from marketplace.kernel.crypto import Keyring
from marketplace.kernel.db import lock, now
from marketplace.kernel.lifecycle import BY_SYSTEM, begin, move
from marketplace.listings.licensing.service import put_offer, type_of
from marketplace.listings.licensing.terms import LicenceTerms
from marketplace.listings.models import Listing
from marketplace.listings.service import withdraw_listings_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """What two organisations agreed on without negotiating here; without a licence it is a sale.

    `about` is the subject that it comes from, and `payees` who shares the price, if several do.
    """

    right_id: UUID
    seller: UUID
    buyer: UUID
    price_minor: int
    currency: str
    teaser: str
    language: str
    about: str
    licence: LicenceTerms | None = None
    payees: tuple[Payee, ...] = ()


def team(seller: UUID, shares: Mapping[UUID, Fraction]) -> tuple[Payee, ...]:
    """Who shares a price by exact shares, the seller first.

    Raises:
        InvalidSharesError: a share is finer than a price is split.
    """
    if any(share.denominator > SHARE_MAX for share in shares.values()):
        raise InvalidSharesError(f"shares are of {SHARE_MAX} parts at most")
    return tuple(
        Payee(
            organisation_id=owner,
            role=PayeeRole.SELLER if owner == seller else PayeeRole.CO_OWNER,
            share=Share(numerator=share.numerator, denominator=share.denominator),
        )
        for owner, share in sorted(shares.items(), key=lambda one: one[0] != seller)
    )


async def open_private_deal(
    session: AsyncSession, keyring: Keyring, agreed: Agreed, *, actor: Actor
) -> Deal:
    """The same deal as after a negotiation, over a listing that nobody was shown.

    Raises:
        RightReservedError: by the database, when a deal over the right runs.
        NotOwnerError, EncumberedError and the other conflicts: the seller cannot give it.
        TerritoryNotCoveredError, LicenceKindUnknownError: the licence cannot be granted there.
    """
    listing = await _listing(session, agreed)
    negotiation = await _concluded(session, listing, agreed, actor)
    deal = await open_deal(
        session,
        keyring,
        negotiation_id=negotiation.id,
        listing_id=listing.id,
        buyer_organisation_id=agreed.buyer,
        price_minor=agreed.price_minor,
        currency=agreed.currency,
        actor=actor,
        way=Way.AWARD,
    )
    if len(agreed.payees) > 1:
        await put_payees(session, deal, agreed.payees)
        await draw_up(session, keyring, deal)
    return deal


async def _listing(session: AsyncSession, agreed: Agreed) -> Listing:
    await withdraw_listings_of(session, agreed.right_id)
    right = await session.get_one(Right, agreed.right_id)
    seller = await get_organisation(session, agreed.seller)
    listing = Listing(
        created_at=now(session),
        right_id=right.id,
        deal_type=type_of(agreed.licence),
        organisation_id=agreed.seller,
        title=right.title,
        teaser=agreed.teaser,
        language=agreed.language,
        currency=agreed.currency,
        region=seller.region or seller.country,
    )
    begin(session, listing, BY_SYSTEM, right_id=right.id)
    await session.flush()
    if agreed.licence:
        await put_offer(session, listing, agreed.licence)
    return listing


async def _concluded(
    session: AsyncSession, listing: Listing, agreed: Agreed, actor: Actor
) -> Negotiation:
    """What was entered or applied for was an offer; to choose it takes it."""
    valid_until = now(session) + VALIDITY
    negotiation = Negotiation(
        created_at=now(session),
        listing_id=listing.id,
        buyer_organisation_id=agreed.buyer,
        seller_organisation_id=listing.organisation_id,
    )
    begin(session, negotiation, actor, due_at=valid_until, listing_id=listing.id)
    await session.flush()
    offer = Offer(
        created_at=now(session),
        negotiation_id=negotiation.id,
        number=1,
        by=BUYER,
        price_minor=agreed.price_minor,
        currency=agreed.currency,
        message=agreed.about,
        valid_until=valid_until,
    )
    session.add(offer)
    negotiation = await lock(session, Negotiation, negotiation.id)
    move(session, negotiation, "accept", role=SELLER, actor=BY_SYSTEM, offer_number=1)
    await session.flush()
    return negotiation
