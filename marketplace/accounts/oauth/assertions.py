"""`private_key_jwt` (RFC 7523): a client proves itself by a signed statement that works once."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from authlib.oauth2.rfc6749 import InvalidClientError
from authlib.oauth2.rfc7523 import JWTBearerClientAssertion
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, import_key
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from marketplace.accounts.clients.models import Authentication
from marketplace.accounts.oauth.context import Context, wait
from marketplace.accounts.oauth.models import UsedAssertion
from marketplace.accounts.oauth.registered import Registered
from marketplace.kernel.db import now

ALGORITHMS: Final = ("ES256", "PS256", "RS256", "Ed25519")
"""None that takes a shared secret: a public key must never pass for one."""
LIFETIME_MAX: Final = timedelta(hours=1)
"""As libraries make them; one that lives longer is refused, as it is remembered for as long."""
NEVER: Final = datetime(9000, 1, 1, tzinfo=UTC)
CLOCK_SKEW: Final = timedelta(seconds=60)
JTI_LENGTH_MAX: Final = 255
LENGTH_MAX: Final = 8192


class PrivateKeyJwt(JWTBearerClientAssertion):
    """Authlib finds the client and its keys; the claims are held to our clock and our limits."""

    CLIENT_AUTH_METHOD = str(Authentication.PRIVATE_KEY)

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context

    def extract_assertion(self, assertion: str) -> Any:
        if len(assertion) > LENGTH_MAX:
            raise InvalidClientError(description="The assertion is too long.")
        try:
            return super().extract_assertion(assertion)
        except (ValueError, TypeError, AttributeError, RecursionError) as error:
            raise InvalidClientError(description="The assertion is no JWT.") from error

    def resolve_client_public_key(self, client: Registered) -> KeySet:
        if client.row.jwks is None:
            raise InvalidClientError(description="The client has no keys.")
        return KeySet([import_key(key) for key in client.row.jwks["keys"]])

    def process_assertion_claims(self, assertion: str, resolve_key: KeySet) -> dict[str, Any]:
        try:
            claims = jwt.decode(assertion, resolve_key, algorithms=ALGORITHMS).claims
        except (JoseError, ValueError, TypeError, KeyError, RecursionError) as error:
            raise InvalidClientError(description="The assertion's signature is wrong.") from error
        self.verify_claims(claims)
        return claims

    def verify_claims(self, claims: dict[str, Any]) -> None:
        """RFC 7523, 3: who, for whom, until when, and only once."""
        if claims.get("iss") != claims["sub"]:
            raise InvalidClientError(description="The assertion's iss is not its sub.")
        if not _is_for(claims.get("aud"), self.get_audiences()):
            raise InvalidClientError(description="The assertion is for somebody else.")
        expires_at = self._checked_times(claims)
        jti = claims.get("jti")
        if not isinstance(jti, str) or not 0 < len(jti) <= JTI_LENGTH_MAX:
            raise InvalidClientError(description="The assertion needs a jti of its own.")
        jti_hash = hashlib.sha256(jti.encode("utf-8", "surrogatepass")).digest()
        if not wait(self._first_use(claims["sub"], jti_hash, expires_at)):
            raise InvalidClientError(description="The assertion was used before.")

    def get_audiences(self) -> list[str]:
        return [self._context.issuer, f"{self._context.issuer}/oauth/token"]

    def _checked_times(self, claims: dict[str, Any]) -> datetime:
        """When the assertion expires, if it is good now and not for long."""
        at = now(self._context.session)
        expires_at, starts_at = (_moment(claims.get(name)) for name in ("exp", "nbf"))
        issued_at = _moment(claims.get("iat"))
        if expires_at is None or expires_at + CLOCK_SKEW <= at:
            raise InvalidClientError(description="The assertion has expired, or never does.")
        if expires_at > at + LIFETIME_MAX + CLOCK_SKEW:
            raise InvalidClientError(description="The assertion lives longer than an hour.")
        if any(moment and moment > at + CLOCK_SKEW for moment in (starts_at, issued_at)):
            raise InvalidClientError(description="The assertion is from the future.")
        return expires_at + CLOCK_SKEW

    async def _first_use(self, client_id: str, jti_hash: bytes, until: datetime) -> bool:
        row = insert(UsedAssertion).values(client_id=client_id, jti_hash=jti_hash, expires_at=until)
        first = row.on_conflict_do_nothing().returning(col(UsedAssertion.client_id))
        return (await self._context.session.execute(first)).first() is not None


def _is_for(audience: Any, allowed: list[str]) -> bool:
    """One audience alone: an assertion for several could be carried from one to the next."""
    (only,) = audience if isinstance(audience, list) and len(audience) == 1 else (audience,)
    return isinstance(only, str) and only in allowed


def _moment(seconds: Any) -> datetime | None:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return NEVER
