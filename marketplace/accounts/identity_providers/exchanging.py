"""The way to a provider and back: an authorization request, and a code for claims about a person.

Authlib makes the requests and judges the ID token; what it is told to insist on stands here.
"""

import hashlib
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote_plus

import httpx2
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.oauth2.client import OAuth2Client
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import ECKey, KeySet
from joserfc.jwt import Token

from marketplace.accounts.identity_providers.errors import (
    ProviderRefusedError,
    WrongAnswerError,
)
from marketplace.accounts.identity_providers.metadata import Directory, Metadata, unusable
from marketplace.accounts.identity_providers.models import IdentityProvider, ProviderAuthentication
from marketplace.accounts.signing_keys.service import ALGORITHM
from marketplace.kernel.outbound import fetch_object, whole_time

CLOCK_SKEW_SECONDS: Final = 60
ANEW_SECONDS: Final = 60
"""How long ago a provider may have made sure of somebody whom it was asked to make sure of anew."""
TOKEN_LENGTH_MAX: Final = 32 * 1024
ERROR_LENGTH_MAX: Final = 60
UNREADABLE: Final = (ValueError, RecursionError)
"""What libraries raise of JSON that is none, or is nested without end."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """What ties an answer to the browser that asked: made of a secret that it alone has."""

    state: str
    nonce: str
    code_verifier: str

    @classmethod
    def of(cls, state: str, browser: str) -> "Secrets":
        def derived(purpose: str) -> str:
            whole = hashlib.sha256(f"{purpose}\0{state}\0{browser}".encode()).digest()
            return urlsafe_b64encode(whole).decode().rstrip("=")

        return cls(state, derived("nonce"), derived("code verifier"))


@dataclass(frozen=True, slots=True)
class Partner:
    """A provider, with all that it takes to talk to it."""

    provider: IdentityProvider
    redirect_uri: str
    directory: Directory
    credential: str | ECKey = ""
    """What we prove ourselves with: the client secret, or our own key."""

    def request_url(
        self, metadata: Metadata, secrets: Secrets, *, login_hint: str, is_anew: bool
    ) -> str:
        """Where a browser is sent to sign in; `is_anew` even if the provider knows it already."""
        anew = {"prompt": "login", "max_age": "0"} if is_anew else {}
        hint = {"login_hint": login_hint} if login_hint else {}
        asking = OAuth2Client(
            session=None,
            client_id=self.provider.client_id,
            redirect_uri=self.redirect_uri,
            scope=" ".join(self.provider.scopes),
            code_challenge_method="S256",
        )
        url, _ = asking.create_authorization_url(
            metadata.authorization_endpoint,
            state=secrets.state,
            code_verifier=secrets.code_verifier,
            nonce=secrets.nonce,
            **anew,
            **hint,
        )
        return str(url)

    async def redeem(
        self, answer: Mapping[str, str], secrets: Secrets, *, is_anew: bool, at: datetime
    ) -> dict[str, Any]:
        """Exchange a provider's answer for verified claims about a person.

        Raises:
            ProviderUnusableError: it does not answer.
            ProviderRefusedError: it says that the person, or the code, is not let in.
            WrongAnswerError: the answer is another's, or the ID token does not hold.
        """
        metadata = await self.directory.metadata(self.provider.issuer)
        code = read_answer(answer, metadata)
        token = await self._fetch_token(metadata, code, secrets.code_verifier)
        claims = await self._verified(metadata, token, secrets.nonce, at)
        if is_anew:
            _require_recent(claims, at)
        if "email" not in claims and metadata.userinfo_endpoint:
            claims |= await self._userinfo(metadata.userinfo_endpoint, token, claims["sub"])
        return claims

    def _client(self, metadata: Metadata) -> AsyncOAuth2Client:
        method: Any = str(self.provider.authentication)
        if self.provider.authentication is ProviderAuthentication.SECRET_BASIC:
            method = _in_header
        if isinstance(self.credential, ECKey):
            named = {"kid": self.credential.kid}
            method = PrivateKeyJWT(metadata.token_endpoint, headers=named, alg=ALGORITHM)
        return AsyncOAuth2Client(
            self.provider.client_id,
            self.credential,
            token_endpoint_auth_method=method,
            redirect_uri=self.redirect_uri,
            **self.directory.client_options(),
        )

    async def _fetch_token(
        self, metadata: Metadata, code: str, code_verifier: str
    ) -> Mapping[str, Any]:
        try:
            async with whole_time(), self._client(metadata) as client:
                token: Mapping[str, Any] = await client.fetch_token(
                    metadata.token_endpoint,
                    grant_type="authorization_code",
                    code=code,
                    code_verifier=code_verifier,
                )
        except AuthlibBaseError as error:
            refused = _readable(str(error.error))
            raise ProviderRefusedError(f"at the token endpoint: {refused}") from error
        except (httpx2.HTTPError, httpx2.InvalidURL, *UNREADABLE) as error:
            raise unusable(error) from error
        return token

    async def _verified(
        self, metadata: Metadata, token: Mapping[str, Any], nonce: str, at: datetime
    ) -> dict[str, Any]:
        """OpenID Connect Core, 3.1.3.7."""
        id_token = token.get("id_token")
        if not isinstance(id_token, str) or len(id_token) > TOKEN_LENGTH_MAX:
            raise WrongAnswerError("there is no ID token")
        try:
            decoded = await self._decoded(metadata, id_token)
            claims = self._claims(metadata, decoded, token, nonce)
            claims.validate(now=int(at.timestamp()), leeway=CLOCK_SKEW_SECONDS)
        except (JoseError, TypeError, KeyError, AttributeError, *UNREADABLE) as error:
            # `error` of such a refusal names the rule or the claim; no value of the token is in it.
            reason = getattr(error, "error", "") or type(error).__name__
            claim = getattr(error, "claim", "")
            raise WrongAnswerError(f"the ID token: {reason} {claim}".rstrip()) from error
        return dict(claims)

    async def _decoded(self, metadata: Metadata, id_token: str) -> Token:
        """The token, signed by a key of the provider; a key that is new is looked for once."""
        keys = await self.directory.keys(metadata.issuer)
        try:
            return _decode(id_token, keys, metadata)
        except InvalidKeyIdError:
            return _decode(
                id_token, await self.directory.keys(metadata.issuer, anew=True), metadata
            )

    def _claims(
        self, metadata: Metadata, decoded: Token, token: Mapping[str, Any], nonce: str
    ) -> CodeIDToken:
        audience = self.provider.client_id
        options = {
            "iss": {"essential": True, "value": metadata.issuer},
            "aud": {"essential": True, "value": audience},
        }
        access_token = token.get("access_token")
        about = {"nonce": nonce, "client_id": audience, "access_token": access_token}
        return CodeIDToken(decoded.claims, decoded.header, options, about)

    async def _userinfo(
        self, endpoint: str, token: Mapping[str, Any], subject: str
    ) -> dict[str, Any]:
        """What else is told of the person; of nobody else (OpenID Connect Core, 5.3.2)."""
        bearer = {"authorization": f"Bearer {token.get('access_token')}"}
        try:
            async with httpx2.AsyncClient(**self.directory.client_options()) as client:
                told = await fetch_object(client, endpoint, headers=bearer)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise unusable(error) from error
        if told.get("sub") != subject:
            raise WrongAnswerError("the userinfo is about somebody else")
        return {name: told[name] for name in ("email", "email_verified", "name") if name in told}


def read_answer(answer: Mapping[str, str], metadata: Metadata) -> str:
    """The code of an answer that is this provider's own (RFC 9207).

    Raises:
        WrongAnswerError: it is another's, or there is no code in it.
        ProviderRefusedError: it says why the person is not let in.
    """
    if (metadata.names_itself or "iss" in answer) and answer.get("iss") != metadata.issuer:
        raise WrongAnswerError("the answer is not from this provider")
    if "error" in answer:
        raise ProviderRefusedError(_readable(answer["error"]))
    if not answer.get("code"):
        raise WrongAnswerError("there is no code")
    return answer["code"]


def _in_header(
    client: Any, _method: str, uri: str, headers: dict[str, str], body: str
) -> tuple[str, dict[str, str], str]:
    """RFC 6749, 2.3.1: each half is form-encoded, which Authlib leaves out."""
    pair = f"{quote_plus(client.client_id)}:{quote_plus(client.client_secret)}"
    headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
    return uri, headers, body


def _decode(id_token: str, keys: KeySet, metadata: Metadata) -> Token:
    return jwt.decode(id_token, keys, algorithms=list(metadata.algorithms))


def _require_recent(claims: Mapping[str, Any], at: datetime) -> None:
    """Whoever was asked to make sure of the person anew, has to say that they did."""
    proved_at = claims.get("auth_time")
    if not proved_at or proved_at < at.timestamp() - ANEW_SECONDS - CLOCK_SKEW_SECONDS:
        raise WrongAnswerError("the provider did not make sure of the person anew")


def _readable(error: str) -> str:
    """An error's code, which may be logged; whatever else stands in its place is not."""
    is_code = (
        error.isascii() and error.replace("_", "").isalnum() and len(error) <= ERROR_LENGTH_MAX
    )
    return error if is_code else "an unreadable error"
