"""What Authlib's callbacks work with, and the bridge from its plain calls to ours that wait."""

from collections.abc import Awaitable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.util import await_only

from marketplace.accounts.clients.service import note_use
from marketplace.accounts.oauth import tokens
from marketplace.accounts.oauth.models import OAuthGrant
from marketplace.accounts.oauth.registered import Registered
from marketplace.accounts.oauth.service import Holder, new_refresh_token
from marketplace.accounts.oauth.tokens import AccessToken
from marketplace.accounts.permissions import OpenIdScope
from marketplace.accounts.signing_keys.service import TOKEN_LIFETIME, public_key, signing_key
from marketplace.kernel.crypto import Keyring
from marketplace.kernel.db import now

T = TypeVar("T")


def wait(work: Awaitable[T]) -> T:
    """Wait inside `AsyncSession.run_sync`: Authlib knows no other way to call than a plain one."""
    return await_only(work)


@dataclass(frozen=True, slots=True)
class Context:
    """One request to the authorization server."""

    session: AsyncSession
    keyring: Keyring
    issuer: str

    async def issue(self, client: Registered, scopes: set[str]) -> dict[str, Any]:
        """The answer that gives a client a token of its own."""
        claims = {"organisation_id": client.row.organisation_id}
        return await self._issue(client, scopes, claims)

    async def issue_for(
        self, client: Registered, grant: OAuthGrant, holder: Holder, scopes: set[str]
    ) -> dict[str, Any]:
        """Tokens for a person, as far as the client may still have what they allowed."""
        claims = {**asdict(holder), "grant_id": grant.id}
        answer = await self._issue(client, scopes & set(client.row.scopes), claims)
        if {OpenIdScope.OFFLINE_ACCESS} <= set(grant.scopes) & set(client.row.scopes):
            answer["refresh_token"] = await new_refresh_token(self.session, grant)
        return answer

    async def _issue(
        self, client: Registered, scopes: set[str], claims: Mapping[str, Any]
    ) -> dict[str, Any]:
        session = self.session
        key = await signing_key(session, self.keyring)
        token = AccessToken(
            id=tokens.new_token_id(),
            key_id=UUID(key.kid),
            client_id=client.row.id,
            scopes=frozenset(scopes),
            expires_at=now(session) + TOKEN_LIFETIME,
            **claims,
        )
        await note_use(session, client.row)
        return {
            "access_token": tokens.write(key, self.issuer, token, now(session)),
            "token_type": "Bearer",
            "expires_in": int(TOKEN_LIFETIME.total_seconds()),
            "scope": " ".join(sorted(scopes)),
        }

    async def id_token(self, access_token: str, grant: OAuthGrant, *, nonce: str | None) -> str:
        return tokens.write_id_token(
            await signing_key(self.session, self.keyring),
            self.issuer,
            access_token,
            client_id=grant.client_id,
            user_id=grant.user_id,
            signed_in_at=grant.signed_in_at,
            nonce=nonce,
            at=now(self.session),
        )

    async def read(self, credential: str) -> AccessToken | None:
        """An access token of ours, whatever became of what it depends on."""
        key_of = partial(public_key, self.session)
        return await tokens.read(credential, self.issuer, key_of, now(self.session))
