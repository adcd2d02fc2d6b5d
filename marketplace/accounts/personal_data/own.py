"""The personal data of accounts, and of the kernel below."""

from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.api_keys.models import ApiKey
from marketplace.accounts.models import LoginSession, Membership, Organisation, User
from marketplace.accounts.people.queries import ERASED
from marketplace.accounts.personal_data.registry import (
    OWN,
    Holder,
    Obligation,
    PersonalData,
    Section,
    deeds,
    events_about,
)
from marketplace.accounts.revocations import revoke
from marketplace.kernel.db import fetch, now
from marketplace.kernel.events import publish
from marketplace.kernel.idempotency import IdempotencyRecord

_HASH: Final = "a secret's hash, which is of use to nobody but a thief"
_SCOPES: Final = (
    "SELECT organisation_id || ':' || CAST(:label AS text) FROM membership WHERE user_id = :user_id"
)

_LAST_OWNER: Final = text(
    """
    SELECT m.organisation_id FROM membership m JOIN organisation o ON o.id = m.organisation_id
    WHERE m.user_id = :user_id AND m.role = 'owner' AND o.kind <> 'person'
      AND EXISTS (SELECT FROM membership x
                  WHERE x.organisation_id = m.organisation_id AND x.user_id <> :user_id)
      AND NOT EXISTS (SELECT FROM membership x WHERE x.organisation_id = m.organisation_id
                      AND x.user_id <> :user_id AND x.role = 'owner')
    ORDER BY m.organisation_id
    """
)
_ERASE: Final = (
    text(f"DELETE FROM idempotency_key WHERE scope IN ({_SCOPES})"),
    text(
        f"UPDATE user_account SET email = id || '{ERASED}', display_name = 'Erased',"
        " password_hash = '' WHERE id = :user_id"
    ),
    text(f"UPDATE organisation SET name = 'Erased', region = NULL WHERE id = {OWN}"),
    text(
        "UPDATE login_session SET revoked_at = :now WHERE user_id = :user_id AND revoked_at IS NULL"
    ),
    text(
        "UPDATE api_key SET name = 'Erased', revoked_at = coalesce(revoked_at, :now)"
        " WHERE user_id = :user_id"
    ),
)
_LEAVE: Final = text(
    """
    DELETE FROM membership m WHERE m.user_id = :user_id AND (m.role <> 'owner' OR EXISTS (
        SELECT FROM membership x WHERE x.organisation_id = m.organisation_id
            AND x.user_id <> m.user_id AND x.role = 'owner'))
    RETURNING organisation_id
    """
)
"""An organisation keeps an owner: of what is theirs alone they stay the owner, by a number."""


async def _last_owner_of(session: AsyncSession, holder: Holder) -> list[Obligation]:
    rows = await fetch(session, _LAST_OWNER, user_id=holder.user_id)
    detail = "make another member owner first: you are the last one of an organisation"
    return [Obligation("last_owner", f"organisation:{row.organisation_id}", detail) for row in rows]


async def _erase(session: AsyncSession, holder: Holder) -> None:
    """Overwrite who it was, end every credential, and leave every organisation."""
    for statement in _ERASE:
        await session.execute(statement, holder.values | {"now": now(session)})
    for row in await fetch(session, _LEAVE, user_id=holder.user_id):
        subject, data = f"organisation:{row.organisation_id}", {"user_id": holder.user_id}
        publish(
            session, "organisation.remove_member", subject=subject, actor=holder.label, data=data
        )
    await revoke(session, holder.label)


PERSONAL_DATA: Final = PersonalData(
    sections=(
        Section(
            "profile",
            User,
            ("id", "created_at", "email", "display_name", "email_verified_at"),
            "id = :user_id",
            {"password_hash": _HASH},
        ),
        Section(
            "organisations",
            Organisation,
            ("id", "created_at", "name", "kind", "country", "region", "industry", "version"),
            f"id = {OWN}",
        ),
        Section(
            "memberships",
            Membership,
            ("id", "created_at", "organisation_id", "user_id", "role"),
            "user_id = :user_id",
        ),
        Section(
            "sessions",
            LoginSession,
            (
                "id",
                "created_at",
                "user_id",
                "organisation_id",
                "expires_at",
                "revoked_at",
                "last_used_at",
                "device",
                "proved_at",
            ),
            "user_id = :user_id",
            {"token_hash": _HASH},
        ),
        Section(
            "api_keys",
            ApiKey,
            (
                "id",
                "created_at",
                "public_id",
                "user_id",
                "organisation_id",
                "name",
                "scopes",
                "expires_at",
                "last_used_at",
                "revoked_at",
            ),
            "user_id = :user_id",
            {"secret_hash": _HASH},
        ),
        Section(
            "keyed_requests",
            IdempotencyRecord,
            ("scope", "key", "status", "media_type", "created_at"),
            f"scope IN ({_SCOPES})",
            {
                "request_hash": "tells only whether a request is sent again",
                "body": "the answer that you were given, kept for thirty days",
            },
        ),
        deeds("deeds"),
        events_about("account_events", "user", "SELECT CAST(:user_id AS uuid) AS id"),
        events_about(
            "organisation_events", "organisation", f"SELECT id FROM organisation WHERE id = {OWN}"
        ),
    ),
    impersonal={
        "revocation": "news of an hour, by ids",
        "event_consumer": "how far the log was read",
        "event_failure": "which event could not be handled, by number",
        "master_key": "ids and fingerprints of the keys that encrypt",
        "event_seal": "hashes over the log",
    },
    kept={
        "user_account.id": "a random number that the event log and signatures name; it leads to"
        " nobody any more",
        "membership.user_id": "an organisation keeps an owner; where nobody else is one, it stays"
        " this number",
        "organisation.country": "deals are counted by country, and taxed there",
        "event.data": "the log of what was done, by ids and amounts; its seals prove it unchanged",
    },
    obligations=_last_owner_of,
    erase=_erase,
)
