"""Files of a confidential body: announced, uploaded in one stream, read by ranges."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.assets.errors import KindMismatchError
from marketplace.assets.models import Right, RightKind
from marketplace.assets.service import is_reserved
from marketplace.assets.title.queries import owns
from marketplace.documents.errors import BodyFrozenError, NotDisclosedError
from marketplace.documents.files.errors import (
    FileLimitError,
    FileReplacedError,
    FileTooLargeError,
    UploadedError,
    UploadSupersededError,
)
from marketplace.documents.files.models import ConfidentialFile
from marketplace.documents.files.schemas import FileAnnounce, FileRead
from marketplace.documents.models import LIST_VERSION, DisclosureView
from marketplace.documents.proofs.service import commit_to
from marketplace.documents.reading import leave_of, note_view
from marketplace.kernel.crypto import Keyring, decrypt, encrypt
from marketplace.kernel.db import lock, now
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.events import publish
from marketplace.kernel.ids import new_id
from marketplace.kernel.sealed_files import SealedFiles, Written

UPLOAD_TIME: Final = timedelta(hours=24)
FILES_MAX: Final = 100


async def announce(
    session: AsyncSession,
    keyring: Keyring,
    right_id: UUID,
    request: FileAnnounce,
    *,
    size_max: int,
    actor: Actor,
) -> ConfidentialFile:
    """Make room for a file of an idea; its bytes are to come within a day.

    Raises:
        NotFoundError: the right is not the actor's, or it has no such file to replace.
        KindMismatchError: only ideas are confidential.
        FileTooLargeError, FileLimitError, FileReplacedError: and nothing was kept.
        BodyFrozenError: the idea is bound as it is.
    """
    await _lock_idea(session, right_id, actor)
    if request.size_bytes > size_max:
        raise FileTooLargeError(f"at most {size_max} bytes")
    await _require_room(session, right_id)
    before = await _replaced(session, right_id, request.replaces)
    file_id = new_id()
    key = await asyncio.to_thread(keyring.vault.create, file_id)
    file = ConfidentialFile(
        id=file_id,
        created_at=now(session),
        right_id=right_id,
        replaces_id=before.id if before else None,
        version=before.version + 1 if before else 1,
        name_ciphertext=b"",
        media_type=request.media_type,
        size_bytes=request.size_bytes,
        expires_at=now(session) + UPLOAD_TIME,
    )
    file.name_ciphertext = encrypt(key, request.name.encode(), context=file.context)
    session.add(file)
    await session.flush()
    return file


async def _lock_idea(session: AsyncSession, right_id: UUID, actor: Actor) -> None:
    if not await owns(session, right_id, actor.organisation_id):
        raise NotFoundError("no such right")
    right = await lock(session, Right, right_id)
    if right.kind is not RightKind.IDEA:
        raise KindMismatchError("only an idea has confidential files")
    if await is_reserved(session, right_id):
        raise BodyFrozenError


async def _require_room(session: AsyncSession, right_id: UUID) -> None:
    query = select(func.count()).where(
        col(ConfidentialFile.right_id) == right_id, col(ConfidentialFile.shredded_at).is_(None)
    )
    if (await session.execute(query)).scalar_one() >= FILES_MAX:
        raise FileLimitError(f"at most {FILES_MAX}")


async def _replaced(
    session: AsyncSession, right_id: UUID, file_id: UUID | None
) -> ConfidentialFile | None:
    if file_id is None:
        return None
    file = await find(session, right_id, file_id)
    query = select(ConfidentialFile.id).where(col(ConfidentialFile.replaces_id) == file.id)
    if (await session.execute(query)).first() is not None:
        raise FileReplacedError
    return file


async def find(session: AsyncSession, right_id: UUID, file_id: UUID) -> ConfidentialFile:
    """A file of a right that was not withdrawn.

    Raises:
        NotFoundError: none.
    """
    file = await session.get(ConfidentialFile, file_id)
    if file is None or file.right_id != right_id or file.shredded_at is not None:
        raise NotFoundError("no such file")
    return file


async def begin_upload(
    session: AsyncSession, files: SealedFiles, right_id: UUID, file_id: UUID, *, actor: Actor
) -> ConfidentialFile:
    """Note a try to upload, which takes the place of one before it.

    Raises:
        NotFoundError, BodyFrozenError: as for announcing.
        UploadedError: the bytes are here.
    """
    await _lock_idea(session, right_id, actor)
    await find(session, right_id, file_id)
    file = await lock(session, ConfidentialFile, file_id)
    if file.stored_at is not None:
        raise UploadedError
    if file.expires_at <= now(session):
        raise NotFoundError("no such file")
    if file.attempt_id is not None:
        files.delete(file.attempt_id)
    file.attempt_id = new_id()
    return file


async def end_upload(
    session: AsyncSession,
    keyring: Keyring,
    begun: ConfidentialFile,
    written: Written,
    *,
    actor: Actor,
) -> ConfidentialFile:
    """Note that the bytes are here, whole.

    Raises:
        UploadSupersededError: another try came after this one.
        NotFoundError, BodyFrozenError: the idea was withdrawn, sold or bound meanwhile.
    """
    await _lock_idea(session, begun.right_id, actor)
    file = await lock(session, ConfidentialFile, begun.id)
    if file.shredded_at is not None:
        raise NotFoundError("no such file")
    if file.attempt_id != begun.attempt_id or file.stored_at is not None:
        raise UploadSupersededError
    key = keyring.vault.read(file.id)
    file.sha256_ciphertext = encrypt(key, written.sha256, context=file.context)
    file.stored_at = now(session)
    commit_to(session, file, key, written.sha256, organisation_id=actor.organisation_id)
    subject, data = f"right:{file.right_id}", {"file_id": file.id, "version": file.version}
    publish(session, "right.put_confidential_file", subject=subject, actor=actor.label, data=data)
    await session.flush()
    return file


async def files_of(
    session: AsyncSession, keyring: Keyring, right_id: UUID, *, actor: Actor
) -> list[FileRead]:
    """The newest versions of an idea's files; of those still to come, an owner's alone.

    Names and sizes are confidential too: whoever is no owner leaves a row that they read them.

    Raises:
        NotDisclosedError: the actor may not read them, or not yet.
        PersonNeededError: a program alone reads nothing in confidence.
    """
    leave = await leave_of(session, right_id, actor)
    if not leave.is_owners:
        await note_view(session, right_id, version=LIST_VERSION, actor=actor, leave=leave)
    query = (
        select(ConfidentialFile)
        .where(
            col(ConfidentialFile.right_id) == right_id, col(ConfidentialFile.shredded_at).is_(None)
        )
        .order_by(col(ConfidentialFile.id))
        .limit(FILES_MAX)
    )
    found = (await session.execute(query)).scalars().all()
    current = _current(found, stored_only=not leave.is_owners)
    return [describe(keyring, file, is_owners=leave.is_owners) for file in current]


def _current(files: Sequence[ConfidentialFile], *, stored_only: bool) -> list[ConfidentialFile]:
    replaced = {file.replaces_id for file in files if file.stored_at is not None}
    return [
        file
        for file in files
        if file.id not in replaced and (file.stored_at is not None or not stored_only)
    ]


async def open_file(
    session: AsyncSession, right_id: UUID, file_id: UUID, *, actor: Actor
) -> tuple[ConfidentialFile, DisclosureView]:
    """Let somebody download a file, and write that down.

    Raises:
        NotDisclosedError: there is none that they may read.
    """
    leave = await leave_of(session, right_id, actor)
    file = await session.get(ConfidentialFile, file_id)
    if file is None or file.right_id != right_id:
        raise NotDisclosedError
    if file.shredded_at is not None or file.stored_at is None:
        raise NotDisclosedError
    view = await note_view(
        session, right_id, version=file.version, actor=actor, leave=leave, file_id=file.id
    )
    return file, view


def read_file(
    files: SealedFiles, key: bytes, file: ConfidentialFile, start: int, length: int
) -> AsyncIterator[bytes]:
    """The decrypted bytes of a stored file."""
    assert file.attempt_id is not None
    return files.read(
        file.attempt_id,
        key,
        context=file.context,
        size_bytes=file.size_bytes,
        start=start,
        length=length,
    )


def describe(keyring: Keyring, file: ConfidentialFile, *, is_owners: bool = True) -> FileRead:
    """What somebody who may read a file is told of it.

    Size and hash of the original are its owners' alone: by them a copy could be told from it.
    """
    key = keyring.vault.read(file.id)
    sha256 = file.sha256_ciphertext if is_owners else None
    return FileRead(
        id=file.id,
        right_id=file.right_id,
        name=name_of(key, file),
        version=file.version,
        replaces=file.replaces_id,
        media_type=file.media_type,
        size_bytes=file.size_bytes if is_owners else None,
        sha256=decrypt(key, sha256, context=file.context).hex() if sha256 else None,
        stored_at=file.stored_at,
        upload_until=None if file.stored_at else file.expires_at,
    )


def name_of(key: bytes, file: ConfidentialFile) -> str:
    """What its owner called a file."""
    return decrypt(key, file.name_ciphertext, context=file.context).decode()
