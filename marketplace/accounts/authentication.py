"""Who a bearer credential stands for; remembered until it expires or news of a revocation comes.

Kinds of credentials are told apart by their prefix. Each kind's finder is the authority, and asks
the database; the memory in front of it is trusted only while the feed of revocations is live.
"""

import hashlib
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.actors import Actor
from marketplace.accounts.errors import InvalidTokenError, OrganisationSuspendedError
from marketplace.accounts.revocations import Revocations
from marketplace.accounts.uses import Uses
from marketplace.kernel.db import apart, now

REMEMBERED_MAX: Final = 10_000
RANDOM_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Found:
    """What a finder knows of a credential.

    `depends_on` names everything whose revocation ends it: `session:<id>`, `user:<id>`,
    `organisation:<id>`, `membership:<organisation id>:<user id>`, `client:<id>` …
    """

    actor: Actor
    expires_at: datetime
    depends_on: frozenset[str]
    is_suspended: bool = False
    """The organisation is: the credential is good, and lets nobody in until that is lifted."""
    used: str | None = None
    """What is noted as used, like `session:<id>`, for its holder to see when that was."""


Finder = Callable[[AsyncSession, str], Awaitable[Found | None]]


def new_secret(prefix: str) -> str:
    """A secret to show once, of 256 random bits; the prefix tells what it is. Store its hash."""
    return prefix + secrets.token_urlsafe(RANDOM_BYTES)


def secret_hash(secret: str) -> bytes:
    """Plain SHA-256: a secret has 256 random bits, so there is nothing to guess slowly."""
    return hashlib.sha256(secret.encode()).digest()


class Authenticator:
    """Turns a bearer credential into an Actor."""

    def __init__(
        self, finders: Mapping[str, Finder], revocations: Revocations, uses: Uses | None = None
    ) -> None:
        """`finders` by prefix; `""` takes what no other prefix fits."""
        self._finders = sorted(finders.items(), key=lambda one: -len(one[0]))
        self._revocations = revocations
        self._uses = uses or Uses({})
        self._remembered: dict[bytes, Found] = {}
        revocations.listen(self._forget)

    async def actor(self, session: AsyncSession, credential: str) -> Actor:
        """Find who holds a credential.

        Raises:
            InvalidTokenError: unknown, expired or revoked.
            OrganisationSuspendedError: the operator suspended the organisation it acts for.
        """
        key = secret_hash(credential)
        found = self._remembered.get(key) if self._revocations.are_live else None
        if found is None:
            found = await self._find(session, key, credential)
        if found is None or found.expires_at <= now(session):
            raise InvalidTokenError
        if found.is_suspended:
            raise OrganisationSuspendedError
        if found.used:
            self._uses.add(found.used)
        return found.actor

    async def _find(self, session: AsyncSession, key: bytes, credential: str) -> Found | None:
        heard = self._revocations.heard
        finders = (find for prefix, find in self._finders if credential.startswith(prefix))
        finder = next(finders, None)
        found = None
        if finder:
            async with apart(session) as reading:
                found = await finder(reading, credential)
        # What was revoked while the database was asked may have been read as it was before.
        if found and self._revocations.are_live and heard == self._revocations.heard:
            self._remember(key, found)
        return found

    def _remember(self, key: bytes, found: Found) -> None:
        if len(self._remembered) >= REMEMBERED_MAX:
            self._remembered.clear()
        self._remembered[key] = found

    def _forget(self, subject: str | None) -> None:
        """Forget what depends on a subject; without one, everything."""
        self._remembered = {
            key: found
            for key, found in self._remembered.items()
            if subject is not None and subject not in found.depends_on
        }
