"""What settings of a client go together, and where a browser may be sent back to."""

import re
from collections.abc import Set as AbstractSet
from typing import Final
from urllib.parse import urlsplit

from marketplace.accounts.clients.errors import InconsistentClientError, ScopeNotAllowedError
from marketplace.accounts.clients.models import Authentication, Client, Grant
from marketplace.accounts.permissions import (
    KIND_PERMISSIONS,
    NEVER_ALONE,
    OpenIdScope,
    Permission,
    Scope,
)
from marketplace.settings import is_loopback

URI_LENGTH_MAX: Final = 500
LOOPBACK: Final = frozenset({"127.0.0.1", "[::1]"})
"""RFC 8252, 7.3: a program on the person's own machine takes any free port of these addresses."""
PRIVATE_SCHEME: Final = re.compile(r"[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+")
"""RFC 8252, 7.1: a domain of the program's author, backwards; never `javascript` or `data`."""
_SPELLING: Final = re.compile(r"[!#$&'()*+,./0-9:;=?@A-Z\[\]_a-z~%-]+")
_AUTHORITY: Final = re.compile(r"([A-Za-z0-9.-]+|\[::1\])(:[0-9]{1,5})?")
_PORT: Final = re.compile(r":[0-9]+$")


def check_redirect_uri(uri: str) -> str:
    """Refuse an address that a code must not be sent to, or whose spelling leaves room for tricks.

    Raises:
        ValueError: says what to write instead.
    """
    if len(uri) > URI_LENGTH_MAX or not _SPELLING.fullmatch(uri):
        raise ValueError(f"write an absolute address of at most {URI_LENGTH_MAX} ASCII characters")
    parts = urlsplit(uri)
    if "#" in uri:
        raise ValueError("an address to come back to has no fragment")
    host = _AUTHORITY.fullmatch(parts.netloc)
    if host and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host[1]))):
        return uri
    if PRIVATE_SCHEME.fullmatch(parts.scheme) and not parts.netloc:
        return uri
    raise ValueError("write https://…, http://127.0.0.1/…, or com.example.app:/…")


def is_registered(client: Client, uri: str) -> bool:
    """Letter by letter; only the port of a public client's loopback address may differ."""
    if uri in client.redirect_uris:
        return True
    portless = _loopback_without_port(uri) if client.is_public else None
    return portless is not None and portless in map(_loopback_without_port, client.redirect_uris)


def _loopback_without_port(uri: str) -> str | None:
    scheme, _, rest = uri.partition("://")
    authority, slash, path = rest.partition("/")
    host = _PORT.sub("", authority)
    return f"{host}{slash}{path}" if scheme == "http" and host in LOOPBACK else None


def check_client(client: Client, organisation_kind: str) -> None:
    """Refuse settings that contradict each other, or that are more than the kind may have.

    Raises:
        InconsistentClientError: says which settings.
        ScopeNotAllowedError: names the scopes.
    """
    by_code = Grant.AUTHORIZATION_CODE in client.grant_types
    if client.is_public and client.grant_types != [Grant.AUTHORIZATION_CODE]:
        raise InconsistentClientError(
            "a client without a secret works with authorization_code alone"
        )
    if by_code != bool(client.redirect_uris):
        raise InconsistentClientError("authorization_code and redirect_uris come together")
    if not client.is_public and any(_is_private(uri) for uri in client.redirect_uris):
        raise InconsistentClientError("a program with an address of its own keeps no secret: none")
    if (client.authentication is Authentication.PRIVATE_KEY) != (client.jwks is not None):
        raise InconsistentClientError("private_key_jwt and jwks come together")
    _check_scopes(frozenset(client.scopes), organisation_kind, by_code=by_code)


def _check_scopes(scopes: AbstractSet[str], organisation_kind: str, *, by_code: bool) -> None:
    permitted: AbstractSet[Scope] = KIND_PERMISSIONS[organisation_kind]
    permitted = permitted | frozenset(OpenIdScope) if by_code else permitted - NEVER_ALONE
    if excess := sorted(scopes - permitted):
        which = "" if by_code else " that works alone"
        raise ScopeNotAllowedError(f"a {organisation_kind}'s client{which}: {', '.join(excess)}")


def _is_private(uri: str) -> bool:
    return not uri.startswith(("https://", "http://"))


def permissions_alone(client: Client) -> list[str]:
    """What a client may do without a person."""
    able = frozenset(Permission) - NEVER_ALONE
    return [scope for scope in client.scopes if scope in able]
