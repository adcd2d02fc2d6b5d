"""Who reads what: figures of this moment, or those that tell of no single deal."""

from enum import StrEnum
from typing import Annotated, Any, Final

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials

from marketplace.accounts.access import BEARER
from marketplace.accounts.actors import Actor
from marketplace.accounts.permissions import Permission
from marketplace.kernel.errors import ForbiddenError
from marketplace.settings import Settings

PUBLIC: Final = "public"


class Sight(StrEnum):
    """What a reader may see.

    Everything live; live totals, where the operator publishes them knowingly; or what is released.
    """

    LIVE = "live"
    TOTALS = "totals"
    RELEASED = "released"


class LiveStatisticsRestrictedError(ForbiddenError):
    code = "live_statistics_restricted"
    title = "This tells of single deals; it is for operators and statisticians"


async def sight_of(
    http: Request, sent: Annotated[HTTPAuthorizationCredentials | None, Depends(BEARER)]
) -> Sight:
    """By the token, if there is one; a wrong one is refused, not passed over."""
    settings: Settings = http.app.state.settings
    if sent:
        async with http.app.state.sessions.begin() as session:
            actor: Actor = await http.app.state.authenticator.actor(session, sent.credentials)
        if actor.may(Permission.READ_STATISTICS):
            return Sight.LIVE
    return public_sight(settings)


def public_sight(settings: Settings) -> Sight:
    """What everybody sees."""
    return Sight.TOTALS if settings.live_statistics == PUBLIC else Sight.RELEASED


async def _live_only(sight: Annotated[Sight, Depends(sight_of)]) -> None:
    if sight is not Sight.LIVE:
        raise LiveStatisticsRestrictedError


Seen = Annotated[Sight, Depends(sight_of)]
LIVE_ONLY: Final = [Depends(_live_only)]
WITHOUT_TOKEN_TOO: Final[dict[str, Any]] = {"security": [{}]}
"""What the OpenAPI document adds: that a token is heeded, and none is needed."""
