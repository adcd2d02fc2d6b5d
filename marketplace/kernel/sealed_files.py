"""Large contents on disk, encrypted while they stream, in pieces that can be read alone.

A piece is AES-256-GCM; its nonce is its place, and whether it is the last one. So pieces cannot be
swapped, repeated or cut off unnoticed (the STREAM construction), and a range costs its own pieces.
Each attempt to write has an id and so a key of its own: no nonce ever repeats.
"""

import asyncio
import fcntl
import hashlib
import os
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from marketplace.kernel.vault import DecryptionError
from marketplace.kernel.whole_files import flush_folder

PIECE_BYTES: Final = 256 * 1024
TAG_BYTES: Final = 16
_LAST: Final = b"\x01"
_MORE: Final = b"\x00"


class ContentTooLargeError(Exception):
    """More bytes came than were announced."""


class SupersededError(Exception):
    """The content was removed while it was written, as by a second try."""


@dataclass(frozen=True, slots=True)
class Written:
    size_bytes: int
    sha256: bytes
    """Of the bytes before they were encrypted."""


def _cipher(key: bytes, name: UUID) -> AESGCM:
    """The key of one attempt, made of its document's key and its id."""
    derived = HKDF(hashes.SHA256(), len(key), salt=None, info=name.bytes)
    return AESGCM(derived.derive(key))


def _nonce(place: int, *, is_last: bool) -> bytes:
    return place.to_bytes(11, "big") + (_LAST if is_last else _MORE)


class _Writer:
    """Encrypts what comes, holding one piece in memory."""

    def __init__(self, file: BinaryIO, cipher: AESGCM, context: str, size_max: int) -> None:
        self._file, self._cipher, self._context = file, cipher, context.encode()
        self._size_max = size_max
        self._waiting, self._place = bytearray(), 0
        self._hash, self.size_bytes = hashlib.sha256(), 0

    def add(self, content: bytes) -> None:
        self.size_bytes += len(content)
        if self.size_bytes > self._size_max:
            raise ContentTooLargeError
        self._hash.update(content)
        self._waiting += content
        while len(self._waiting) > PIECE_BYTES:  # the last piece waits to be known as such
            self._put(bytes(self._waiting[:PIECE_BYTES]), is_last=False)
            del self._waiting[:PIECE_BYTES]

    def finish(self) -> Written:
        self._put(bytes(self._waiting), is_last=True)
        self._file.flush()
        return Written(self.size_bytes, self._hash.digest())

    def _put(self, piece: bytes, *, is_last: bool) -> None:
        nonce = _nonce(self._place, is_last=is_last)
        self._file.write(self._cipher.encrypt(nonce, piece, self._context))
        self._place += 1


@dataclass(frozen=True, slots=True)
class SealedFiles:
    """A folder of encrypted contents by id. What is not whole is under `drafts`."""

    folder: Path

    async def write(
        self, name: UUID, key: bytes, content: AsyncIterator[bytes], *, context: str, size_max: int
    ) -> Written:
        """Store a content as it comes; whatever goes wrong, nothing of it stays.

        Raises:
            ContentTooLargeError: it is longer than `size_max` bytes.
            SupersededError: it was deleted meanwhile.
        """
        draft, path = self._draft(name), self._path(name)
        for folder in (draft.parent, path.parent):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            with _new_draft(draft) as file:
                writer = _Writer(file, _cipher(key, name), context, size_max)
                async for part in content:
                    await asyncio.to_thread(writer.add, part)
                written = await asyncio.to_thread(writer.finish)
            await asyncio.to_thread(_settle, draft, path)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
        return written

    async def read(
        self, name: UUID, key: bytes, *, context: str, size_bytes: int, start: int, length: int
    ) -> AsyncIterator[bytes]:
        """The bytes from `start` on, a piece at a time.

        Raises:
            DecryptionError: something was changed, or is missing.
        """
        cipher, last = _cipher(key, name), max(size_bytes - 1, 0) // PIECE_BYTES
        place, end = start // PIECE_BYTES, start + length
        try:
            file = await asyncio.to_thread(self._path(name).open, "rb")
        except FileNotFoundError as error:
            raise DecryptionError("the content is not there") from error
        with file:
            while place * PIECE_BYTES < end:
                reading = partial(_read_piece, file, cipher, context, place, is_last=place == last)
                piece = await asyncio.to_thread(reading)
                base = place * PIECE_BYTES
                yield piece[max(start - base, 0) : end - base]
                place += 1

    def delete(self, name: UUID) -> None:
        """Remove a content, or what is there of it; none is no error."""
        self._draft(name).unlink(missing_ok=True)
        self._path(name).unlink(missing_ok=True)

    def sweep_drafts(self) -> int:
        """Remove what was left behind by processes that were killed: drafts that nobody holds."""
        return sum(_remove_unless_held(path) for path in self.folder.glob("drafts/*"))

    def _draft(self, name: UUID) -> Path:
        return self.folder / "drafts" / str(name)

    def _path(self, name: UUID) -> Path:
        return self.folder / str(name)[-2:] / str(name)


def _new_draft(path: Path) -> BinaryIO:
    """A file that is held for as long as it is open, so that nobody takes it for left behind."""
    while True:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        with suppress(FileNotFoundError):
            if os.fstat(descriptor).st_ino == path.stat().st_ino:
                return os.fdopen(descriptor, "wb")
        os.close(descriptor)  # it was swept between its making and its holding


def _remove_unless_held(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()
    except (FileNotFoundError, BlockingIOError):
        return False
    return True


def _settle(draft: Path, path: Path) -> None:
    """Put a whole content in its place, for good."""
    try:
        with draft.open("rb") as file:
            os.fsync(file.fileno())
        draft.replace(path)
    except FileNotFoundError as error:
        raise SupersededError from error
    flush_folder(path.parent)


def _read_piece(
    file: BinaryIO, cipher: AESGCM, context: str, place: int, *, is_last: bool
) -> bytes:
    file.seek(place * (PIECE_BYTES + TAG_BYTES))
    found = file.read(PIECE_BYTES + TAG_BYTES)
    try:
        return cipher.decrypt(_nonce(place, is_last=is_last), found, context.encode())
    except (InvalidTag, ValueError) as error:
        raise DecryptionError("the content or its key was changed") from error
