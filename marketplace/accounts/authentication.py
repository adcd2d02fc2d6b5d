"""Tokens. Random, shown once, kept as a hash; looked up at most once a second per process."""

import hashlib
import secrets
import time
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.actors import Actor
from marketplace.accounts.errors import InvalidTokenError
from marketplace.accounts.permissions import MemberRole
from marketplace.kernel.db import now

PREFIX: Final = "mp_"
REMEMBERED_SECONDS: Final = 1.0
"""A revoked token stops working everywhere within this time."""
REMEMBERED_MAX: Final = 10_000

_FIND: Final = text(
    """
    SELECT s.user_id, s.organisation_id, m.role
    FROM login_session s JOIN membership m USING (user_id, organisation_id)
    WHERE s.token_hash = :token_hash AND s.revoked_at IS NULL AND s.expires_at > :now
    """
)

_FORGET: Final = text(
    "DELETE FROM login_session WHERE id IN (SELECT id FROM login_session"
    " WHERE expires_at < :now LIMIT 10000)"
)


async def forget_expired(session: AsyncSession) -> None:
    """Delete sessions that have expired, at most ten thousand a call."""
    await session.execute(_FORGET, {"now": now(session)})


def new_token() -> str:
    return PREFIX + secrets.token_urlsafe(32)


def token_hash(token: str) -> bytes:
    """Plain SHA-256: a token has 256 random bits, so there is nothing to guess slowly."""
    return hashlib.sha256(token.encode()).digest()


class Authenticator:
    """Turns a bearer token into an Actor."""

    def __init__(self) -> None:
        self._remembered: dict[bytes, tuple[float, Actor]] = {}

    async def actor(self, session: AsyncSession, token: str) -> Actor:
        """Find who holds a token.

        Raises:
            InvalidTokenError: unknown, expired or revoked.
        """
        key = token_hash(token)
        known = self._remembered.get(key)
        if known and known[0] > time.monotonic():
            return known[1]
        values = {"token_hash": key, "now": now(session)}
        row = (await session.execute(_FIND, values)).first()
        if row is None:
            self._remembered.pop(key, None)
            raise InvalidTokenError
        return self._remember(key, Actor(row.user_id, row.organisation_id, MemberRole(row.role)))

    def forget(self, user_id: UUID) -> None:
        for key in [k for k, (_, actor) in self._remembered.items() if actor.user_id == user_id]:
            del self._remembered[key]

    def _remember(self, key: bytes, actor: Actor) -> Actor:
        if len(self._remembered) >= REMEMBERED_MAX:
            self._remembered.clear()
        self._remembered[key] = (time.monotonic() + REMEMBERED_SECONDS, actor)
        return actor
