from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, Final
from urllib.parse import quote
from uuid import UUID

from fastapi import Depends, Header, Request, status
from starlette.requests import ClientDisconnect
from starlette.responses import StreamingResponse

from marketplace.accounts.access import Allowed, Keys
from marketplace.accounts.actors import Actor
from marketplace.accounts.errors import (
    InvalidTokenError,
    PermissionMissingError,
    PersonNeededError,
)
from marketplace.accounts.permissions import Permission
from marketplace.assets.errors import KindMismatchError, NotOwnerError
from marketplace.documents.errors import BodyFrozenError, NotDisclosedError
from marketplace.documents.files import service
from marketplace.documents.files.errors import (
    FileInfectedError,
    FileLimitError,
    FileReplacedError,
    FileTooLargeError,
    RangeNotSatisfiableError,
    ScannerUnavailableError,
    UploadedError,
    UploadIncompleteError,
    UploadSupersededError,
)
from marketplace.documents.files.models import ConfidentialFile
from marketplace.documents.files.ranges import Part, asked_part
from marketplace.documents.files.schemas import SIZE_BYTES_MAX, FileAnnounce, FileRead, Withdrawn
from marketplace.documents.models import DisclosureView
from marketplace.documents.watermarks import (
    NO_MARK,
    ZIP_END_BYTES,
    Mark,
    mark_for,
    name_of,
    with_mark,
)
from marketplace.documents.withdrawing import withdraw_body
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import (
    AllSessions,
    DomainRouter,
    Session,
    StreamedRoute,
    let_in,
    transactional_router,
)
from marketplace.kernel.scanning import InfectedError, ScannerDownError, scanned
from marketplace.kernel.sealed_files import (
    ContentTooLargeError,
    SealedFiles,
    SupersededError,
    Written,
)
from marketplace.settings import Settings

PREFIX: Final = "/v1/rights/{right_id}"
router = transactional_router(prefix=PREFIX, tags=["confidential files"])
streamed_router = DomainRouter(
    route_class=StreamedRoute, prefix=PREFIX, tags=["confidential files"]
)

Registrant = Annotated[Actor, Depends(Allowed(Permission.REGISTER_RIGHTS))]
Reader = Annotated[Actor, Depends(Allowed(Permission.READ))]
OWNER_ERRORS = (InvalidTokenError, PermissionMissingError, NotFoundError, BodyFrozenError)


async def _configuration(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


async def _files(request: Request) -> SealedFiles:
    return SealedFiles((await _configuration(request)).files_path)


Configuration = Annotated[Settings, Depends(_configuration)]
Files = Annotated[SealedFiles, Depends(_files)]


@router.post(
    "/confidential-files",
    status_code=status.HTTP_201_CREATED,
    responses=problems(
        *OWNER_ERRORS, KindMismatchError, FileTooLargeError, FileLimitError, FileReplacedError
    ),
)
async def announce_file(
    right_id: UUID,
    request: FileAnnounce,
    actor: Registrant,
    session: Session,
    keys: Keys,
    configuration: Configuration,
) -> FileRead:
    """Announce a file of your idea, or a version of one; then PUT its bytes to `…/content`."""
    size_max = configuration.file_bytes_max
    file = await service.announce(session, keys, right_id, request, size_max=size_max, actor=actor)
    return service.describe(keys, file)


@streamed_router.put(
    "/confidential-files/{file_id}/content",
    max_body_size=SIZE_BYTES_MAX,
    responses=problems(
        *OWNER_ERRORS,
        KindMismatchError,
        UploadedError,
        UploadIncompleteError,
        UploadSupersededError,
        FileInfectedError,
        ScannerUnavailableError,
    ),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/octet-stream": {"schema": {"type": "string"}}},
        }
    },
)
async def upload_file(
    right_id: UUID,
    file_id: UUID,
    request: Request,
    actor: Registrant,
    session: Session,
    sessions: AllSessions,
    keys: Keys,
    files: Files,
    configuration: Configuration,
) -> FileRead:
    """Send the bytes of a file, encrypted while they arrive. Broken off, nothing of them stays.

    They are as many as were announced. A second try takes the place of the first. Where a virus
    scanner is set up, nothing stays of what it objects to.
    """
    file = await service.begin_upload(session, files, right_id, file_id, actor=actor)
    await let_in(session)
    assert file.attempt_id is not None
    try:
        content = request.stream()
        if configuration.clamd is not None:
            content = scanned(content, configuration.clamd)
        written = await _receive(files, keys.vault.read(file.id), file, content)
        async with sessions.begin() as later:
            ended = service.end_upload(later, keys, file, written, actor=actor)
            return service.describe(keys, await ended)
    except BaseException:
        files.delete(file.attempt_id)
        raise


