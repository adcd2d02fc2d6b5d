"""Route dependencies: the actor of a request, and the permission that a route asks for."""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.dependencies.models import Dependant
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from marketplace.accounts.actors import Actor
from marketplace.accounts.authentication import Authenticator
from marketplace.accounts.errors import InvalidTokenError, PermissionMissingError
from marketplace.accounts.permissions import Permission
from marketplace.kernel import idempotency
from marketplace.kernel.routing import Session

BEARER = HTTPBearer(
    auto_error=False, description="the `token` of POST /v1/sessions, or one of POST /oauth/token"
)


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
    if request.method == "POST":
        await idempotency.claim(session, request, f"{actor.organisation_id}:{actor.label}")
    return actor


CurrentActor = Annotated[Actor, Depends(current_actor)]


class Allowed:
    """A dependency that lets only roles with one of these permissions in."""

    def __init__(self, *permissions: Permission) -> None:
        self.permissions = permissions

    async def __call__(self, actor: CurrentActor) -> Actor:
        if not any(actor.may(permission) for permission in self.permissions):
            wanted = " or ".join(self.permissions)
            raise PermissionMissingError(f"it takes {wanted}; see GET /v1/sessions/current")
        return actor


def permissions_of(dependant: Dependant) -> tuple[Permission, ...]:
    """The permissions of which a route asks for one; none where any token, or no token, will do."""
    if isinstance(dependant.call, Allowed):
        return dependant.call.permissions
    asked = (permissions_of(needed) for needed in dependant.dependencies)
    return next(filter(None, asked), ())
