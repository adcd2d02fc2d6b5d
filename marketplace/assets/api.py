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
    KindMismatchError,
    RightExistsError,
)
from marketplace.assets.identifiers import InvalidClassificationError, InvalidIdentifierError
from marketplace.assets.models import Right
from marketplace.assets.schemas import IdentifierRead, RightDetail, RightRead, RightRegister
from marketplace.assets.standing.errors import IllegalLegalEventError
from marketplace.assets.title.errors import InvalidOwnersError
from marketplace.assets.title.queries import owners_of
from marketplace.assets.title.schemas import owner_list
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.pagination import Cursor, InvalidCursorError, Limit
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router
from marketplace.kernel.schemas import Page

router = transactional_router(prefix="/v1/rights", tags=["rights"])

Registrant = Annotated[Actor, Depends(Allowed(Permission.REGISTER_RIGHTS))]
Reader = Annotated[Actor, Depends(Allowed(Permission.READ))]


async def _detail(session: Session, right: Right) -> RightDetail:
    numbers = await queries.identifiers_of(session, right.id)
    owners = await owners_of(session, right.id)
    return RightDetail(
        **RightRead.model_validate(right).model_dump(),
        identifiers=[IdentifierRead.model_validate(row) for row in numbers],
        owner_organisation_id=next(iter(owners)) if len(owners) == 1 else None,
        owners=owner_list(owners),
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
        InvalidOwnersError,
        IllegalLegalEventError,
    ),
)
async def register_right(
    request: RightRegister, actor: Registrant, session: Session
) -> RightDetail:
    """Register an idea, or a patent by its number. A number can be registered once.

    Name the `owners` when there are several: exact shares that sum to one.
    """
    right = await service.register_right(session, request, actor=actor)
    return await _detail(session, right)


@router.get("", responses=problems(InvalidTokenError, InvalidCursorError))
async def my_rights(
    actor: Reader, session: Session, cursor: Cursor = None, limit: Limit = 20
) -> Page[RightRead]:
    """The rights of your organisation, newest first."""
    found, following = await queries.rights_of(session, actor, cursor=cursor, limit=limit)
    return Page(items=[RightRead.model_validate(right) for right in found], next=following)


@router.get("/{right_id}", responses=problems(InvalidTokenError, NotFoundError))
async def get_right(right_id: UUID, actor: Reader, session: Session) -> RightDetail:
    """A right with its numbers and present owners."""
    return await _detail(session, await queries.get_right(session, right_id, actor=actor))
