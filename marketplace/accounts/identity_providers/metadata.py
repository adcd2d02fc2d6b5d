"""What a provider says of itself (OpenID Connect Discovery), and the keys that it signs with."""

import time
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

import httpx2
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, import_key

from marketplace.accounts.identity_providers.errors import ProviderUnusableError
from marketplace.kernel.outbound import fetch_object, outbound_options

ALGORITHMS: Final = (
    "ES256",
    "ES384",
    "ES512",
    "Ed25519",
    "PS256",
    "PS384",
    "PS512",
    "RS256",
    "RS384",
    "RS512",
)
"""None that takes a shared secret, and none that signs nothing."""
KINDS_OF_KEYS: Final = frozenset({"EC", "OKP", "RSA"})
KEYS_MAX: Final = 50
KEPT_SECONDS: Final = 600.0
RENEWED_SECONDS: Final = 30.0
"""So often at most are keys fetched again because a token names one that is not known."""
URL_LENGTH_MAX: Final = 2_000
WELL_KNOWN: Final = "/.well-known/openid-configuration"


@dataclass(frozen=True, slots=True)
class Metadata:
    """What is needed of a discovery document, after it was looked at."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    userinfo_endpoint: str | None
    jwks_uri: str
    algorithms: tuple[str, ...]
    names_itself: bool


@dataclass(slots=True)
class _Known:
    metadata: Metadata
    until: float
    keys: KeySet | None = None
    keys_at: float = float("-inf")


@dataclass(slots=True)
class Directory:
    """The providers as they described themselves in the last minutes, in this process's memory."""

    loopback: bool = False
    _known: dict[str, _Known] = field(default_factory=dict)

    async def metadata(self, issuer: str, *, anew: bool = False) -> Metadata:
        """What an issuer says of itself.

        Raises:
            ProviderUnusableError: it cannot be reached, or says what it should not.
        """
        return (await self._look_up(issuer, anew=anew)).metadata

    async def keys(self, issuer: str, *, anew: bool = False) -> KeySet:
        """The keys that an issuer signs with; `anew` when a token names one that is not here.

        Raises:
            ProviderUnusableError: they cannot be had, or there is none to verify with.
        """
        known = await self._look_up(issuer, anew=False)
        age = time.monotonic() - known.keys_at
        if known.keys is None or age > (RENEWED_SECONDS if anew else KEPT_SECONDS):
            known.keys = read_keys(await self._fetch(known.metadata.jwks_uri))
            known.keys_at = time.monotonic()
        return known.keys

    def client_options(self) -> dict[str, Any]:
        """How a client has to be made to ask a provider."""
        return outbound_options(loopback=self.loopback)

    async def _look_up(self, issuer: str, *, anew: bool) -> _Known:
        known = self._known.get(issuer)
        if known is None or anew or known.until < time.monotonic():
            found = await self._fetch(issuer.rstrip("/") + WELL_KNOWN)
            until = time.monotonic() + KEPT_SECONDS
            known = self._known[issuer] = _Known(read_metadata(found, issuer), until)
        return known

    async def _fetch(self, url: str) -> dict[str, Any]:
        try:
            async with httpx2.AsyncClient(**self.client_options()) as client:
                return await fetch_object(client, url)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise unusable(error) from error


def unusable(error: Exception) -> ProviderUnusableError:
    """What an operator reads of a failure to talk: what kind it was, and never what was sent."""
    return ProviderUnusableError(str(error) or type(error).__name__)


def read_metadata(found: dict[str, Any], issuer: str) -> Metadata:
    """Look at a discovery document.

    Raises:
        ProviderUnusableError: it is another issuer's, or something is missing.
    """
    if found.get("issuer") != issuer:
        raise ProviderUnusableError("its discovery document names another issuer")
    if "code" not in _texts(found, "response_types_supported"):
        raise ProviderUnusableError("it does not offer response_type=code")
    signs_with = _texts(found, "id_token_signing_alg_values_supported") or ["RS256"]
    algorithms = tuple(name for name in ALGORITHMS if name in signs_with)
    if not algorithms:
        raise ProviderUnusableError("it signs with no algorithm that we take")
    return Metadata(
        issuer,
        _endpoint(found, "authorization_endpoint", issuer),
        _endpoint(found, "token_endpoint", issuer),
        _endpoint(found, "userinfo_endpoint", issuer) if "userinfo_endpoint" in found else None,
        _endpoint(found, "jwks_uri", issuer),
        algorithms,
        found.get("authorization_response_iss_parameter_supported") is True,
    )


def read_keys(found: dict[str, Any]) -> KeySet:
    """The public keys of a document, but for those that we do not know how to use.

    Raises:
        ProviderUnusableError: there is none.
    """
    offered = found.get("keys")
    keys = [_key(one) for one in offered[:KEYS_MAX]] if isinstance(offered, list) else []
    usable = [key for key in keys if key is not None]
    if not usable:
        raise ProviderUnusableError("it has no keys that we can verify with")
    return KeySet(usable)


def _key(found: Any) -> Any:
    """One key to verify with; a shared secret in a public place is none."""
    if not isinstance(found, dict) or found.get("kty") not in KINDS_OF_KEYS:
        return None
    if found.get("use", "sig") != "sig":
        return None
    try:
        return import_key(found)
    except (JoseError, ValueError, TypeError, KeyError):
        return None


def _texts(found: dict[str, Any], name: str) -> list[str]:
    value = found.get(name)
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _endpoint(found: dict[str, Any], name: str, issuer: str) -> str:
    """An address of the provider's, encrypted as its issuer is."""
    url = found.get(name)
    if not isinstance(url, str) or len(url) > URL_LENGTH_MAX or not url.isprintable():
        raise ProviderUnusableError(f"its discovery document has no {name}")
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise ProviderUnusableError(f"its {name} is no address") from error
    schemes = {"https", urlsplit(issuer).scheme}
    if parts.scheme not in schemes or not parts.hostname or parts.fragment or parts.username:
        raise ProviderUnusableError(f"its {name} is no https address")
    return url
