from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request, status

from marketplace.accounts.access import Allowed
from marketplace.accounts.actors import Actor
from marketplace.accounts.api_keys import service
from marketplace.accounts.api_keys.errors import ScopeNotYoursError, TooManyKeysError
from marketplace.accounts.api_keys.schemas import ApiKeyCreate, ApiKeyCreated, ApiKeyRead
from marketplace.accounts.errors import InvalidTokenError, PermissionMissingError
from marketplace.accounts.permissions import Permission
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.idempotency import AnswerWithheldError, keep_no_answer
from marketplace.kernel.pagination import Cursor, InvalidCursorError, Limit
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router
from marketplace.kernel.schemas import Page

router = transactional_router(prefix="/v1/api-keys", tags=["accounts"])

Holder = Annotated[Actor, Depends(Allowed(Permission.MANAGE_ACCOUNT))]


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    responses=problems(
        InvalidTokenError,
        PermissionMissingError,
        ScopeNotYoursError,
        TooManyKeysError,
        AnswerWithheldError,
    ),
)
async def create_api_key(
    body: ApiKeyCreate, actor: Holder, session: Session, request: Request
) -> ApiKeyCreated:
    """Make a key for a program of yours. It acts for the organisation that you act for now."""
    key, secret = await service.create_key(session, body, actor=actor)
    keep_no_answer(request)
    return ApiKeyCreated(**ApiKeyRead.model_validate(key).model_dump(), key=secret)


@router.get(
    "",
    responses=problems(InvalidTokenError, PermissionMissingError, InvalidCursorError),
)
async def my_api_keys(
    actor: Holder, session: Session, cursor: Cursor = None, limit: Limit = 20
) -> Page[ApiKeyRead]:
    """Your keys, newest first; those that ended stay in the list for 90 days."""
    found, following = await service.keys_of(session, actor, cursor=cursor, limit=limit)
    return Page(items=[ApiKeyRead.model_validate(key) for key in found], next=following)


@router.delete(
    "/{key_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(InvalidTokenError, PermissionMissingError, NotFoundError),
)
async def revoke_api_key(key_id: UUID, actor: Holder, session: Session) -> None:
    """Revoke a key of yours: it stops working, everywhere within a second."""
    await service.revoke_key(session, key_id, actor=actor)
