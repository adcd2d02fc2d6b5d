"""Password hashes (argon2id). Verifying costs the same whether the account exists or not."""

import asyncio
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_HASHER: Final = PasswordHasher()
_AT_ONCE: Final = asyncio.Semaphore(2)
"""Each verification takes 64 MiB; a burst of logins must queue instead of filling memory."""
_NOBODY: Final = (
    "$argon2id$v=19$m=65536,t=3,p=4$vOcjHnNqgmaCp8kkAVxnAQ$"
    "jqmzSC5tQ5ZFDS1RO/FQXxLEh8mK/zIQ81LkYjwnVrg"
)


async def hash_password(password: str) -> str:
    async with _AT_ONCE:
        return await asyncio.to_thread(_HASHER.hash, password)


async def verify_password(password: str, password_hash: str | None) -> bool:
    """Compare in a thread; an unknown account is compared with a hash that nothing matches."""
    async with _AT_ONCE:
        matches = await asyncio.to_thread(_matches, password, password_hash or _NOBODY)
    return matches and password_hash is not None


def _matches(password: str, password_hash: str) -> bool:
    try:
        return _HASHER.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False
