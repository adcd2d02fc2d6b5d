from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request

from marketplace.accounts.access import Allowed, Keys
from marketplace.accounts.actors import Actor
from marketplace.accounts.errors import InvalidTokenError, PermissionMissingError
from marketplace.accounts.permissions import Permission
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router
from marketplace.search.lookalikes import service
from marketplace.search.lookalikes.schemas import LookAlikes

router = transactional_router(prefix="/v1/rights/{right_id}", tags=["rights"])

Registrant = Annotated[Actor, Depends(Allowed(Permission.REGISTER_RIGHTS))]


@router.post(
    "/look-alikes", responses=problems(InvalidTokenError, PermissionMissingError, NotFoundError)
)
async def look_alikes(
    right_id: UUID, actor: Registrant, session: Session, keys: Keys, http: Request
) -> LookAlikes:
    """What is like your idea, before you submit it: published rights, the market, your own ideas.

    It is told to you alone and kept nowhere. No confidential text of others takes part, not even
    in the score.
    """
    state = http.app.state
    return await service.look_alikes(
        session, keys, state.index, state.register_index, right_id, actor=actor
    )
