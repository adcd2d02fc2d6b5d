"""Keys of single documents, kept outside the database, so that one of them can be destroyed.

A backup of the database holds ciphertext alone: what lost its key here is gone from every backup
of the database as well (docs/decisions/0055).
"""

import contextlib
import fcntl
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol
from uuid import UUID

from marketplace.kernel.whole_files import flush_folder, replace_file

DOCUMENT_KEY_BYTES: Final = 32
LOCK_NAME: Final = ".lock"


class DecryptionError(Exception):
    """The bytes were changed, or the key is not theirs. Never says anything of the content."""


class KeyDestroyedError(DecryptionError):
    """There is no key of this document: it was destroyed, or the vault is not that of before."""


class KeyWrapping(Protocol):
    """Whoever has the master keys."""

    def wrap(self, key: bytes, *, context: str) -> tuple[str, bytes]:
        """Encrypt a document's key; gives the id of the master key that was used."""

    def unwrap(self, key_id: str, wrapped: bytes, *, context: str) -> bytes:
        """Decrypt a document's key; raises DecryptionError when it was changed."""


@dataclass(frozen=True, slots=True)
class FolderVault:
    """One small file a key, wrapped by a master key. Machines share the folder, not its backups.

    Whatever replaces or destroys a key holds the lock of its folder: a key that is destroyed while
    it is wrapped anew stays destroyed, and a draft of it that a killed process left goes with it.
    """

    folder: Path
    wrapping: KeyWrapping

    def create(self, document_id: UUID) -> bytes:
        """Keep a new key; it is on the disk before anything is encrypted with it."""
        key = secrets.token_bytes(DOCUMENT_KEY_BYTES)
        self.keep(document_id, key)
        return key

    def read(self, document_id: UUID) -> bytes:
        """Unwrap a key."""
        try:
            content = self._path(document_id).read_bytes()
            key_id, _, wrapped = content.decode().strip().partition(":")
            sealed = bytes.fromhex(wrapped)
        except FileNotFoundError:
            raise KeyDestroyedError from None
        except ValueError:  # read in the moment in which it is overwritten
            raise DecryptionError("the key is being destroyed, or was changed") from None
        return self.wrapping.unwrap(key_id, sealed, context=_context(document_id))

    def destroy(self, document_id: UUID) -> None:
        """Overwrite a key and every draft of it, and forget where they were."""
        path = self._path(document_id)
        with contextlib.suppress(FileNotFoundError), _locked(path.parent):
            for found in (path, *path.parent.glob(f".{path.name}.*")):
                _overwrite(found)
            flush_folder(path.parent)

    def rewrap(self) -> int:
        """Wrap every key by the present master key; returns how many were."""
        return sum(self._rewrap(document_id) for document_id in list(self._known()))

    def keep(self, document_id: UUID, key: bytes) -> None:
        """Take in the key of a document that is new, or had it elsewhere."""
        content, path = self._wrapped(document_id, key), self._path(document_id)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _locked(path.parent):
            replace_file(path, content)

    def _rewrap(self, document_id: UUID) -> bool:
        path = self._path(document_id)
        with _locked(path.parent):
            try:
                key = self.read(document_id)
            except KeyDestroyedError:
                return False
            replace_file(path, self._wrapped(document_id, key))
        return True

    def _wrapped(self, document_id: UUID, key: bytes) -> str:
        key_id, wrapped = self.wrapping.wrap(key, context=_context(document_id))
        return f"{key_id}:{wrapped.hex()}\n"

    def _known(self) -> Iterator[UUID]:
        for path in self.folder.glob("??/*"):
            with contextlib.suppress(ValueError):
                yield UUID(path.name)

    def _path(self, document_id: UUID) -> Path:
        return self.folder / str(document_id)[-2:] / str(document_id)


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Alone change keys of a folder, among all processes and machines that share it."""
    descriptor = os.open(folder / LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)  # which gives the lock back


def _overwrite(path: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        with path.open("r+b") as file:
            file.write(secrets.token_bytes(path.stat().st_size))
            file.flush()
            os.fsync(file.fileno())
        path.unlink()


def _context(document_id: UUID) -> str:
    return f"document key:{document_id}"
