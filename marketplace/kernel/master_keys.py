"""The key file belongs to the database: what one of its keys encrypted, no other key opens.

The database notes a fingerprint of each key. A file that was lost, or that each machine made for
itself, is told when a process starts, before it encrypts anything that nobody else can read.
"""

from pathlib import Path
from typing import ClassVar

from sqlalchemy import LargeBinary, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel, select

from marketplace.kernel.crypto import KeyFileError, Keyring, create_key_file, load_keyring
from marketplace.kernel.db import Sessions
from marketplace.kernel.key_service import KeyService


class MasterKey(SQLModel, table=True):
    """A key that encrypted, or may have encrypted, something in this database."""

    __tablename__: ClassVar[str] = "master_key"

    id: str = Field(primary_key=True)
    fingerprint: bytes | None = Field(default=None, sa_type=LargeBinary)


async def open_keyring(
    session: AsyncSession, path: Path, service: KeyService | None = None
) -> Keyring:
    """Read the key file and note new keys; make one for a database that has encrypted nothing yet.

    Raises:
        KeyFileError: the file, or a key of it, is missing or not that of this database.
        KeyServiceError: the service that wraps its keys does not open them.
    """
    # A service is asked before the lock is taken, and under it only for what came meanwhile.
    keyring = _load_existing(path, service)
    # Of several machines that start at once, one decides and the others see what it decided.
    await session.execute(text("LOCK TABLE master_key IN EXCLUSIVE MODE"))
    known = {key.id: key for key in (await session.execute(select(MasterKey))).scalars()}
    if not known:
        create_key_file(path, service)
    if keyring is None or not known.keys() <= keyring.key_fingerprints.keys():
        keyring = load_keyring(path, service)
    for key_id, key in known.items():
        _prove(keyring, key_id, key.fingerprint, path)
    for key_id, fingerprint in keyring.key_fingerprints.items():
        if key_id in known:
            known[key_id].fingerprint = fingerprint
        else:
            session.add(MasterKey(id=key_id, fingerprint=fingerprint))
    await session.flush()
    return keyring


def _load_existing(path: Path, service: KeyService | None) -> Keyring | None:
    return load_keyring(path, service) if path.exists() else None


def _prove(keyring: Keyring, key_id: str, noted: bytes | None, path: Path) -> None:
    found = keyring.key_fingerprints.get(key_id)
    if found is None:
        raise KeyFileError(
            f"{path} lacks the master key {key_id} of this database: bring the file back from its"
            f" backup, or set MARKETPLACE_MASTER_KEY_FILE. What {key_id} encrypted is lost without"
            " it; only to give that up, delete its row in master_key."
        )
    if noted not in {None, found}:
        raise KeyFileError(
            f"{path} has another master key {key_id} than this database: it belongs to another"
            " database or machine. Bring the right file, or set MARKETPLACE_MASTER_KEY_FILE."
        )


def carry_keyring(sessions: Sessions, keyring: Keyring) -> None:
    """Let what runs without a request, such as a clock, have the process's keys."""
    sessions.kw["info"]["keyring"] = keyring


def carried_keyring(session: AsyncSession) -> Keyring:
    """The keys of the background process that a session belongs to."""
    keyring: Keyring = session.info["keyring"]
    return keyring
