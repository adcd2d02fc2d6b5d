from typing import Annotated
from uuid import UUID

from fastapi import Depends, status

from marketplace.accounts.access import Allowed
from marketplace.accounts.actors import Actor
from marketplace.accounts.errors import (
    AlreadyMemberError,
    InvalidTokenError,
    NotAMemberError,
    PermissionMissingError,
    UnknownUserError,
)
from marketplace.accounts.members import service
from marketplace.accounts.members.schemas import MemberAdd, MemberRead
from marketplace.accounts.models import Membership
from marketplace.accounts.permissions import Permission
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router

router = transactional_router(
    prefix="/v1/organisations/{organisation_id}/members", tags=["accounts"]
)

MemberManager = Annotated[Actor, Depends(Allowed(Permission.MANAGE_MEMBERS))]


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    response_model=MemberRead,
    responses=problems(
        InvalidTokenError,
        PermissionMissingError,
        NotAMemberError,
        UnknownUserError,
        AlreadyMemberError,
    ),
)
async def add_member(
    organisation_id: UUID, request: MemberAdd, actor: MemberManager, session: Session
) -> Membership:
    """Let a person who has signed up act for your organisation."""
    return await service.add_member(session, organisation_id, request, actor=actor)
