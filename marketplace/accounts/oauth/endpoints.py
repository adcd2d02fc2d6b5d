"""What becomes of a token: asked about (RFC 7662) or given up (RFC 7009) by its own client."""

from typing import Any

from authlib.oauth2.rfc6749 import InvalidRequestError, OAuth2Request
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7662 import IntrospectionEndpoint

from marketplace.accounts.oauth.context import Context, wait
from marketplace.accounts.oauth.finding import still_holds
from marketplace.accounts.oauth.grants import CONFIDENTIAL, EVERY_CLIENT
from marketplace.accounts.oauth.models import OAuthGrant, RefreshToken
from marketplace.accounts.oauth.registered import Registered
from marketplace.accounts.oauth.service import REFRESH_PREFIX, find_refresh_token, revoke_grant
from marketplace.accounts.oauth.tokens import AccessToken, audience
from marketplace.accounts.revocations import revoke
from marketplace.kernel.db import now


class OneToken:
    """A token that a client sent; `told` is its state, or None when it is good for nothing."""

    def __init__(self, context: Context, *, access: AccessToken | None, refresh: Any) -> None:
        self._context = context
        self.access: AccessToken | None = access
        self.refresh: tuple[RefreshToken, OAuthGrant] | None = refresh

    def check_client(self, client: Registered) -> bool:
        if self.access:
            return self.access.client_id == client.row.id
        return self.refresh is not None and self.refresh[1].client_id == client.row.id

    async def give_up(self, client: Registered) -> None:
        session = self._context.session
        if self.access:
            await revoke(session, self.access.subject)
        if self.refresh:
            actor = f"client:{client.row.id}"
            await revoke_grant(session, self.refresh[1], actor=actor, reason="given_up")

    async def state(self) -> dict[str, Any]:
        """RFC 7662, 2.2."""
        if self.access:
            return await self._state_of_access(self.access)
        assert self.refresh
        row, grant = self.refresh
        if row.used_at or grant.revoked_at or row.expires_at <= now(self._context.session):
            return {"active": False}
        return self._common(grant.client_id, grant.user_id, grant.scopes, row.expires_at)

    async def _state_of_access(self, token: AccessToken) -> dict[str, Any]:
        if not await still_holds(self._context.session, token):
            return {"active": False}
        state = self._common(token.client_id, token.user_id, sorted(token.scopes), token.expires_at)
        return state | {
            "token_type": "Bearer",
            "aud": audience(self._context.issuer, token.role),
            "jti": token.id,
            "organisation_id": str(token.organisation_id),
        }

    def _common(
        self, client_id: object, user_id: object, scopes: list[str], expires_at: Any
    ) -> dict[str, Any]:
        return {
            "active": True,
            "client_id": str(client_id),
            "sub": str(user_id or client_id),
            "scope": " ".join(scopes),
            "exp": int(expires_at.timestamp()),
            "iss": self._context.issuer,
        }


def _check(request: OAuth2Request) -> None:
    """RFC 7009, 2.2: a hint of a wrong kind is ignored."""
    if not request.form.get("token"):
        raise InvalidRequestError("Missing 'token' in request.")


def _find(context: Context, token: str) -> OneToken | None:
    if token.startswith(REFRESH_PREFIX):
        refresh = wait(find_refresh_token(context.session, token))
        return OneToken(context, access=None, refresh=refresh) if refresh else None
    access = wait(context.read(token))
    return OneToken(context, access=access, refresh=None) if access else None


class Revocation(RevocationEndpoint):
    CLIENT_AUTH_METHODS = EVERY_CLIENT

    def check_params(self, request: OAuth2Request, client: Registered) -> None:
        _check(request)

    def query_token(self, token_string: str, token_type_hint: str | None) -> OneToken | None:
        return _find(self.server.context, token_string)

    def revoke_token(self, token: OneToken, request: OAuth2Request) -> None:
        wait(token.give_up(request.client))


class Introspection(IntrospectionEndpoint):
    CLIENT_AUTH_METHODS = CONFIDENTIAL

    def check_params(self, request: OAuth2Request, client: Registered) -> None:
        _check(request)

    def query_token(self, token_string: str, token_type_hint: str | None) -> OneToken | None:
        return _find(self.server.context, token_string)

    def check_permission(self, token: OneToken, client: Registered, request: object) -> bool:
        """Of another client's token nothing is told, not even that there is one."""
        return token.check_client(client)

    def create_introspection_payload(self, token: OneToken | None) -> dict[str, Any]:
        return wait(token.state()) if token else {"active": False}
