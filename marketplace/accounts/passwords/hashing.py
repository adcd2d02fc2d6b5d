"""Password hashes (argon2id). Verifying costs the same whether the account exists or not."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

_HASHER: Final = PasswordHasher()
_AT_ONCE: Final = asyncio.Semaphore(2)
"""Each verification takes 64 MiB; a burst of logins must queue instead of filling memory."""
_NOBODY: Final = (
    "$argon2id$v=19$m=65536,t=3,p=4$vOcjHnNqgmaCp8kkAVxnAQ$"
    "jqmzSC5tQ5ZFDS1RO/FQXxLEh8mK/zIQ81LkYjwnVrg"
)
_KIND: Final = "$argon2id$"


@asynccontextmanager
async def turn() -> AsyncIterator[None]:
    """Wait for one's turn to hash; whoever waits should hold no database connection."""
    async with _AT_ONCE:
        yield


async def hash_password(password: str) -> str:
    """Hash a new password, when it is our turn."""
    async with turn():
        return await asyncio.to_thread(_HASHER.hash, password)


async def verify_password(password: str, password_hash: str | None) -> bool:
    """Compare in a thread, in one's turn; who has no password is compared with nobody's."""
    has_one = password_hash is not None and password_hash.startswith(_KIND)
    compared = password_hash if password_hash and has_one else _NOBODY
    return await asyncio.to_thread(_matches, password, compared) and has_one


def _matches(password: str, password_hash: str) -> bool:
    try:
        return _HASHER.verify(password_hash, password)
    except VerificationError:
        return False
