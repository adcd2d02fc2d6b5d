"""Access tokens (RFC 9068) and ID tokens (OpenID): what they say, how they are written and read."""

import base64
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from marketplace.accounts.actors import Actor
from marketplace.accounts.authentication import new_secret
from marketplace.accounts.permissions import ROLE_PERMISSIONS, MemberRole, Permission
from marketplace.accounts.signing_keys.service import ALGORITHM, TOKEN_LIFETIME, subject

PREFIX: Final = "eyJ"
"""How every JSON Web Token begins: `{"` in base64."""
TYPE: Final = "at+jwt"
LENGTH_MAX: Final = 4096

KeyOf = Callable[[UUID], Awaitable[ECKey | None]]


@dataclass(frozen=True, slots=True)
class AccessToken:
    """Who may do what until when. Without a person it is the client's own, and acts alone."""

    id: str
    key_id: UUID
    client_id: UUID
    organisation_id: UUID
    scopes: frozenset[str]
    expires_at: datetime
    user_id: UUID | None = None
    role: MemberRole | None = None
    grant_id: UUID | None = None
    is_verified: bool = True
    """Whether the person has confirmed their e-mail address."""

    @property
    def subject(self) -> str:
        """What a revocation of this token alone is called."""
        return f"token:{self.id}"

    @property
    def depends_on(self) -> frozenset[str]:
        person = {
            f"user:{self.user_id}",
            f"membership:{self.organisation_id}:{self.user_id}",
            f"token family:{self.grant_id}",
        }
        client = {
            self.subject,
            subject(self.key_id),
            f"client:{self.client_id}",
            f"organisation:{self.organisation_id}",
        }
        return frozenset(client | person if self.user_id else client)

    def actor(self) -> Actor:
        """The role's permissions, or for a client alone all, as far as the scopes go."""
        able = ROLE_PERMISSIONS[self.role] if self.role else frozenset(Permission)
        permissions = frozenset(permission for permission in able if permission in self.scopes)
        return Actor(
            self.organisation_id,
            permissions,
            self.user_id,
            self.role,
            self.client_id,
            is_verified=self.is_verified,
        )


def audience(issuer: str, role: MemberRole | None) -> str:
    """Who a token is for: partners' systems, operators, and everyone else apart."""
    if role is None:
        return f"{issuer}/partner"
    return f"{issuer}/operator" if role is MemberRole.OPERATOR else f"{issuer}/member"


def new_token_id() -> str:
    return new_secret("")


def write(key: ECKey, issuer: str, token: AccessToken, at: datetime) -> str:
    """Sign an access token."""
    claims = {
        "iss": issuer,
        "aud": audience(issuer, token.role),
        "sub": str(token.user_id or token.client_id),
        "client_id": str(token.client_id),
        "organisation_id": str(token.organisation_id),
        "scope": " ".join(sorted(token.scopes)),
        "jti": token.id,
        "iat": int(at.timestamp()),
        "exp": int(token.expires_at.timestamp()),
    }
    if token.role:
        claims |= {"role": token.role, "family": str(token.grant_id)}
        claims |= {"email_verified": token.is_verified}
    return _sign(key, TYPE, claims)


UNREADABLE: Final = (
    JoseError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    OverflowError,
    RecursionError,
)
"""What reading somebody else's bytes as a token can raise."""


async def read(credential: str, issuer: str, key_of: KeyOf, at: datetime) -> AccessToken | None:
    """An access token of ours that has not expired; None for anything else.

    Only the algorithm of our own keys is tried, whatever the token's header asks for.
    """
    if len(credential) > LENGTH_MAX:
        return None
    try:
        header = jws.extract_compact(credential.encode()).headers()
        if header.get("typ") != TYPE or header["alg"] != ALGORITHM:
            return None
        key_id = UUID(header["kid"])
        key = await key_of(key_id)
        if key is None:
            return None
        claims = jwt.decode(credential, key, algorithms=[ALGORITHM]).claims
        token = _told(claims, key_id)
    except UNREADABLE:
        return None
    good = (claims.get("iss"), claims.get("aud")) == (issuer, audience(issuer, token.role))
    return token if good and at < token.expires_at else None


def _told(claims: Mapping[str, Any], key_id: UUID) -> AccessToken:
    person: dict[str, Any] = {}
    if "role" in claims:
        person = {
            "user_id": UUID(claims["sub"]),
            "role": MemberRole(claims["role"]),
            "grant_id": UUID(claims["family"]),
            "is_verified": claims["email_verified"] is True,
        }
    return AccessToken(
        id=claims["jti"],
        key_id=key_id,
        client_id=UUID(claims["client_id"]),
        organisation_id=UUID(claims["organisation_id"]),
        scopes=frozenset(claims["scope"].split()),
        expires_at=datetime.fromtimestamp(claims["exp"], UTC),
        **person,
    )


def write_id_token(
    key: ECKey,
    issuer: str,
    access_token: str,
    *,
    client_id: UUID,
    user_id: UUID,
    signed_in_at: datetime,
    nonce: str | None,
    at: datetime,
) -> str:
    """Sign what tells a client who signed in, when, and for which access token."""
    claims = {
        "iss": issuer,
        "aud": str(client_id),
        "sub": str(user_id),
        "iat": int(at.timestamp()),
        "exp": int((at + TOKEN_LIFETIME).timestamp()),
        "auth_time": int(signed_in_at.timestamp()),
        "at_hash": _half_hash(access_token),
    }
    return _sign(key, "JWT", claims | ({"nonce": nonce} if nonce else {}))


def _half_hash(access_token: str) -> str:
    """OpenID Connect Core, 3.1.3.6: the left half of the hash that the signature uses."""
    half = hashlib.sha256(access_token.encode()).digest()[:16]
    return base64.urlsafe_b64encode(half).rstrip(b"=").decode()


def _sign(key: ECKey, type_: str, claims: dict[str, Any]) -> str:
    header = {"alg": ALGORITHM, "typ": type_, "kid": key.kid}
    return jwt.encode(header, claims, key, algorithms=[ALGORITHM])
