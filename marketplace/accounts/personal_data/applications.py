"""What a person allowed applications, and the browsers in which they signed in on our pages."""

from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.browser_sessions.models import BrowserSession
from marketplace.accounts.clients.models import Client
from marketplace.accounts.oauth.models import OAuthGrant, RefreshToken
from marketplace.accounts.personal_data.registry import OWN, Holder, PersonalData, Section
from marketplace.accounts.revocations import revoke
from marketplace.kernel.db import now

_HASH: Final = "a secret's hash, which is of use to nobody but a thief"
_THEIR_GRANTS: Final = "SELECT id FROM oauth_grant WHERE user_id = :user_id"
_ERASE: Final = (
    text(
        "UPDATE oauth_grant SET revoked_at = coalesce(revoked_at, :now), nonce = NULL"
        " WHERE user_id = :user_id"
    ),
    text(
        "UPDATE oauth_client SET name = 'Erased', redirect_uris = '{}'"
        f" WHERE organisation_id = {OWN}"
    ),
)
_END_CLIENTS: Final = text(
    """
    UPDATE oauth_client c SET revoked_at = :now FROM membership m
    WHERE m.organisation_id = c.organisation_id AND m.user_id = :user_id AND c.revoked_at IS NULL
      AND NOT EXISTS (SELECT FROM membership x
                      WHERE x.organisation_id = m.organisation_id AND x.user_id <> m.user_id)
    RETURNING c.id
    """
)
"""No program acts for an organisation for which no person can."""


async def _erase(session: AsyncSession, holder: Holder) -> None:
    values = holder.values | {"now": now(session)}
    for statement in _ERASE:
        await session.execute(statement, values)
    ended = (await session.execute(_END_CLIENTS, values)).scalars().all()
    await revoke(session, *(f"client:{client_id}" for client_id in ended))


PERSONAL_DATA: Final = PersonalData(
    sections=(
        Section(
            "applications_allowed",
            OAuthGrant,
            (
                "id",
                "created_at",
                "client_id",
                "user_id",
                "organisation_id",
                "scopes",
                "redirect_uri",
                "code_used_at",
                "signed_in_at",
                "ends_at",
                "revoked_at",
            ),
            "user_id = :user_id",
            {
                "code_hash": _HASH,
                "code_challenge": "what the application proves itself with",
                "nonce": "a random number of the application",
            },
        ),
        Section(
            "refresh_tokens",
            RefreshToken,
            ("id", "created_at", "grant_id", "expires_at", "used_at"),
            f"grant_id IN ({_THEIR_GRANTS})",
            {"token_hash": _HASH},
        ),
        Section(
            "browsers",
            BrowserSession,
            ("id", "created_at", "login_session_id"),
            "login_session_id IN (SELECT id FROM login_session WHERE user_id = :user_id)",
            {"cookie_hash": _HASH},
        ),
        Section(
            "applications_registered",
            Client,
            tuple(name for name in Client.model_fields if not name.endswith("secret_hash")),
            f"organisation_id = {OWN}",
            {"secret_hash": _HASH, "former_secret_hash": _HASH},
        ),
    ),
    impersonal={
        "oauth_used_assertion": "which proofs of clients were used, by hash",
        "signing_key": "the platform's own keys, encrypted",
    },
    kept={"oauth_grant.user_id": "which grant ended has to stay known, by number"},
    erase=_erase,
)
