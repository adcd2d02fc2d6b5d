"""What everybody may see of a video: while its listing is shown, and no longer."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.kernel.driver_pools import Reads
from marketplace.kernel.errors import NotFoundError
from marketplace.listings.video.models import ListingSubtitles, ListingVideo
from marketplace.listings.video.schemas import VideoRead

# A listing that is not shown has no card.
_SHOWN: Final = """
    SELECT v.id, v.media_type, v.size_bytes, v.sha256
    FROM listing_card c JOIN listing_video v ON v.listing_id = c.listing_id
    WHERE c.listing_id = $1 AND v.stored_at IS NOT NULL AND v.removed_at IS NULL
"""
_SUBTITLES: Final = """
    SELECT s.content
    FROM listing_card c JOIN listing_video v ON v.listing_id = c.listing_id
    JOIN listing_subtitles s ON s.video_id = v.id
    WHERE c.listing_id = $1 AND s.language = $2
        AND v.stored_at IS NOT NULL AND v.removed_at IS NULL
"""
_READ: Final = text(
    """
    SELECT v.media_type, v.size_bytes, encode(v.sha256, 'hex') AS sha256,
        v.duration_milliseconds, v.width, v.height,
        ARRAY(SELECT s.language FROM listing_subtitles s WHERE s.video_id = v.id
            ORDER BY s.language) AS subtitles
    FROM listing_video v
    WHERE v.listing_id = :listing_id AND v.stored_at IS NOT NULL AND v.removed_at IS NULL
    """
)


@dataclass(frozen=True, slots=True)
class ShownVideo:
    id: UUID
    media_type: str
    size_bytes: int
    sha256: bytes

    @property
    def tag(self) -> str:
        """Its entity tag: other bytes have another one."""
        return f'"{self.sha256.hex()}"'


async def shown_video(reads: Reads, listing_id: UUID) -> ShownVideo:
    """The video of a listing that is shown.

    Raises:
        NotFoundError: it has none, or is not shown.
    """
    row = await reads.row(_SHOWN, listing_id)
    if row is None:
        raise NotFoundError("no such video, or it is no longer public")
    return ShownVideo(UUID(str(row["id"])), row["media_type"], row["size_bytes"], row["sha256"])


async def shown_subtitles(reads: Reads, listing_id: UUID, language: str) -> str:
    """The subtitles of a shown video in a language, as WebVTT.

    Raises:
        NotFoundError: it has none, or is not shown.
    """
    content = await reads.value(_SUBTITLES, listing_id, language)
    if content is None:
        raise NotFoundError("no such subtitles, or they are no longer public")
    return str(content)


async def describe(session: AsyncSession, listing_id: UUID) -> VideoRead | None:
    """The video that a listing has, if it has one."""
    row = (await session.execute(_READ, {"listing_id": listing_id})).one_or_none()
    return None if row is None else VideoRead.model_validate(row, from_attributes=True)


async def current_video(session: AsyncSession, listing_id: UUID) -> ListingVideo | None:
    query = select(ListingVideo).where(
        col(ListingVideo.listing_id) == listing_id,
        col(ListingVideo.stored_at).is_not(None),
        col(ListingVideo.removed_at).is_(None),
    )
    return (await session.execute(query)).scalar_one_or_none()


async def subtitles_of(session: AsyncSession, video_id: UUID) -> dict[str, ListingSubtitles]:
    """The subtitles of a video, by language."""
    query = select(ListingSubtitles).where(col(ListingSubtitles.video_id) == video_id)
    return {found.language: found for found in (await session.execute(query)).scalars()}
