from collections.abc import AsyncGenerator, AsyncIterator
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
from marketplace.documents.archives import ZIP_TYPE, archived
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
from marketplace.documents.watermarks import START_BYTES, ZIP_END_BYTES, Mark, mark_for
from marketplace.documents.watermarks import name_of as copy_name_of
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
    return await service.files_of(session, keys, right_id, actor=actor)


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

    An owner gets the exact bytes, and ranges of them. Anybody else gets a whole copy that carries
    the id of the download, and is told it as `Disclosure-Copy`; what has no room for the id, or is
    not of the type that it is said to be, comes in a ZIP archive that carries it.
    """
    file, view = await service.open_file(session, right_id, file_id, actor=actor)
    key = keys.vault.read(file.id)
    if view.grant_id is None:
        return _original(files, key, file, view, wanted)
    return await _copy(files, key, file, view)


def _original(
    files: SealedFiles,
    key: bytes,
    file: ConfidentialFile,
    view: DisclosureView,
    wanted: str | None,
) -> StreamingResponse:
    asked = asked_part(wanted, file.size_bytes)
    part = asked or Part(0, file.size_bytes, file.size_bytes)
    ranged = {"content-range": part.content_range} if asked else {}
    return StreamingResponse(
        service.read_file(files, key, file, part.start, part.length),
        status.HTTP_206_PARTIAL_CONTENT if asked else status.HTTP_200_OK,
        _headers(service.name_of(key, file), view)
        | {"accept-ranges": "bytes", "content-length": str(part.length)}
        | ranged,
        media_type=file.media_type,
    )


async def _copy(
    files: SealedFiles, key: bytes, file: ConfidentialFile, view: DisclosureView
) -> StreamingResponse:
    """Whole, so that nobody gets all of it but its mark."""
    mark, name = await _mark(files, key, file, view), service.name_of(key, file)
    kept = file.size_bytes - (mark.dropped if mark else 0)
    content = service.read_file(files, key, file, 0, kept)
    if mark is None:
        packed = archived(content, name, comment=copy_name_of(view.id).encode())
        headers = _headers(f"{name}.zip", view) | {"accept-ranges": "none"}
        return StreamingResponse(packed, headers=headers, media_type=ZIP_TYPE)
    headers = _headers(name, view) | {
        "accept-ranges": "none",
        "content-length": str(mark.size_of(file.size_bytes)),
    }
    return StreamingResponse(
        _followed(content, mark.added), headers=headers, media_type=file.media_type
    )


async def _followed(content: AsyncIterator[bytes], added: bytes) -> AsyncIterator[bytes]:
    async for part in content:
        yield part
    yield added


async def _mark(
    files: SealedFiles, key: bytes, file: ConfidentialFile, view: DisclosureView
) -> Mark | None:
    async def part_of(start: int, length: int) -> bytes:
        found = service.read_file(files, key, file, start, min(length, file.size_bytes - start))
        return b"".join([part async for part in found])

    end_at = max(file.size_bytes - ZIP_END_BYTES, 0)
    start, end = await part_of(0, START_BYTES), await part_of(end_at, ZIP_END_BYTES)
    return mark_for(file.media_type, view.id, start, end)


def _headers(name: str, view: DisclosureView) -> dict[str, str]:
    return {
        "content-disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
        "disclosure-copy": copy_name_of(view.id),
        "content-security-policy": "sandbox",
    }


@router.post(
    "/withdraw-confidential",
    responses=problems(*OWNER_ERRORS, NotOwnerError),
)
async def withdraw_confidential(right_id: UUID, actor: Registrant, session: Session) -> Withdrawn:
    """Withdraw the confidential text and files of your idea for good.

    Their keys are destroyed, so that not even a backup of the database brings them back.
    """
    return await withdraw_body(session, right_id, actor=actor)
