"""The public face of a listing, rendered when it changes so that reading it costs no rendering.

Written in the transaction of the change: a card is never newer or older than its listing.
"""

from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.organisations.queries import get_organisation
from marketplace.assets.models import Right
from marketplace.assets.queries import identifiers_of
from marketplace.kernel.schemas import Amount
from marketplace.listings.bundles.schemas import BundleItemRead
from marketplace.listings.bundles.service import items_of
from marketplace.listings.deal_types import DealType
from marketplace.listings.licensing.service import offer_of
from marketplace.listings.lifecycle import ListingState
from marketplace.listings.models import Listing
from marketplace.listings.schemas import ListingCardRead, ListingDetailRead, PublicIdentifier
from marketplace.listings.video.queries import describe as describe_video

EXCERPT_LENGTH: Final = 200
CLASSIFICATIONS_SHOWN: Final = 5
PUBLIC: Final = frozenset({ListingState.PUBLISHED, ListingState.RESERVED})

_WRITE: Final = text(
    """
    INSERT INTO listing_card (listing_id, published_at, listed, card, detail)
    VALUES (:listing_id, :published_at, :listed, :card, :detail)
    ON CONFLICT (listing_id) DO UPDATE SET published_at = EXCLUDED.published_at,
        listed = EXCLUDED.listed, card = EXCLUDED.card, detail = EXCLUDED.detail
    """
)
_RENAME: Final = text(
    """
    UPDATE listing_card c
    SET detail = jsonb_set(c.detail::jsonb, '{seller}', to_jsonb(o.name))::text
    FROM listing l JOIN organisation o ON o.id = l.organisation_id
    WHERE c.listing_id = l.id AND l.organisation_id = :organisation_id
    """
)
_DROP: Final = text("DELETE FROM listing_card WHERE listing_id = :listing_id")


async def refresh_card(session: AsyncSession, listing: Listing) -> None:
    """Make the card say what the listing says now; a listing that is not public has none."""
    if listing.state not in PUBLIC or listing.published_at is None:
        await session.execute(_DROP, {"listing_id": listing.id})
        return
    right = await session.get_one(Right, listing.right_id)
    card = _card(listing, right)
    detail = await _detail(session, listing, right, card)
    await session.flush()
    await session.execute(
        _WRITE,
        {
            "listing_id": listing.id,
            "published_at": listing.published_at,
            "listed": listing.state is ListingState.PUBLISHED,
            "card": card.model_dump_json(),
            "detail": detail.model_dump_json(),
        },
    )


async def rename_seller(session: AsyncSession, organisation_id: UUID) -> None:
    """Show an organisation's present name on everything that it offers."""
    await session.execute(_RENAME, {"organisation_id": organisation_id})


def _card(listing: Listing, right: Right) -> ListingCardRead:
    assert listing.published_at is not None
    return ListingCardRead(
        id=listing.id,
        title=listing.title,
        excerpt=listing.teaser[:EXCERPT_LENGTH],
        deal_type=listing.deal_type,
        kind=right.kind,
        office=right.office,
        classifications=right.classifications[:CLASSIFICATIONS_SHOWN],
        region=listing.region,
        language=listing.language,
        asking_price=_asking_price(listing),
        currency=listing.currency,
        published_at=listing.published_at,
    )


def _asking_price(listing: Listing) -> Amount | None:
    if listing.asking_price_minor is None:
        return None
    return Amount(amount_minor=listing.asking_price_minor, currency=listing.currency)


async def _detail(
    session: AsyncSession, listing: Listing, right: Right, card: ListingCardRead
) -> ListingDetailRead:
    seller = await get_organisation(session, listing.organisation_id)
    offer = None if listing.deal_type is DealType.SALE else await offer_of(session, listing.id)
    return ListingDetailRead(
        **card.model_dump(exclude={"classifications"}),
        classifications=right.classifications,
        teaser=listing.teaser,
        abstract=right.abstract,
        legal_status=right.legal_status,
        identifiers=[
            PublicIdentifier.model_validate(row) for row in await identifiers_of(session, right.id)
        ],
        licence=offer.offered if offer else None,
        licence_sha256=offer.sha256 if offer else None,
        items=await _items(session, listing),
        seller=seller.name,
        video=await describe_video(session, listing.id),
        state=listing.state,
    )


async def _items(session: AsyncSession, listing: Listing) -> list[BundleItemRead]:
    items = await items_of(session, listing.id) if listing.bundled else ()
    query = select(Right).where(col(Right.id).in_([item.right_id for item in items]))
    rights = {r.id: r for r in (await session.execute(query)).scalars()} if items else {}
    return [
        BundleItemRead(
            position=item.position,
            right_id=item.right_id,
            title=rights[item.right_id].title,
            kind=rights[item.right_id].kind,
            weight=item.weight,
        )
        for item in items
    ]
