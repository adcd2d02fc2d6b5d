from typing import Annotated
from uuid import UUID

from fastapi import Depends

from marketplace.accounts.access import Allowed, Keys
from marketplace.accounts.actors import Actor
from marketplace.accounts.errors import InvalidTokenError, PermissionMissingError
from marketplace.accounts.permissions import Permission
from marketplace.assets.errors import KindMismatchError
from marketplace.documents import service
from marketplace.documents.errors import BodyFrozenError, NotDisclosedError
from marketplace.documents.models import ConfidentialBody
from marketplace.documents.schemas import (
    ConfidentialRead,
    ConfidentialText,
    ConfidentialVersion,
    ViewRead,
)
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.pagination import Cursor, InvalidCursorError, Limit
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router
from marketplace.kernel.schemas import Page

router = transactional_router(prefix="/v1/rights/{right_id}", tags=["confidential texts"])


Registrant = Annotated[Actor, Depends(Allowed(Permission.REGISTER_RIGHTS))]
Reader = Annotated[Actor, Depends(Allowed(Permission.READ))]


@router.put(
    "/confidential-text",
    response_model=ConfidentialVersion,
    responses=problems(
        InvalidTokenError,
        PermissionMissingError,
        NotFoundError,
        KindMismatchError,
        BodyFrozenError,
    ),
)
async def put_confidential_text(
    right_id: UUID, request: ConfidentialText, actor: Registrant, session: Session, keys: Keys
) -> ConfidentialBody:
    """Put the confidential text of your idea; each put is a new version."""
    return await service.put_body(session, keys, right_id, request.content, actor=actor)


@router.get("/confidential-text", responses=problems(InvalidTokenError, NotDisclosedError))
async def read_confidential_text(
    right_id: UUID, actor: Reader, session: Session, keys: Keys
) -> ConfidentialRead:
    """Read the confidential text as its owner or under a disclosure. Each reading is logged."""
    body, content = await service.read_body(session, keys, right_id, actor=actor)
    version = ConfidentialVersion.model_validate(body)
    return ConfidentialRead(**version.model_dump(), content=content)


@router.get(
    "/disclosure-views", responses=problems(InvalidTokenError, NotFoundError, InvalidCursorError)
)
async def disclosure_views(
    right_id: UUID, actor: Reader, session: Session, cursor: Cursor = None, limit: Limit = 20
) -> Page[ViewRead]:
    """Who read the confidential text of your idea, newest first."""
    views, following = await service.views_of(
        session, right_id, actor=actor, cursor=cursor, limit=limit
    )
    return Page(items=[ViewRead.model_validate(view) for view in views], next=following)
