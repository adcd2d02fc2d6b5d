"""The video pitch of a listing: uploaded in one stream, replaced at once, gone with the listing."""

import asyncio
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, delete

from marketplace.accounts.actors import Actor
from marketplace.documents.files.errors import UploadSupersededError
from marketplace.kernel.db import Sessions, lock, now
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.ids import new_id
from marketplace.kernel.lifecycle import move
from marketplace.kernel.plain_files import PlainFiles
from marketplace.kernel.sealed_files import Written
from marketplace.listings.cards import refresh_card
from marketplace.listings.models import Listing
from marketplace.listings.service import lock_for, role_of
from marketplace.listings.video.errors import SubtitlesLimitError
from marketplace.listings.video.models import DOOMED, UNFINISHED, ListingSubtitles, ListingVideo
from marketplace.listings.video.probing import Probed
from marketplace.listings.video.queries import current_video, describe, subtitles_of
from marketplace.listings.video.schemas import SubtitlesRead, VideoRead
from marketplace.listings.video.webvtt import parse, write

UPLOAD_TIME: Final = timedelta(hours=24)
LANGUAGES_MAX: Final = 20
BATCH: Final = 100

_SUPERSEDE: Final = text(
    f"UPDATE listing_video SET removed_at = :now WHERE listing_id = :listing_id AND {UNFINISHED}"  # noqa: S608 - our own constant
    " RETURNING id"
)
_KEEP_SUBTITLES: Final = text(
    "UPDATE listing_subtitles SET video_id = :after WHERE video_id = :before"
)
_REMOVE_ALL: Final = text(
    """
    WITH gone AS (
        UPDATE listing_video SET removed_at = :now,
            expires_at = CASE WHEN stored_at IS NULL THEN expires_at ELSE :now END
        WHERE listing_id = ANY (CAST(:listing_ids AS uuid[])) AND removed_at IS NULL RETURNING id)
    DELETE FROM listing_subtitles WHERE video_id IN (SELECT id FROM gone)
    """
)
_DOOMED: Final = text(
    f"SELECT id FROM listing_video WHERE ({DOOMED}) AND expires_at <= :now"  # noqa: S608 - our own constant
    " ORDER BY expires_at LIMIT :limit"
)


async def lock_editable(session: AsyncSession, listing_id: UUID, actor: Actor) -> Listing:
    """Hold a listing whose words and video its seller may change now.

    Raises:
        NotFoundError: not the actor's.
        IllegalMoveError, NotYourMoveError: it is suspended, reserved, or over.
    """
    listing = await lock_for(session, listing_id, actor)
    listing.lifecycle.step(listing.state, "edit", role=role_of(listing, actor))
    return listing


async def begin_upload(
    session: AsyncSession, files: PlainFiles, listing_id: UUID, *, actor: Actor
) -> ListingVideo:
    """Note a try to upload, which takes the place of one that is under way.

    Raises:
        NotFoundError, IllegalMoveError, NotYourMoveError: as for any change of the listing.
    """
    await lock_editable(session, listing_id, actor)
    values = {"listing_id": listing_id, "now": now(session)}
    for row in (await session.execute(_SUPERSEDE, values)).all():
        files.delete(row.id)
    video = ListingVideo(
        id=new_id(),
        created_at=now(session),
        listing_id=listing_id,
        expires_at=now(session) + UPLOAD_TIME,
    )
    session.add(video)
    await session.flush()
    return video


async def end_upload(
    session: AsyncSession, begun: ListingVideo, written: Written, probed: Probed, *, actor: Actor
) -> VideoRead:
    """Show the video that came, in place of the one before it.

    Subtitles are timed to the bytes that they were written for: they stay when the same came again.

    Raises:
        UploadSupersededError: another try came after this one, or it took a day.
        NotFoundError, IllegalMoveError, NotYourMoveError: the listing was sold or ended meanwhile.
    """
    listing = await lock_editable(session, begun.listing_id, actor)
    video = await _still_awaited(session, begun.id)
    before = await current_video(session, listing.id)
    if before is not None:
        if before.sha256 == written.sha256:
            await session.execute(_KEEP_SUBTITLES, {"after": video.id, "before": before.id})
        await _remove(session, before)
    video.size_bytes, video.sha256 = written.size_bytes, written.sha256
    video.media_type = probed.media_type
    video.duration_milliseconds = probed.duration_milliseconds
    video.width, video.height = probed.width, probed.height
    video.stored_at = now(session)
    await _tell(session, listing, "video", actor)
    shown = await describe(session, listing.id)
    assert shown is not None
    return shown


