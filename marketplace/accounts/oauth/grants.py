"""The three ways to a token, each an Authlib grant with our storage and stricter rules."""

import re
from typing import Any, Final
from uuid import UUID

from authlib.oauth2.rfc6749 import (
    InvalidGrantError,
    InvalidRequestError,
    InvalidScopeError,
    OAuth2Error,
    OAuth2Request,
)
from authlib.oauth2.rfc6749 import grants as authlib
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core.grants.code import OpenIDToken

from marketplace.accounts.authentication import new_secret
from marketplace.accounts.clients.models import Authentication
from marketplace.accounts.clients.rules import permissions_alone
from marketplace.accounts.oauth import service
from marketplace.accounts.oauth.context import Context, wait
from marketplace.accounts.oauth.models import OAuthGrant, RefreshToken
from marketplace.accounts.oauth.registered import Registered
from marketplace.accounts.oauth.service import Consent, Holder
from marketplace.accounts.suspensions.queries import open_suspension

CONFIDENTIAL: Final = (str(Authentication.SECRET), str(Authentication.PRIVATE_KEY))
EVERY_CLIENT: Final = (*CONFIDENTIAL, str(Authentication.NONE))
NONCE_LENGTH_MAX: Final = 500
CHALLENGE_LENGTH: Final = 43
"""SHA-256 in base64url."""

PROMPTS: Final = frozenset({"none", "login", "consent", "select_account"})
SECONDS: Final = re.compile(r"[0-9]{1,9}")


class CodeGrant(authlib.AuthorizationCodeGrant):
    """RFC 6749, 4.1: a person allows it on our page, the client redeems a code."""

    TOKEN_ENDPOINT_AUTH_METHODS = EVERY_CLIENT

    @staticmethod
    def validate_authorization_redirect_uri(request: OAuth2Request, client: Registered) -> str:
        """Only to a registered address: until it is known to be one, nothing is sent there."""
        uri: str | None = request.payload.redirect_uri
        if not uri or not client.check_redirect_uri(uri):
            raise InvalidRequestError("The redirect_uri is not one that the client registered.")
        return uri

    def generate_authorization_code(self) -> str:
        return new_secret(service.CODE_PREFIX)

    def save_authorization_code(self, code: str, request: OAuth2Request) -> None:
        asked, consent = request.payload.data, request.user
        assert isinstance(consent, Consent)
        wait(
            service.allow(
                self.server.context.session,
                consent,
                client_id=request.client.row.id,
                code=code,
                scopes=request.scope.split(),
                redirect_uri=asked["redirect_uri"],
                code_challenge=asked["code_challenge"],
                nonce=asked.get("nonce"),
            )
        )

    def query_authorization_code(self, code: str, client: Registered) -> OAuthGrant:
        return wait(service.redeemable(self.server.context.session, code, client.row.id))

    def authenticate_user(self, authorization_code: OAuthGrant) -> Holder:
        return _holder(self.server.context, authorization_code)

    def generate_token(self, user: Holder, **_: Any) -> dict[str, Any]:
        grant: OAuthGrant = self.request.authorization_code
        context: Context = self.server.context
        wait(service.redeem(context.session, grant))
        return wait(context.issue_for(self.client, grant, user, set(grant.scopes)))

    def delete_authorization_code(self, authorization_code: OAuthGrant) -> None:
        """It is kept as used, so that its return is recognised."""


class RefreshGrant(authlib.RefreshTokenGrant):
    """RFC 6749, 6: each refresh token is exchanged once for the next."""

    TOKEN_ENDPOINT_AUTH_METHODS = EVERY_CLIENT
    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, refresh_token: str) -> "Refreshable":
        session, client_id = self.server.context.session, self.client.row.id
        return Refreshable(*wait(service.refreshable(session, refresh_token, client_id)))

    def authenticate_user(self, refresh_token: "Refreshable") -> Holder:
        return _holder(self.server.context, refresh_token.grant)

    def generate_token(self, user: Holder, scope: str, **_: Any) -> dict[str, Any]:
        grant: OAuthGrant = self.request.refresh_token.grant
        context: Context = self.server.context
        return wait(context.issue_for(self.client, grant, user, set(scope.split())))

    def revoke_old_credential(self, refresh_token: "Refreshable") -> None:
        wait(service.use_up(self.server.context.session, refresh_token.row))


