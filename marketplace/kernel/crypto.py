"""Encryption at rest: AES-256-GCM with named master keys, and a key of its own for each record.

A master key wraps the record's key. Master keys live outside the database, and so do the keys of
documents that can be destroyed (`kernel/vault.py`).
"""

import hmac
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from marketplace.kernel.errors import ConflictError
from marketplace.kernel.key_service import KeyService
from marketplace.kernel.vault import DecryptionError, FolderVault
from marketplace.kernel.whole_files import flush_folder, replace_file, write_draft

NONCE_BYTES: Final = 12
KEY_BYTES: Final = 32
_WRAPPED: Final = "wrapped:"
"""What a key in the file begins with that only the key service opens."""


class KeyFileError(ConflictError):
    code = "key_file"
    title = "The key file is not that of the database"


@dataclass(frozen=True, slots=True)
class Sealed:
    """Encrypted bytes with their own key, wrapped by the master key `key_id`."""

    key_id: str
    wrapped_key: bytes
    ciphertext: bytes


class Keyring:
    """Master keys by id; the current one encrypts, all of them decrypt."""

    def __init__(
        self, keys: dict[str, bytes], current: str, vault_folder: Path = Path("document-keys")
    ) -> None:
        self.vault = FolderVault(vault_folder, self)
        self._keys = {key_id: AESGCM(key) for key_id, key in keys.items()}
        self._current = current
        self.key_fingerprints = {
            key_id: hmac.digest(key, b"master key", "sha256") for key_id, key in keys.items()
        }
        oldest = next(iter(keys.values()))
        self._fingerprint_key = hmac.digest(oldest, b"fingerprint", "sha256")

    def seal(self, content: bytes, *, context: str) -> Sealed:
        """Encrypt under a new key. `context` (what the bytes belong to) must match at opening."""
        key = AESGCM.generate_key(KEY_BYTES * 8)
        return Sealed(
            self._current,
            _encrypt(self._keys[self._current], key, context),
            _encrypt(AESGCM(key), content, context),
        )

    def fingerprint(self, content: str, *, context: str) -> bytes:
        """A keyed hash: the same for the same content, and told to nobody by the database alone.

        It stays the same while the oldest master key does.
        """
        return hmac.digest(self._fingerprint_key, f"{context}\0{content}".encode(), "sha256")

    def open(self, sealed: Sealed, *, context: str) -> bytes:
        """Decrypt; raises DecryptionError when anything was changed."""
        key = self.unwrap(sealed.key_id, sealed.wrapped_key, context=context)
        return _decrypt(AESGCM(key), sealed.ciphertext, context)

    def wrap(self, key: bytes, *, context: str) -> tuple[str, bytes]:
        """Encrypt a document's key by the current master key, whose id is given."""
        return self._current, _encrypt(self._keys[self._current], key, context)

    def unwrap(self, key_id: str, wrapped: bytes, *, context: str) -> bytes:
        """Decrypt a document's key; raises DecryptionError when it was changed."""
        master = self._keys.get(key_id)
        if master is None:
            raise DecryptionError(f"master key {key_id} is not in the key file")
        return _decrypt(master, wrapped, context)


def encrypt(key: bytes, content: bytes, *, context: str) -> bytes:
    """Encrypt a small content under a key of its own document."""
    return _encrypt(AESGCM(key), content, context)


def decrypt(key: bytes, content: bytes, *, context: str) -> bytes:
    """Decrypt it; raises DecryptionError when anything was changed."""
    return _decrypt(AESGCM(key), content, context)


def _encrypt(cipher: AESGCM, content: bytes, context: str) -> bytes:
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, content, context.encode())


def _decrypt(cipher: AESGCM, content: bytes, context: str) -> bytes:
    try:
        return cipher.decrypt(content[:NONCE_BYTES], content[NONCE_BYTES:], context.encode())
    except (InvalidTag, ValueError) as error:  # a ValueError is of bytes too short for a nonce
        raise DecryptionError("the content or its key was changed") from error


def load_keyring(path: Path, service: KeyService | None = None) -> Keyring:
    """Read master keys from a file of `id:hex` lines, the last being current.

    A line `id:wrapped:word` is opened by the key service.

    Raises:
        KeyFileError: there is no such file, no key in it, or no service set up that opens it.
        KeyServiceError: the service does not open it.
    """
    keys = {}
    try:
        for line in path.read_text().split():
            key_id, _, written = line.partition(":")
            keys[key_id] = _opened(path, written, service)
        return Keyring(keys, list(keys)[-1], path.parent / "document-keys")
    except FileNotFoundError:
        raise KeyFileError(
            f"the master keys of this database are not in {path}: bring the file back from its"
            " backup, or set MARKETPLACE_MASTER_KEY_FILE"
        ) from None
    except (ValueError, IndexError):
        raise KeyFileError(f"{path} is no file of `id:hex` lines with 32 bytes each") from None


def _opened(path: Path, written: str, service: KeyService | None) -> bytes:
    if not written.startswith(_WRAPPED):
        return bytes.fromhex(written)
    if service is None:
        raise KeyFileError(f"{path} is wrapped: set MARKETPLACE_KEY_SERVICE_URL")
    return service.unwrap(written.removeprefix(_WRAPPED))


def _written(key: bytes, service: KeyService | None) -> str:
    return key.hex() if service is None else f"{_WRAPPED}{service.wrap(key)}"


def add_master_key(path: Path, service: KeyService | None = None) -> str:
    """Put a new key at the end of the file, by which everything is wrapped from now on.

    Raises:
        KeyFileError: there is no such file.
        KeyServiceError: the service does not open it, or does not wrap the new one.
    """
    load_keyring(path, service)
    key_id = f"k-{secrets.token_hex(4)}"
    key = _written(secrets.token_bytes(KEY_BYTES), service)
    replace_file(path, f"{path.read_text().rstrip()}\n{key_id}:{key}\n")
    return key_id


def wrap_key_file(path: Path, service: KeyService) -> int:
    """Have the service wrap every key of the file; from then on it opens nothing alone.

    Returns:
        How many keys are wrapped now that were not, or were wrapped by an older key of its.

    Raises:
        KeyFileError, KeyServiceError: and the file is as it was.
    """
    load_keyring(path, service)
    lines = []
    for line in path.read_text().split():
        key_id, _, written = line.partition(":")
        lines.append(f"{key_id}:{_written(_opened(path, written, service), service)}\n")
    replace_file(path, "".join(lines))
    return len(lines)


def create_key_file(path: Path, service: KeyService | None = None) -> None:
    """Make a file with one new key, unless there is one.

    The file is created whole (0600) under another name and linked into place, so that two
    processes starting at once agree on one key and a crash leaves no half of one. A key's id is
    its own: no other file has one of the same name.
    """
    if path.exists():
        return
    key = _written(secrets.token_bytes(KEY_BYTES), service)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = write_draft(path, f"k-{secrets.token_hex(4)}:{key}\n")
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    flush_folder(path.parent)
