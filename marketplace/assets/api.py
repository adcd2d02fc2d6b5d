from typing import Annotated
from uuid import UUID

from fastapi import Depends, status

from marketplace.accounts.access import Allowed
from marketplace.accounts.actors import Actor
from marketplace.accounts.errors import InvalidTokenError, PermissionMissingError
from marketplace.accounts.permissions import Permission
from marketplace.assets import queries, service
from marketplace.assets.errors import (
    IdentifierNeededError,
    IllegalLegalEventError,
    KindMismatchError,
    RightExistsError,
)
from marketplace.assets.identifiers import InvalidClassificationError, InvalidIdentifierError
from marketplace.assets.models import LegalEvent, Right
from marketplace.assets.schemas import (
    IdentifierRead,
    LegalEventRead,
    LegalEventRecord,
    RightDetail,
    RightRead,
    RightRegister,
)
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.pagination import Cursor, InvalidCursorError, Limit
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router
from marketplace.kernel.schemas import Page

router = transactional_router(prefix="/v1/rights", tags=["rights"])

Registrant = Annotated[Actor, Depends(Allowed(Permission.REGISTER_RIGHTS))]
Reader = Annotated[Actor, Depends(Allowed(Permission.READ))]
Operator = Annotated[Actor, Depends(Allowed(Permission.OPERATE_LISTINGS))]


async def _detail(session: Session, right: Right, actor: Actor) -> RightDetail:
    return RightDetail(
        **RightRead.model_validate(right).model_dump(),
        identifiers=[
            IdentifierRead.model_validate(row)
            for row in await queries.identifiers_of(session, right.id)
        ],
        owner_organisation_id=await service.current_owner(session, right.id),
    )


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    responses=problems(
        InvalidTokenError,
        PermissionMissingError,
        RightExistsError,
        InvalidIdentifierError,
        IdentifierNeededError,
        KindMismatchError,
        InvalidClassificationError,
    ),
)
async def register_right(
    request: RightRegister, actor: Registrant, session: Session
) -> RightDetail:
    """Register an idea, or a patent by its number. A number can be registered once."""
    right = await service.register_right(session, request, actor=actor)
    return await _detail(session, right, actor)


@router.get("", responses=problems(InvalidTokenError, InvalidCursorError))
async def my_rights(
    actor: Reader, session: Session, cursor: Cursor = None, limit: Limit = 20
) -> Page[RightRead]:
    """The rights of your organisation, newest first."""
    found, following = await queries.rights_of(session, actor, cursor=cursor, limit=limit)
    return Page(items=[RightRead.model_validate(right) for right in found], next=following)


@router.get("/{right_id}", responses=problems(InvalidTokenError, NotFoundError))
async def get_right(right_id: UUID, actor: Reader, session: Session) -> RightDetail:
    """A right with its numbers and present owner."""
    return await _detail(session, await queries.get_right(session, right_id, actor=actor), actor)


@router.get(
    "/{right_id}/legal-events",
    response_model=list[LegalEventRead],
    responses=problems(InvalidTokenError, NotFoundError),
)
async def legal_events(right_id: UUID, actor: Reader, session: Session) -> object:
    """What happened to a right, oldest first, each with its source."""
    await queries.get_right(session, right_id, actor=actor)
    return await queries.legal_events_of(session, right_id)


@router.post(
    "/{right_id}/legal-events",
    status_code=status.HTTP_201_CREATED,
    response_model=LegalEventRead,
    responses=problems(
        InvalidTokenError, PermissionMissingError, NotFoundError, IllegalLegalEventError
    ),
)
async def record_legal_event(
    right_id: UUID, request: LegalEventRecord, actor: Operator, session: Session
) -> LegalEvent:
    """Operator: record a grant, lapse, restoration or invalidation from the office's register."""
    return await service.record_legal_event(session, right_id, request, actor=actor)
