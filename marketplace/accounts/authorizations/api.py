from uuid import UUID

from fastapi import status

from marketplace.accounts.access import Oneself
from marketplace.accounts.authorizations import queries, service
from marketplace.accounts.authorizations.schemas import AuthorizationRead
from marketplace.accounts.errors import InvalidTokenError, PermissionMissingError
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.pagination import Cursor, InvalidCursorError, Limit
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router
from marketplace.kernel.schemas import Page

router = transactional_router(prefix="/v1/authorizations", tags=["partner accounts"])

CLOSED = (InvalidTokenError, PermissionMissingError)


@router.get("", responses=problems(*CLOSED, InvalidCursorError))
async def my_authorizations(
    actor: Oneself, session: Session, cursor: Cursor = None, limit: Limit = 20
) -> Page[AuthorizationRead]:
    """What you allow applications to do for you, in each of your organisations."""
    items, following = await queries.living(session, actor.person_id, cursor=cursor, limit=limit)
    return Page(items=items, next=following)


@router.delete(
    "/{authorization_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(*CLOSED, NotFoundError),
)
async def withdraw_authorization(authorization_id: UUID, actor: Oneself, session: Session) -> None:
    """Withdraw what you allowed: the application's tokens end everywhere within a second."""
    await service.withdraw(session, authorization_id, actor=actor)
