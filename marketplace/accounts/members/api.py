from typing import Annotated
from uuid import UUID

from fastapi import Depends, status

from marketplace.accounts.access import Allowed, Person
from marketplace.accounts.actors import Actor
from marketplace.accounts.errors import (
    InvalidTokenError,
    PermissionMissingError,
    PersonNeededError,
)
from marketplace.accounts.members import queries, service
from marketplace.accounts.members.errors import FixedMembersError, LastOwnerError, OwnersOnlyError
from marketplace.accounts.members.schemas import MemberRead, OwnershipTransfer, RoleChange
from marketplace.accounts.models import Membership
from marketplace.accounts.organisations.queries import require_own
from marketplace.accounts.people.queries import get_user
from marketplace.accounts.permissions import Permission
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.pagination import Cursor, InvalidCursorError, Limit
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router
from marketplace.kernel.schemas import Page

router = transactional_router(prefix="/v1/organisations/{organisation_id}", tags=["members"])

Reader = Annotated[Actor, Depends(Allowed(Permission.READ))]
MemberManager = Annotated[Actor, Depends(Allowed(Permission.MANAGE_MEMBERS))]
Owner = Annotated[Actor, Depends(Allowed(Permission.OWN_ORGANISATION))]
CHANGE_ERRORS = (
    InvalidTokenError,
    PermissionMissingError,
    NotFoundError,
    OwnersOnlyError,
    LastOwnerError,
)


async def _member(session: Session, membership: Membership) -> MemberRead:
    return queries.read_member(membership, await get_user(session, membership.user_id))


@router.get(
    "/members",
    responses=problems(InvalidTokenError, NotFoundError, InvalidCursorError),
)
async def members(
    organisation_id: UUID, actor: Reader, session: Session, cursor: Cursor = None, limit: Limit = 20
) -> Page[MemberRead]:
    """Who may act for your organisation, and in which role."""
    require_own(actor, organisation_id)
    found, following = await queries.members_of(
        session, organisation_id, cursor=cursor, limit=limit
    )
    return Page(items=found, next=following)


@router.patch("/members/{user_id}", responses=problems(*CHANGE_ERRORS))
async def change_role(
    organisation_id: UUID,
    user_id: UUID,
    request: RoleChange,
    actor: MemberManager,
    session: Session,
) -> MemberRead:
    """Change a member's role; it holds within a second. Owners are made and unmade by owners."""
    membership = await service.change_role(
        session, organisation_id, user_id, request.role, actor=actor
    )
    return await _member(session, membership)


@router.delete(
    "/members/{user_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(*CHANGE_ERRORS),
)
async def remove_member(
    organisation_id: UUID, user_id: UUID, actor: MemberManager, session: Session
) -> None:
    """Remove a member; their credentials for your organisation end within a second."""
    await service.remove_member(session, organisation_id, user_id, actor=actor)


@router.post(
    "/leave",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(
        InvalidTokenError, PermissionMissingError, NotFoundError, FixedMembersError, LastOwnerError
    ),
)
async def leave_organisation(organisation_id: UUID, actor: Person, session: Session) -> None:
    """Leave an organisation; the last owner makes somebody else one first."""
    await service.leave(session, organisation_id, actor=actor)


@router.post(
    "/transfer-ownership",
    responses=problems(InvalidTokenError, PermissionMissingError, NotFoundError, PersonNeededError),
)
async def transfer_ownership(
    organisation_id: UUID, request: OwnershipTransfer, actor: Owner, session: Session
) -> MemberRead:
    """Make another member an owner in your place."""
    membership = await service.transfer_ownership(session, organisation_id, request, actor=actor)
    return await _member(session, membership)
