"""Route dependencies: the actor of a request, and the permission that a route asks for."""

from typing import Annotated, Final

from fastapi import Depends, Request
from fastapi.dependencies.models import Dependant
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from marketplace.accounts.actors import Actor
from marketplace.accounts.authentication import Authenticator
from marketplace.accounts.errors import (
    EmailUnverifiedError,
    InvalidTokenError,
    OrganisationSuspendedError,
    PermissionMissingError,
)
from marketplace.accounts.permissions import GRANTABLE, Permission
from marketplace.kernel import idempotency
from marketplace.kernel.crypto import Keyring
from marketplace.kernel.errors import MarketplaceError
from marketplace.kernel.rate_limits import credential_is_good
from marketplace.kernel.routing import Session
from marketplace.settings import Settings

BEARER = HTTPBearer(
    auto_error=False,
    description="the `token` of POST /v1/sessions, the `key` of POST /v1/api-keys, or an access"
    " token of POST /oauth/token",
)
_TOKEN_URL: Final = "/oauth/token"  # noqa: S105 - an address
OAUTH2: Final = {
    "type": "oauth2",
    "description": "an access token, sent as a bearer token, that has the scope",
    "flows": {
        "authorizationCode": {
            "authorizationUrl": "/oauth/authorize",
            "tokenUrl": _TOKEN_URL,
            "refreshUrl": _TOKEN_URL,
            "scopes": GRANTABLE,
        },
        "clientCredentials": {"tokenUrl": _TOKEN_URL, "scopes": GRANTABLE},
    },
}
"""The security scheme in whose scopes the OpenAPI document says what each operation asks for."""
READING: Final = frozenset({"GET", "HEAD"})


async def current_actor(
    request: Request,
    session: Session,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(BEARER)],
) -> Actor:
    """Who sends the request; a POST with an Idempotency-Key claims it for this actor."""
    if credentials is None:
        raise InvalidTokenError
    authenticator: Authenticator = request.app.state.authenticator
    actor = await authenticator.actor(session, credentials.credentials)
    credential_is_good(request)
    if request.method == "POST":
        await idempotency.claim(session, request, f"{actor.organisation_id}:{actor.label}")
    return actor


async def _keyring(request: Request) -> Keyring:
    keyring: Keyring = request.app.state.keyring
    return keyring


CurrentActor = Annotated[Actor, Depends(current_actor)]
Keys = Annotated[Keyring, Depends(_keyring)]


class Allowed:
    """A dependency that lets only roles with one of these permissions in."""

    def __init__(self, *permissions: Permission, even_unverified: bool = False) -> None:
        self.permissions = permissions
        self.even_unverified = even_unverified

    async def __call__(self, request: Request, actor: CurrentActor) -> Actor:
        if not any(actor.may(permission) for permission in self.permissions):
            wanted = " or ".join(self.permissions)
            raise PermissionMissingError(f"it takes {wanted}; see GET /v1/sessions/current")
        is_free = self.even_unverified or request.method in READING
        if not is_free and not actor.is_verified:
            _refuse_unverified(request)
        return actor


Oneself = Annotated[Actor, Depends(Allowed(Permission.MANAGE_ACCOUNT, even_unverified=True))]
"""A person who signed in themselves, for what is theirs alone: no program acts for them there."""


Person = Annotated[Actor, Depends(Allowed(Permission.MANAGE_ACCOUNT))]
"""The same for what binds others, such as joining an organisation, for which one is verified."""


def _refuse_unverified(request: Request) -> None:
    settings: Settings = request.app.state.settings
    if settings.require_verified_email:
        raise EmailUnverifiedError


def refusals_of(method: str, dependant: Dependant) -> tuple[type[MarketplaceError], ...]:
    """What any route that takes a token may answer, whatever it is for."""
    if method in READING or not _asks_for_verified(dependant):
        return (OrganisationSuspendedError,)
    return OrganisationSuspendedError, EmailUnverifiedError


def _asks_for_verified(dependant: Dependant) -> bool:
    if isinstance(dependant.call, Allowed):
        return not dependant.call.even_unverified
    return any(_asks_for_verified(needed) for needed in dependant.dependencies)


def permissions_of(dependant: Dependant) -> tuple[Permission, ...]:
    """The permissions of which a route asks for one; none where any token, or no token, will do."""
    if isinstance(dependant.call, Allowed):
        return dependant.call.permissions
    asked = (permissions_of(needed) for needed in dependant.dependencies)
    return next(filter(None, asked), ())