async def _receive(
    files: SealedFiles, key: bytes, file: ConfidentialFile, content: AsyncGenerator[bytes, None]
) -> Written:
    """Write all that was announced, or refuse what came."""
    assert file.attempt_id is not None
    size_max = file.size_bytes
    try:
        async with aclosing(content):
            written = await files.write(
                file.attempt_id, key, content, context=file.context, size_max=size_max
            )
    except (ContentTooLargeError, ClientDisconnect) as error:
        raise UploadIncompleteError(f"{file.size_bytes} bytes were announced") from error
    except SupersededError as error:
        raise UploadSupersededError from error
    except InfectedError as error:
        raise FileInfectedError from error
    except ScannerDownError as error:
        raise ScannerUnavailableError from error
    if written.size_bytes != file.size_bytes:
        raise UploadIncompleteError(f"{written.size_bytes} of {file.size_bytes} bytes came")
    return written


@router.get(
    "/confidential-files",
    responses=problems(InvalidTokenError, PersonNeededError, NotDisclosedError),
)
async def confidential_files(
    right_id: UUID, actor: Reader, session: Session, keys: Keys
) -> list[FileRead]:
    """The files of an idea in their newest versions, for its owner or under a disclosure.

    Whoever is no owner is logged, as for a reading.
    """
    found = await service.files_of(session, right_id, actor=actor)
    return [service.describe(keys, file) for file in found]


@router.get(
    "/confidential-files/{file_id}/content",
    response_class=StreamingResponse,
    responses={
        200: {"content": {"application/octet-stream": {}}},
        **problems(
            InvalidTokenError, PersonNeededError, NotDisclosedError, RangeNotSatisfiableError
        ),
    },
)
async def download_file(
    right_id: UUID,
    file_id: UUID,
    actor: Reader,
    session: Session,
    keys: Keys,
    files: Files,
    wanted: Annotated[str | None, Header(alias="range", max_length=200)] = None,
) -> StreamingResponse:
    """The bytes of a file, or with 206 one range. Each download is logged, and each copy marked.

    An owner gets the exact bytes. Anybody else gets a copy that carries the id of the download
    where its format has room, and is told it as `Disclosure-Copy`; each range is a download.
    """
    file, view = await service.open_file(session, right_id, file_id, actor=actor)
    key = keys.vault.read(file.id)
    mark = NO_MARK if view.grant_id is None else await _mark(files, key, file, view)
    size_bytes = mark.size_of(file.size_bytes)
    asked = asked_part(wanted, size_bytes)
    part = asked or Part(0, size_bytes, size_bytes)
    kept = file.size_bytes - mark.dropped
    of_original = max(min(part.start + part.length, kept) - part.start, 0)
    start = min(part.start, kept)
    content = service.read_file(files, key, file, start, of_original)
    return StreamingResponse(
        with_mark(content, mark, start=part.start, length=part.length, size_bytes=file.size_bytes),
        status.HTTP_206_PARTIAL_CONTENT if asked else status.HTTP_200_OK,
        _headers(file, view, part, service.describe(keys, file).name, partial=asked is not None),
        media_type=file.media_type,
    )


async def _mark(
    files: SealedFiles, key: bytes, file: ConfidentialFile, view: DisclosureView
) -> Mark:
    start = max(file.size_bytes - ZIP_END_BYTES, 0)
    end = [part async for part in service.read_file(files, key, file, start, ZIP_END_BYTES)]
    return mark_for(file.media_type, view.id, b"".join(end))


def _headers(
    file: ConfidentialFile, view: DisclosureView, part: Part, name: str, *, partial: bool
) -> dict[str, str]:
    found = {
        "accept-ranges": "bytes",
        "content-length": str(part.length),
        "content-disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
        "disclosure-copy": name_of(view.id),
        "content-security-policy": "sandbox",
    }
    return found | ({"content-range": part.content_range} if partial else {})


@router.post(
    "/withdraw-confidential",
    responses=problems(*OWNER_ERRORS, NotOwnerError),
)
async def withdraw_confidential(right_id: UUID, actor: Registrant, session: Session) -> Withdrawn:
    """Withdraw the confidential text and files of your idea for good.

    Their keys are destroyed, so that not even a backup of the database brings them back.
    """
    return await withdraw_body(session, right_id, actor=actor)
