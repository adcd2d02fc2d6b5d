"""The personal data of listings: what persons offer, in their own words."""

from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.personal_data.registry import (
    OWN,
    Holder,
    PersonalData,
    Section,
    events_about,
)
from marketplace.kernel.db import lock
from marketplace.listings.lifecycle import LIVE, SELLER
from marketplace.listings.models import Listing
from marketplace.listings.service import system_move

_LISTINGS: Final = f"SELECT id FROM listing WHERE organisation_id = {OWN}"
_ERASE_TEXTS: Final = text(
    "UPDATE listing SET title = 'Erased', teaser = 'Erased'"
    f" WHERE organisation_id = {OWN} AND state IN ('withdrawn', 'expired')"
)


async def _withdraw(session: AsyncSession, holder: Holder) -> None:
    """Take everything off the market; what a deal holds has no such move, and stays."""
    query = (
        select(Listing.id)
        .where(col(Listing.organisation_id).in_(holder.answerable_ids))
        .where(col(Listing.state).in_(LIVE))
        .order_by(col(Listing.id))
    )
    for listing_id in (await session.execute(query)).scalars().all():
        listing = await lock(session, Listing, listing_id)
        if "withdraw" in listing.lifecycle.open_to(listing.state, SELLER):
            await system_move(session, listing, "withdraw", actor=holder, role=SELLER)


async def _erase(session: AsyncSession, holder: Holder) -> None:
    """Overwrite the texts of what was not sold; a sold listing belongs to its deal."""
    await session.execute(_ERASE_TEXTS, holder.values)


PERSONAL_DATA: Final = PersonalData(
    sections=(
        Section(
            "listings",
            Listing,
            (
                "id",
                "created_at",
                "version",
                "due_at",
                "right_id",
                "deal_type",
                "bundled",
                "organisation_id",
                "title",
                "teaser",
                "language",
                "asking_price_minor",
                "currency",
                "region",
                "state",
                "published_at",
            ),
            f"organisation_id = {OWN}",
        ),
        events_about("listing_events", "listing", _LISTINGS),
    ),
    impersonal={"listing_card": "a listing as the public reads it; gone when it is withdrawn"},
    kept={
        "listing.title": "of what was sold: the other party bought by this description",
        "listing.teaser": "likewise",
        "listing.region": "a region with its millions, for statistics",
    },
    take_back=_withdraw,
    erase=_erase,
)
