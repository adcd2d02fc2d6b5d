from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response, status
from starlette.requests import ClientDisconnect
from starlette.responses import StreamingResponse

from marketplace.accounts.errors import InvalidTokenError, PermissionMissingError
from marketplace.assets.languages import Language
from marketplace.documents.files.errors import (
    FileInfectedError,
    RangeNotSatisfiableError,
    ScannerUnavailableError,
    UploadIncompleteError,
    UploadSupersededError,
)
from marketplace.kernel.driver_pools import Reads
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.lifecycle import IllegalMoveError, NotYourMoveError
from marketplace.kernel.plain_files import PlainFiles
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import (
    AllSessions,
    DomainRouter,
    HotReads,
    Session,
    StreamedRoute,
    let_in,
    transactional_router,
)
from marketplace.kernel.scanning import InfectedError, ScannerDownError, scanned
from marketplace.kernel.sealed_files import ContentTooLargeError, Written
from marketplace.listings.access import Seller
from marketplace.listings.video import service
from marketplace.listings.video.errors import (
    ProbeMissingError,
    SubtitlesLimitError,
    SubtitlesMalformedError,
    VideoFormatError,
    VideoTooLargeError,
    VideoTooLongError,
    VideoUnreadableError,
)
from marketplace.listings.video.probing import find_program, probe
from marketplace.listings.video.queries import ShownVideo, shown_subtitles, shown_video
from marketplace.listings.video.schemas import (
    SUBTITLES_BYTES_MAX,
    VIDEO_BYTES_CEILING,
    SubtitlesRead,
    VideoRead,
)
from marketplace.listings.video.streaming import ShownFile, wanted_part
from marketplace.settings import Settings

PREFIX: Final = "/v1/listings/{listing_id}/video"
SUBTITLES: Final = "/subtitles/{language}"
router = transactional_router(prefix=PREFIX, tags=["video pitches"])
streamed_router = DomainRouter(route_class=StreamedRoute, prefix=PREFIX, tags=["video pitches"])
public_router = APIRouter(prefix=PREFIX, tags=["video pitches"])

SELLER_ERRORS: Final = (
    InvalidTokenError,
    PermissionMissingError,
    NotFoundError,
    IllegalMoveError,
    NotYourMoveError,
)
BYTES: Final[dict[str, Any]] = {"schema": {"type": "string", "format": "binary"}}
VIDEOS: Final[dict[str, Any]] = {"video/mp4": BYTES, "video/webm": BYTES}
WEBVTT: Final[dict[str, Any]] = {
    "text/vtt": {
        "schema": {"type": "string"},
        "example": "WEBVTT\n\n00:00:01.000 --> 00:00:04.000\n우산이 아홉 분이면 마릅니다.\n",
    }
}


def _body(content: dict[str, Any]) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": content}}


