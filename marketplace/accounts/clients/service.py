"""Registering clients, rotating their secrets, revoking them."""

import hmac
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.actors import Actor
from marketplace.accounts.authentication import new_secret, secret_hash
from marketplace.accounts.clients.errors import (
    ClientRevokedError,
    NoSecretError,
    SecretsOverlapError,
)
from marketplace.accounts.clients.models import Authentication, Client
from marketplace.accounts.clients.queries import own_client
from marketplace.accounts.clients.rules import check_client
from marketplace.accounts.clients.schemas import ClientCreate, ClientEdit
from marketplace.accounts.organisations.queries import get_organisation
from marketplace.accounts.revocations import revoke
from marketplace.kernel.db import now
from marketplace.kernel.events import publish
from marketplace.kernel.lifecycle import require_version

SECRET_PREFIX: Final = "mps_"  # noqa: S105 - how secrets begin
HINT_LENGTH: Final = len(SECRET_PREFIX) + 4

_NOTE_USE: Final = text(
    """
    UPDATE oauth_client SET last_used_at = :now
    WHERE id = :id AND (last_used_at IS NULL OR last_used_at < :an_hour_ago)
    """
)


async def register_client(
    session: AsyncSession, request: ClientCreate, *, actor: Actor
) -> tuple[Client, str | None]:
    """Register a client of the actor's organisation; gives its secret, which is not kept.

    Raises:
        InconsistentClientError: settings that contradict each other.
        ScopeNotAllowedError: more than the organisation's kind may have.
    """
    client = Client(
        created_at=now(session),
        organisation_id=actor.organisation_id,
        authentication=request.authentication,
        **request.model_dump(mode="json", exclude={"authentication"}, exclude_none=True),
    )
    await _check(session, client)
    secret = _give_secret(client) if request.authentication is Authentication.SECRET else None
    session.add(client)
    _publish(session, client, "register", actor, scopes=client.scopes, grants=client.grant_types)
    return client, secret


async def edit_client(
    session: AsyncSession,
    client_id: UUID,
    request: ClientEdit,
    *,
    actor: Actor,
    version: int | None,
) -> Client:
    """Change what is given and keep the rest; tokens that hold a scope taken away stop working.

    Raises:
        ClientRevokedError, VersionMismatchError: nothing changed.
        InconsistentClientError, ScopeNotAllowedError: as at registration.
    """
    client = await _lock_live(session, client_id, actor)
    require_version(client, version)
    changed = request.model_dump(mode="json", exclude_unset=True, exclude_none=True)
    before = {name: getattr(client, name) for name in {*changed, "scopes"}}
    for name, value in changed.items():
        setattr(client, name, value)
    await _check(session, client)
    client.version += 1
    if not set(before["scopes"]) <= set(client.scopes):
        await revoke(session, f"client:{client.id}")
    _publish(session, client, "edit", actor, **_difference(before, changed))
    return client


def _difference(before: dict[str, Any], changed: dict[str, Any]) -> dict[str, Any]:
    """What the log keeps for good of an edit; a name may be a person's, who can ask for erasure."""
    kept = changed.keys() - {"name"}
    return {
        "fields": sorted(changed),
        "from": {name: before[name] for name in kept},
        "to": {name: changed[name] for name in kept},
    }


async def rotate_secret(
    session: AsyncSession, client_id: UUID, *, overlap_days: int, actor: Actor
) -> tuple[Client, str]:
    """Give a new secret; the present one works on until the overlap ends.

    Raises:
        NoSecretError: the client authenticates otherwise.
        SecretsOverlapError: a former secret lives already; an overlap of 0 ends both.
    """
    client = await _lock_live(session, client_id, actor)
    if client.authentication is not Authentication.SECRET:
        raise NoSecretError
    if overlap_days and former_secret_lives(client, now(session)):
        raise SecretsOverlapError
    former, ends_at = client.secret_hash, now(session) + timedelta(days=overlap_days)
    client.former_secret_hash = former if overlap_days else None
    client.former_secret_ends_at = ends_at if overlap_days else None
    secret = _give_secret(client)
    client.version += 1
    _publish(session, client, "rotate_secret", actor, overlap_days=overlap_days)
    return client, secret


async def revoke_client(session: AsyncSession, client_id: UUID, *, actor: Actor) -> Client:
    """End a client and every token that it holds, everywhere within a second."""
    client = await _lock_live(session, client_id, actor)
    client.revoked_at = now(session)
    client.version += 1
    await revoke(session, f"client:{client.id}")
    _publish(session, client, "revoke", actor)
    return client


def former_secret_lives(client: Client, at: datetime) -> bool:
    return client.former_secret_ends_at is not None and at < client.former_secret_ends_at


def secret_matches(client: Client, secret: str, at: datetime) -> bool:
    """Whether this is the client's secret, or its former one within the overlap."""
    given, present = secret_hash(secret), client.secret_hash or b""
    former = client.former_secret_hash if former_secret_lives(client, at) else None
    return hmac.compare_digest(given, present) | hmac.compare_digest(given, former or b"")


async def note_use(session: AsyncSession, client: Client) -> None:
    """Remember that the client was used; writes once an hour, not once a request."""
    moment = now(session)
    values = {"id": client.id, "now": moment, "an_hour_ago": moment - timedelta(hours=1)}
    await session.execute(_NOTE_USE, values)


async def _lock_live(session: AsyncSession, client_id: UUID, actor: Actor) -> Client:
    client = await own_client(session, client_id, actor, for_update=True)
    if client.revoked_at:
        raise ClientRevokedError
    return client


async def _check(session: AsyncSession, client: Client) -> None:
    organisation = await get_organisation(session, client.organisation_id)
    check_client(client, organisation.kind)


def _give_secret(client: Client) -> str:
    secret = new_secret(SECRET_PREFIX)
    client.secret_hash, client.secret_hint = secret_hash(secret), secret[:HINT_LENGTH]
    return secret


def _publish(session: AsyncSession, client: Client, name: str, actor: Actor, **data: Any) -> None:
    subject = f"client:{client.id}"
    told = {"organisation_id": client.organisation_id, **data}
    publish(session, f"client.{name}", subject=subject, actor=actor.label, data=told)
