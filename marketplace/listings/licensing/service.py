"""What a listing offers beside a sale: a licence, on terms of its own."""

import hashlib
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.kernel.db import now
from marketplace.listings.bundles.service import rights_of
from marketplace.listings.deal_types import DealType
from marketplace.listings.licensing.coverage import require_covered
from marketplace.listings.licensing.models import LicenceOffer
from marketplace.listings.licensing.terms import LicenceTerms
from marketplace.listings.models import Listing


def type_of(terms: LicenceTerms | None) -> DealType:
    """What a listing is for that has these terms, or none."""
    return DealType(terms.kind) if terms else DealType.SALE


def terms_sha256(terms: LicenceTerms) -> str:
    """The fingerprint of terms, which whoever takes an open licence names."""
    content = orjson.dumps(terms.model_dump(mode="json"), option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(content).hexdigest()


async def put_offer(
    session: AsyncSession,
    listing: Listing,
    terms: LicenceTerms,
    *,
    head_licence_id: UUID | None = None,
    pool_id: UUID | None = None,
) -> None:
    """Keep the terms of a new listing.

    Raises:
        TerritoryNotCoveredError: none of its rights holds there.
    """
    await require_covered(session, await rights_of(session, listing), terms)
    session.add(
        LicenceOffer(
            created_at=now(session),
            listing_id=listing.id,
            terms=terms.model_dump(mode="json"),
            sha256=terms_sha256(terms),
            head_licence_id=head_licence_id,
            pool_id=pool_id,
        )
    )
    await session.flush()


async def offer_of(session: AsyncSession, listing_id: UUID) -> LicenceOffer | None:
    """The terms of a listing's licence; None where it offers a sale."""
    query = select(LicenceOffer).where(col(LicenceOffer.listing_id) == listing_id)
    return (await session.execute(query)).scalar_one_or_none()


async def is_pooled(session: AsyncSession, listing: Listing) -> bool:
    """Whether the rights of a listing are those of a pool, which their owners agreed to."""
    if listing.deal_type is DealType.SALE:
        return False
    offer = await offer_of(session, listing.id)
    return offer is not None and offer.pool_id is not None
