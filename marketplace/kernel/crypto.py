"""Encryption at rest: AES-256-GCM with named master keys, and a key of its own for each record.

A master key wraps the record's key; losing or deleting the wrapped key destroys the record, also
in every backup of the database. Master keys live outside the database.
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

NONCE_BYTES: Final = 12
KEY_BYTES: Final = 32


class DecryptionError(Exception):
    """The bytes were changed, or the key is not theirs. Never says anything of the content."""


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

    def __init__(self, keys: dict[str, bytes], current: str) -> None:
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
        master = self._keys.get(sealed.key_id)
        if master is None:
            raise DecryptionError(f"master key {sealed.key_id} is not in the key file")
        key = _decrypt(master, sealed.wrapped_key, context)
        return _decrypt(AESGCM(key), sealed.ciphertext, context)


def _encrypt(cipher: AESGCM, content: bytes, context: str) -> bytes:
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, content, context.encode())


def _decrypt(cipher: AESGCM, content: bytes, context: str) -> bytes:
    try:
        return cipher.decrypt(content[:NONCE_BYTES], content[NONCE_BYTES:], context.encode())
    except (InvalidTag, ValueError) as error:  # a ValueError is of bytes too short for a nonce
        raise DecryptionError("the content or its key was changed") from error


def load_keyring(path: Path) -> Keyring:
    """Read master keys from a file of `id:hex` lines, the last being current.

    Raises:
        KeyFileError: there is no such file, or no key in it.
    """
    keys = {}
    try:
        for line in path.read_text().split():
            key_id, _, key = line.partition(":")
            keys[key_id] = bytes.fromhex(key)
        return Keyring(keys, list(keys)[-1])
    except FileNotFoundError:
        raise KeyFileError(
            f"the master keys of this database are not in {path}: bring the file back from its"
            " backup, or set MARKETPLACE_MASTER_KEY_FILE"
        ) from None
    except (ValueError, IndexError):
        raise KeyFileError(f"{path} is no file of `id:hex` lines with 32 bytes each") from None


def create_key_file(path: Path) -> None:
    """Make a file with one new key, unless there is one.

    The file is created whole (0600) under another name and linked into place, so that two
    processes starting at once agree on one key and a crash leaves no half of one. A key's id is
    its own: no other file has one of the same name.
    """
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(f"k-{secrets.token_hex(4)}:{secrets.token_hex(KEY_BYTES)}\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    _flush_folder(path.parent)


def _flush_folder(folder: Path) -> None:
    """Make the link itself survive a power cut: what the key encrypts is flushed as well."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