class Refreshable:
    """A refresh token with the grant that it belongs to, as Authlib asks about it."""

    def __init__(self, row: RefreshToken, grant: OAuthGrant) -> None:
        self.row = row
        self.grant = grant

    def check_client(self, client: Registered) -> bool:
        return self.grant.client_id == client.row.id

    def get_scope(self) -> str:
        return self.grant.get_scope()


class MachineGrant(authlib.ClientCredentialsGrant):
    """RFC 6749, 4.4: the client acts alone, as its organisation."""

    TOKEN_ENDPOINT_AUTH_METHODS = CONFIDENTIAL

    def validate_requested_scope(self) -> None:
        able = permissions_alone(self.client.row)
        self.scopes = set((self.request.payload.scope or "").split()) or set(able)
        if not self.scopes or not self.scopes <= set(able):
            raise InvalidScopeError

    def generate_token(self, **_: Any) -> dict[str, Any]:
        context: Context = self.server.context
        _refuse_suspended(context, self.client.row.organisation_id)
        return wait(context.issue(self.client, self.scopes))


class ForcedPkce(CodeChallenge):
    """RFC 7636 for every client, and with S256 alone: Authlib lets some off, and allows `plain`."""

    SUPPORTED_CODE_CHALLENGE_METHOD = ("S256",)

    def validate_code_challenge(self, grant: CodeGrant, redirect_uri: str) -> None:
        asked = grant.request.payload.data
        if asked.get("code_challenge_method") != "S256" or not asked.get("code_challenge"):
            raise InvalidRequestError("PKCE is needed: a code_challenge of method S256.")
        if len(asked["code_challenge"]) != CHALLENGE_LENGTH:
            raise InvalidRequestError("The code_challenge is not one of method S256.")
        if len(asked.get("nonce", "")) > NONCE_LENGTH_MAX:
            raise InvalidRequestError(f"A nonce has at most {NONCE_LENGTH_MAX} characters.")
        super().validate_code_challenge(grant, redirect_uri)


class PlainRequests:
    """OpenID Connect Core, 3.1.2.1 and 6: what an authorization request may ask of the page."""

    def __call__(self, grant: CodeGrant) -> None:
        grant.register_hook("after_validate_authorization_request_payload", self._check)

    @staticmethod
    def _check(grant: CodeGrant, redirect_uri: str) -> None:
        asked = grant.request.payload.data
        for name in ("request", "request_uri"):
            if name in asked:
                raise OAuth2Error(error=f"{name}_not_supported")
        if asked.get("response_mode", "query") != "query":
            raise InvalidRequestError("The only response_mode is query.")
        prompts = asked.get("prompt", "").split()
        if not PROMPTS.issuperset(prompts) or ("none" in prompts and len(prompts) > 1):
            raise InvalidRequestError("The prompt is not one that is known, or contradicts itself.")
        if not SECONDS.fullmatch(asked.get("max_age", "0")):
            raise InvalidRequestError("The max_age is not a number of seconds.")


class IdToken(OpenIDToken):
    """OpenID Connect: beside the access token, who signed in. A refreshed one has no nonce."""

    def encode_id_token(self, token: dict[str, Any], request: OAuth2Request) -> str:
        code: OAuthGrant | None = request.authorization_code
        grant = code or request.refresh_token.grant
        context: Context = request.context
        nonce = code.nonce if code else None
        return wait(context.id_token(token["access_token"], grant, nonce=nonce))


def _holder(context: Context, grant: OAuthGrant) -> Holder:
    """The person of a grant, who must still be a member."""
    found = wait(service.holder(context.session, grant))
    if found is None:
        raise InvalidGrantError("The person is no longer a member of the organisation.")
    _refuse_suspended(context, grant.organisation_id)
    return found


def _refuse_suspended(context: Context, organisation_id: UUID) -> None:
    """Nobody acts for a suspended organisation, so no token for it is issued."""
    if wait(open_suspension(context.session, organisation_id)):
        raise InvalidGrantError("The organisation is suspended.")
