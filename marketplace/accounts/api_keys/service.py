"""Keys that a person gives to programs of their own: part of what they may do, for a time."""

import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, func, select

from marketplace.accounts.actors import Actor
from marketplace.accounts.api_keys.errors import ScopeNotYoursError, TooManyKeysError
from marketplace.accounts.api_keys.models import ApiKey
from marketplace.accounts.api_keys.schemas import ApiKeyCreate
from marketplace.accounts.authentication import Found, new_secret, secret_hash
from marketplace.accounts.models import User
from marketplace.accounts.permissions import GRANTABLE, ROLE_PERMISSIONS, MemberRole, Permission
from marketplace.accounts.revocations import revoke
from marketplace.kernel.db import lock, now
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.events import publish
from marketplace.kernel.pagination import page_by_id

PREFIX: Final = "mpk_"
"""With the public part: `mpk_[0-9a-f]{12}_[A-Za-z0-9_-]{43}`, which scanners of code can find."""
PUBLIC_BYTES: Final = 6
KIND: Final = "api_key"
LIVE_MAX: Final = 20
"""So many keys may one person have that are neither revoked nor expired."""
KEPT: Final = timedelta(days=90)
"""So long can its holder still see a key that has ended."""

_FIND: Final = text(
    """
    SELECT k.id, k.user_id, k.organisation_id, k.expires_at, k.scopes, m.role,
        u.email_verified_at IS NOT NULL AS is_verified, EXISTS (
        SELECT FROM organisation_suspension x
        WHERE x.organisation_id = k.organisation_id AND x.lifted_at IS NULL) AS is_suspended
    FROM api_key k JOIN membership m USING (user_id, organisation_id)
    JOIN user_account u ON u.id = k.user_id
    WHERE k.secret_hash = :secret_hash AND k.revoked_at IS NULL
    """
)
_END: Final = text(
    "UPDATE api_key SET revoked_at = :now WHERE revoked_at IS NULL"
    " AND user_id = :user_id"
    " AND (CAST(:organisation_id AS uuid) IS NULL OR organisation_id = :organisation_id)"
)
_FORGET: Final = text(
    "DELETE FROM api_key WHERE id IN (SELECT id FROM api_key"
    " WHERE expires_at < :before OR revoked_at < :before LIMIT 10000)"
)
NOTE_USE: Final = text(
    """
    UPDATE api_key SET last_used_at = :now WHERE id = ANY (CAST(:ids AS uuid[]))
      AND (last_used_at IS NULL OR last_used_at < :before)
    """
)


async def find_key(session: AsyncSession, key: str) -> Found | None:
    """The person and organisation that a key stands for, and what is left of its scopes.

    A role that shrank since the key was made shrinks the key.
    """
    row = (await session.execute(_FIND, {"secret_hash": secret_hash(key)})).first()
    if row is None:
        return None
    role, used = MemberRole(row.role), f"{KIND}:{row.id}"
    scopes = {scope for scope in row.scopes if scope in GRANTABLE}
    return Found(
        Actor(
            organisation_id=row.organisation_id,
            permissions=frozenset(p for p in ROLE_PERMISSIONS[role] if p.value in scopes),
            user_id=row.user_id,
            role=role,
            is_verified=row.is_verified,
        ),
        row.expires_at,
        frozenset(
            {
                used,
                f"user:{row.user_id}",
                f"organisation:{row.organisation_id}",
                f"membership:{row.organisation_id}:{row.user_id}",
            }
        ),
        is_suspended=row.is_suspended,
        used=used,
    )


async def create_key(
    session: AsyncSession, request: ApiKeyCreate, *, actor: Actor
) -> tuple[ApiKey, str]:
    """Make a key for the organisation that the actor acts for; returns it with its secret.

    Raises:
        ScopeNotYoursError: a scope is none of the actor's permissions, or is for people only.
        TooManyKeysError: they have `LIVE_MAX` keys.
    """
    scopes = sorted({scope.value for scope in request.scopes})
    _require_own(request.scopes, actor)
    await lock(session, User, actor.person_id)  # of two requests at once, each counts the other's
    if await _count_live(session, actor.person_id) >= LIVE_MAX:
        raise TooManyKeysError(f"{LIVE_MAX} keys are neither revoked nor expired")
    public_id = secrets.token_hex(PUBLIC_BYTES)
    secret = new_secret(f"{PREFIX}{public_id}_")
    key = ApiKey(
        created_at=now(session),
        public_id=public_id,
        secret_hash=secret_hash(secret),
        user_id=actor.person_id,
        organisation_id=actor.organisation_id,
        name=request.name,
        scopes=scopes,
        expires_at=now(session) + timedelta(days=request.lifetime_days),
    )
    session.add(key)
    _tell(session, "create", key, actor, scopes=scopes, expires_at=key.expires_at)
    await session.flush()
    return key, secret


def _require_own(scopes: Sequence[Permission], actor: Actor) -> None:
    refused = [scope for scope in scopes if scope.value not in GRANTABLE or not actor.may(scope)]
    if refused:
        raise ScopeNotYoursError(f"leave out {', '.join(refused)}")


async def _count_live(session: AsyncSession, user_id: UUID) -> int:
    query = (
        select(func.count())
        .select_from(ApiKey)
        .where(col(ApiKey.user_id) == user_id, col(ApiKey.revoked_at).is_(None))
        .where(col(ApiKey.expires_at) > now(session))
    )
    return (await session.execute(query)).scalar_one()


async def keys_of(
    session: AsyncSession, actor: Actor, *, cursor: str | None, limit: int
) -> tuple[Sequence[ApiKey], str | None]:
    """The actor's own keys, newest first, for whichever organisation."""
    query = select(ApiKey).where(col(ApiKey.user_id) == actor.person_id)
    return await page_by_id(session, query, ApiKey, cursor=cursor, limit=limit)


async def revoke_key(session: AsyncSession, key_id: UUID, *, actor: Actor) -> None:
    """End one of the actor's keys, everywhere within a second; ending it again changes nothing.

    Raises:
        NotFoundError: no such key, or another person's.
    """
    key = await session.get(ApiKey, key_id, with_for_update=True)
    if key is None or key.user_id != actor.person_id:
        raise NotFoundError("no such key")
    if key.revoked_at is None:
        key.revoked_at = now(session)
        _tell(session, "revoke", key, actor)
        await revoke(session, f"{KIND}:{key.id}")


async def end_keys(session: AsyncSession, organisation_id: UUID, user_id: UUID) -> None:
    """End a person's keys for one organisation, for good: also if they join it again."""
    values = {"organisation_id": organisation_id, "user_id": user_id, "now": now(session)}
    await session.execute(_END, values)


async def end_all_keys(session: AsyncSession, user_id: UUID) -> None:
    """End every key of a person; the caller revokes what remembers them."""
    values = {"organisation_id": None, "user_id": user_id, "now": now(session)}
    await session.execute(_END, values)


def _tell(session: AsyncSession, name: str, key: ApiKey, actor: Actor, **data: object) -> None:
    told = {"organisation_id": key.organisation_id, **data}
    publish(session, f"api_key.{name}", subject=f"api_key:{key.id}", actor=actor.label, data=told)


async def forget_ended(session: AsyncSession) -> None:
    """Delete keys that ended `KEPT` ago, at most ten thousand a call."""
    await session.execute(_FORGET, {"before": now(session) - KEPT})
