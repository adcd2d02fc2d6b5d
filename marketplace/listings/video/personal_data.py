"""The personal data of video pitches: faces, voices and words that persons showed with an offer."""

from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.personal_data.registry import OWN, Holder, PersonalData, Section
from marketplace.listings.models import Listing
from marketplace.listings.video.models import ListingSubtitles, ListingVideo
from marketplace.listings.video.service import remove_with

_OWN_LISTINGS: Final = f"SELECT id FROM listing WHERE organisation_id = {OWN}"
_OWN_VIDEOS: Final = f"SELECT id FROM listing_video WHERE listing_id IN ({_OWN_LISTINGS})"


async def _erase(session: AsyncSession, holder: Holder) -> None:
    """Take every video away; a sweep removes the bytes within seconds."""
    query = select(Listing.id).where(col(Listing.organisation_id).in_(holder.own_ids))
    await remove_with(session, list((await session.execute(query)).scalars()))


PERSONAL_DATA: Final = PersonalData(
    sections=(
        Section(
            "listing_videos",
            ListingVideo,
            (
                "id",
                "created_at",
                "listing_id",
                "media_type",
                "size_bytes",
                "sha256",
                "duration_milliseconds",
                "width",
                "height",
                "expires_at",
                "stored_at",
                "removed_at",
            ),
            f"listing_id IN ({_OWN_LISTINGS})",
        ),
        Section(
            "listing_subtitles",
            ListingSubtitles,
            ("id", "created_at", "video_id", "language", "content"),
            f"video_id IN ({_OWN_VIDEOS})",
        ),
    ),
    erase=_erase,
)
