from datetime import datetime
from typing import ClassVar, Final
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, Uuid, text
from sqlmodel import Field

from marketplace.kernel.db import Record, minor, moment

SHOWN: Final = "stored_at IS NOT NULL AND removed_at IS NULL"
"""In SQL: the video that a listing has."""
UNFINISHED: Final = "stored_at IS NULL AND removed_at IS NULL"
"""In SQL: the upload that is under way."""
DOOMED: Final = "removed_at IS NOT NULL OR stored_at IS NULL"
"""In SQL: what is to be gone once it has expired."""


class ListingVideo(Record, table=True):
    """A public video pitch of a listing; its bytes lie on disk under the row's id.

    The row comes first, so that whatever a crash leaves on disk is named by a row that expires.
    """

    __tablename__: ClassVar[str] = "listing_video"
    __table_args__ = (
        Index(
            "listing_video_one_shown_unique",
            "listing_id",
            unique=True,
            postgresql_where=text(SHOWN),
        ),
        Index(
            "listing_video_one_unfinished_unique",
            "listing_id",
            unique=True,
            postgresql_where=text(UNFINISHED),
        ),
        Index("listing_video_doomed_index", "expires_at", postgresql_where=text(DOOMED)),
        CheckConstraint(
            "stored_at IS NULL OR (media_type IS NOT NULL AND sha256 IS NOT NULL"
            " AND size_bytes > 0 AND duration_milliseconds BETWEEN 1 AND 360000"
            " AND width > 0 AND height > 0)",
            name="stored_whole",
        ),
    )

    listing_id: UUID = Field(foreign_key="listing.id")
    media_type: str | None = None
    size_bytes: int | None = minor(default=None)
    sha256: bytes | None = Field(default=None, sa_type=LargeBinary)
    duration_milliseconds: int | None = None
    width: int | None = None
    height: int | None = None
    expires_at: datetime = moment()
    """Until when its bytes are awaited; of a removed one, since when they may go."""
    stored_at: datetime | None = moment(nullable=True)
    removed_at: datetime | None = moment(nullable=True)


class ListingSubtitles(Record, table=True):
    """The subtitles of a video in one language, as WebVTT that was written anew here."""

    __tablename__: ClassVar[str] = "listing_subtitles"
    __table_args__ = (
        UniqueConstraint("video_id", "language", name="listing_subtitles_language_unique"),
    )

    video_id: UUID = Field(
        sa_type=Uuid,
        sa_column_args=(ForeignKey("listing_video.id", ondelete="CASCADE"),),
    )
    language: str
    content: str
