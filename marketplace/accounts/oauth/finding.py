"""Who an access token stands for: known from the token itself, unless there was news."""

from typing import Final
from uuid import UUID

from joserfc.jwk import ECKey
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.authentication import Found
from marketplace.accounts.oauth.tokens import AccessToken, read
from marketplace.accounts.revocations import Revocations
from marketplace.accounts.signing_keys.service import public_key
from marketplace.kernel.db import now

_HOLDS: Final = text(
    """
    SELECT EXISTS (SELECT FROM organisation_suspension
                   WHERE organisation_id = :organisation_id AND lifted_at IS NULL)
    FROM oauth_client c
    WHERE c.id = :client_id AND c.revoked_at IS NULL
      AND c.scopes @> CAST(:scopes AS varchar[])
      AND EXISTS (SELECT FROM signing_key WHERE id = :key_id)
      AND NOT EXISTS (SELECT FROM revocation WHERE subject = :subject)
      AND CASE WHEN CAST(:user_id AS uuid) IS NULL THEN c.organisation_id = :organisation_id
          ELSE EXISTS (
              SELECT FROM oauth_grant g JOIN membership m USING (user_id, organisation_id)
              WHERE g.id = :grant_id AND g.revoked_at IS NULL AND g.client_id = c.id
                AND user_id = :user_id AND organisation_id = :organisation_id AND m.role = :role)
          END
    """
)


class TokenFinder:
    """Finds the holder of an access token; keeps the public keys that it met."""

    def __init__(self, issuer: str, revocations: Revocations) -> None:
        self._issuer = issuer
        self._revocations = revocations
        self._keys: dict[UUID, ECKey] = {}

    async def __call__(self, session: AsyncSession, credential: str) -> Found | None:
        async def key_of(key_id: UUID) -> ECKey | None:
            return await self._key(session, key_id)

        token = await read(credential, self._issuer, key_of, now(session))
        if token is None:
            return None
        depends_on = token.depends_on
        news = not self._revocations.are_live or self._revocations.touch(depends_on)
        is_suspended = await _is_suspended(session, token) if news else False
        if is_suspended is None:
            return None
        return Found(token.actor(), token.expires_at, depends_on, is_suspended=is_suspended)

    async def _key(self, session: AsyncSession, key_id: UUID) -> ECKey | None:
        key = self._keys.get(key_id) or await public_key(session, key_id)
        if key:
            self._keys[key_id] = key
        return key


async def still_holds(session: AsyncSession, token: AccessToken) -> bool:
    """Whether everything that a token depends on lets its holder act."""
    return await _is_suspended(session, token) is False


async def _is_suspended(session: AsyncSession, token: AccessToken) -> bool | None:
    """Whether its organisation is suspended; None when the token holds no more."""
    values = {
        "client_id": token.client_id,
        "scopes": sorted(token.scopes),
        "key_id": token.key_id,
        "subject": token.subject,
        "user_id": token.user_id,
        "organisation_id": token.organisation_id,
        "grant_id": token.grant_id,
        "role": token.role,
    }
    return (await session.execute(_HOLDS, values)).scalar()