async def _configuration(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


async def _files(request: Request) -> PlainFiles:
    return PlainFiles((await _configuration(request)).videos_path)


Configuration = Annotated[Settings, Depends(_configuration)]
Videos = Annotated[PlainFiles, Depends(_files)]


@streamed_router.put(
    "",
    max_body_size=VIDEO_BYTES_CEILING,
    responses=problems(
        *SELLER_ERRORS,
        UploadIncompleteError,
        UploadSupersededError,
        VideoTooLargeError,
        VideoUnreadableError,
        VideoFormatError,
        VideoTooLongError,
        FileInfectedError,
        ScannerUnavailableError,
        ProbeMissingError,
    ),
    openapi_extra=_body(VIDEOS),
)
async def put_listing_video(
    listing_id: UUID,
    request: Request,
    actor: Seller,
    session: Session,
    sessions: AllSessions,
    files: Videos,
    configuration: Configuration,
) -> VideoRead:
    """Show a video pitch with your listing, of six minutes at most; send its bytes as the body.

    MP4 with H.264, VP9 or AV1 and AAC or Opus, or WebM with VP8, VP9 or AV1 and Opus; sound may be
    missing. It takes the place of the one before at once, and of whatever is refused nothing stays.
    Subtitles stay only when the same bytes are sent again.
    """
    video = await service.begin_upload(session, files, listing_id, actor=actor)
    _require_size(request, configuration.video_bytes_max)
    program = find_program(configuration.ffprobe)
    await let_in(session)
    try:
        written = await _receive(files, video.id, request, configuration)
        probed = await probe(program, files.path(video.id))
        async with sessions.begin() as later:
            return await service.end_upload(later, video, written, probed, actor=actor)
    except BaseException:
        files.delete(video.id)
        with suppress(OSError):
            async with sessions.begin() as later:
                await service.abandon_upload(later, video.id)
        raise


def _require_size(request: Request, size_max: int) -> None:
    """Refuse by what was announced, before anything is sent; what is not announced is counted."""
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > size_max:
        raise VideoTooLargeError(f"at most {size_max} bytes")
    if announced == "0":
        raise VideoUnreadableError("send its bytes as the body")


async def _receive(
    files: PlainFiles, video_id: UUID, request: Request, configuration: Settings
) -> Written:
    """Write what comes, past the virus scanner where there is one."""
    content: AsyncGenerator[bytes, None] = request.stream()
    if configuration.clamd is not None:
        content = scanned(content, configuration.clamd)
    size_max = configuration.video_bytes_max
    try:
        async with aclosing(content):
            return await files.write(video_id, content, size_max=size_max)
    except ContentTooLargeError as error:
        raise VideoTooLargeError(f"at most {size_max} bytes") from error
    except ClientDisconnect as error:
        raise UploadIncompleteError("the upload broke off") from error
    except FileNotFoundError as error:
        raise UploadSupersededError from error
    except InfectedError as error:
        raise FileInfectedError from error
    except ScannerDownError as error:
        raise ScannerUnavailableError from error


@router.delete("", status_code=status.HTTP_204_NO_CONTENT, responses=problems(*SELLER_ERRORS))
async def delete_listing_video(listing_id: UUID, actor: Seller, session: Session) -> None:
    """Take the video pitch of your listing away, with its subtitles."""
    await service.remove_video(session, listing_id, actor=actor)


@streamed_router.put(
    SUBTITLES,
    max_body_size=SUBTITLES_BYTES_MAX,
    responses=problems(
        *SELLER_ERRORS, UploadIncompleteError, SubtitlesMalformedError, SubtitlesLimitError
    ),
    openapi_extra=_body(WEBVTT),
)
async def put_listing_subtitles(
    listing_id: UUID,
    language: Language,
    request: Request,
    actor: Seller,
    session: Session,
    sessions: AllSessions,
) -> SubtitlesRead:
    """Give your video subtitles in a language: WebVTT in UTF-8 as the body.

    Cues are in order and within the video; their text may have `<b>`, `<i>`, `<u>`, `<ruby>` and
    `<rt>`. Comments and names of cues are left out; style sheets and regions are refused.
    """
    await service.lock_editable(session, listing_id, actor)
    await let_in(session)
    try:
        content = await request.body()
    except ClientDisconnect as error:
        raise UploadIncompleteError("the upload broke off") from error
    async with sessions.begin() as later:
        return await service.put_subtitles(later, listing_id, language, content, actor=actor)


@router.delete(
    SUBTITLES, status_code=status.HTTP_204_NO_CONTENT, responses=problems(*SELLER_ERRORS)
)
async def delete_listing_subtitles(
    listing_id: UUID, language: Language, actor: Seller, session: Session
) -> None:
    """Take the subtitles of your video in a language away."""
    await service.remove_subtitles(session, listing_id, language, actor=actor)


async def _is_shown(reads: Reads, listing_id: UUID, video: ShownVideo) -> bool:
    try:
        return (await shown_video(reads, listing_id)).id == video.id
    except NotFoundError:
        return False


async def _answer(listing_id: UUID, request: Request, reads: Reads, files: PlainFiles) -> Response:
    video = await shown_video(reads, listing_id)
    if video.tag in request.headers.get("if-none-match", ""):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers={"etag": video.tag})
    still_shown = partial(_is_shown, reads, listing_id, video)
    return ShownFile(video, files.path(video.id), wanted_part(request, video), still_shown)


VIDEO_RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "The whole, or with 206 the range asked for", "content": VIDEOS},
    **problems(NotFoundError, RangeNotSatisfiableError),
}


@public_router.get("", response_class=StreamingResponse, responses=VIDEO_RESPONSES)
async def get_listing_video(
    listing_id: UUID, request: Request, reads: HotReads, files: Videos
) -> Response:
    """The video pitch of a listing while it is shown, or with 206 one range. No token needed."""
    return await _answer(listing_id, request, reads, files)


@public_router.head("", response_class=StreamingResponse, responses=VIDEO_RESPONSES)
async def head_listing_video(
    listing_id: UUID, request: Request, reads: HotReads, files: Videos
) -> Response:
    """The headers of a listing's video pitch: its type, its size and its entity tag."""
    return await _answer(listing_id, request, reads, files)


@public_router.get(
    SUBTITLES,
    response_class=Response,
    responses={200: {"content": WEBVTT}, **problems(NotFoundError)},
)
async def get_listing_subtitles(listing_id: UUID, language: Language, reads: HotReads) -> Response:
    """The subtitles of a listing's video in a language, while it is shown. No token needed."""
    content = await shown_subtitles(reads, listing_id, language)
    headers = {"cache-control": "no-cache", "content-language": language}
    return Response(content, media_type="text/vtt", headers=headers)