async def _still_awaited(session: AsyncSession, video_id: UUID) -> ListingVideo:
    try:
        video = await lock(session, ListingVideo, video_id)
    except NotFoundError as error:
        raise UploadSupersededError from error
    if video.removed_at is not None or video.expires_at <= now(session):
        raise UploadSupersededError
    return video


async def abandon_upload(session: AsyncSession, video_id: UUID) -> None:
    """Forget a try of which nothing came."""
    await session.execute(delete(ListingVideo).where(col(ListingVideo.id) == video_id))


async def remove_video(session: AsyncSession, listing_id: UUID, *, actor: Actor) -> None:
    """Take a listing's video away, with its subtitles.

    Raises:
        NotFoundError: there is none.
    """
    listing = await lock_editable(session, listing_id, actor)
    await _remove(session, await _video_of(session, listing))
    await _tell(session, listing, "video", actor)


async def put_subtitles(
    session: AsyncSession, listing_id: UUID, language: str, content: bytes, *, actor: Actor
) -> SubtitlesRead:
    """Give a video subtitles in a language, in place of those that it has.

    Raises:
        NotFoundError: the listing has no video.
        SubtitlesMalformedError: as the parser says.
        SubtitlesLimitError: it has them in as many languages as a video may.
    """
    listing = await lock_editable(session, listing_id, actor)
    video = await _video_of(session, listing)
    assert video.duration_milliseconds is not None
    cues = parse(content, video.duration_milliseconds)
    present = await subtitles_of(session, video.id)
    if language not in present and len(present) >= LANGUAGES_MAX:
        raise SubtitlesLimitError(f"at most {LANGUAGES_MAX}")
    subtitles = present.get(language) or ListingSubtitles(
        created_at=now(session), video_id=video.id, language=language, content=""
    )
    subtitles.content = write(cues)
    session.add(subtitles)
    await _tell(session, listing, "subtitles", actor)
    return SubtitlesRead(language=language, cues=len(cues))


async def remove_subtitles(
    session: AsyncSession, listing_id: UUID, language: str, *, actor: Actor
) -> None:
    """Take the subtitles in a language away.

    Raises:
        NotFoundError: there are none.
    """
    listing = await lock_editable(session, listing_id, actor)
    video = await _video_of(session, listing)
    found = (await subtitles_of(session, video.id)).get(language)
    if found is None:
        raise NotFoundError("no such subtitles")
    await session.delete(found)
    await _tell(session, listing, "subtitles", actor)


async def remove_with(session: AsyncSession, listing_ids: list[UUID]) -> None:
    """Take the videos of listings away that are over, whether whole or still coming."""
    await session.execute(_REMOVE_ALL, {"listing_ids": listing_ids, "now": now(session)})


async def _video_of(session: AsyncSession, listing: Listing) -> ListingVideo:
    video = await current_video(session, listing.id)
    if video is None:
        raise NotFoundError("no such video")
    return video


async def _remove(session: AsyncSession, video: ListingVideo) -> None:
    """From the commit on nobody is shown it; a sweep removes the bytes."""
    video.removed_at = video.expires_at = now(session)
    await session.execute(
        delete(ListingSubtitles).where(col(ListingSubtitles.video_id) == video.id)
    )
    await session.flush()


async def _tell(session: AsyncSession, listing: Listing, field: str, actor: Actor) -> None:
    """Count the change as an edit of the listing, and show it."""
    role, due_at = role_of(listing, actor), listing.due_at
    move(session, listing, "edit", role=role, actor=actor, due_at=due_at, fields=[field])
    await session.flush()
    await refresh_card(session, listing)


async def sweep_videos(sessions: Sessions, files: PlainFiles) -> int:
    """Remove the bytes of what was taken away, replaced, or never came whole; then its rows."""
    async with sessions.begin() as session:
        values = {"now": now(session), "limit": BATCH}
        doomed = (await session.execute(_DOOMED, values)).scalars().all()
    if not doomed:
        return 0
    for video_id in doomed:
        await asyncio.to_thread(files.delete, video_id)
    async with sessions.begin() as session:
        await session.execute(delete(ListingVideo).where(col(ListingVideo.id).in_(doomed)))
    return len(doomed)
