from typing import Annotated
from uuid import UUID

from fastapi import Depends, Path
from fastapi.responses import PlainTextResponse

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
    read_view,
)
from marketplace.documents.watermarks import marked_text, name_of
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.pagination import Cursor, InvalidCursorError, Limit
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router
from marketplace.kernel.schemas import Page

router = transactional_router(prefix="/v1/rights/{right_id}", tags=["confidential texts"])


Registrant = Annotated[Actor, Depends(Allowed(Permission.REGISTER_RIGHTS))]
CopyId = Annotated[str, Path(pattern="^MPW-[0-9a-f]{32}$", examples=[f"MPW-{'0' * 32}"])]
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
    """Read the confidential text as its owner or under a disclosure. Each reading is logged.

    What is shown to others carries the id of the reading in characters that are not seen. Owners,
    and whoever it is delivered to by a deal, get the exact text.
    """
    found = await service.read_body(session, keys, right_id, actor=actor)
    version = ConfidentialVersion.model_validate(found.body).model_dump()
    return ConfidentialRead(**version, content=found.shown, copy_id=name_of(found.view.id))


@router.get(
    "/confidential-text/copy",
    response_class=PlainTextResponse,
    responses=problems(InvalidTokenError, NotDisclosedError),
)
async def copy_confidential_text(
    right_id: UUID, actor: Reader, session: Session, keys: Keys
) -> PlainTextResponse:
    """The confidential text to keep, marked with the id of this reading, seen and unseen."""
    found = await service.read_body(session, keys, right_id, actor=actor)
    headers = {"disclosure-copy": name_of(found.view.id)}
    return PlainTextResponse(marked_text(found.content, found.view.id), headers=headers)


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
    return Page(items=[read_view(view) for view in views], next=following)


@router.get("/disclosure-views/{copy_id}", responses=problems(InvalidTokenError, NotFoundError))
async def trace_copy(right_id: UUID, copy_id: CopyId, actor: Reader, session: Session) -> ViewRead:
    """Who was given a copy of your idea, by the id that a leaked one carries."""
    return read_view(await service.view_of(session, right_id, copy_id, actor=actor))
