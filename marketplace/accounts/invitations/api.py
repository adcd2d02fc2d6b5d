from typing import Annotated
from uuid import UUID

from fastapi import Depends, status

from marketplace.accounts.access import Allowed, Keys, Person
from marketplace.accounts.actors import Actor
from marketplace.accounts.errors import (
    AlreadyMemberError,
    InvalidTokenError,
    PermissionMissingError,
    PersonNeededError,
)
from marketplace.accounts.invitations import queries, service
from marketplace.accounts.invitations.errors import (
    AlreadyInvitedError,
    HasOwnerError,
    InvitationExpiredError,
    InvitationLimitError,
    NotInvitedError,
)
from marketplace.accounts.invitations.models import Invitation
from marketplace.accounts.invitations.schemas import (
    InvitationRead,
    InvitationToken,
    Invite,
    InviteOwner,
    Joined,
)
from marketplace.accounts.members.errors import FixedMembersError, OwnersOnlyError
from marketplace.accounts.organisations.queries import get_organisation, require_own
from marketplace.accounts.organisations.schemas import OrganisationRead
from marketplace.accounts.permissions import Permission
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.lifecycle import IllegalMoveError
from marketplace.kernel.pagination import Cursor, InvalidCursorError, Limit
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router
from marketplace.kernel.schemas import Page

router = transactional_router(prefix="/v1/organisations/{organisation_id}", tags=["members"])
invitee_router = transactional_router(prefix="/v1/invitations", tags=["members"])

Reader = Annotated[Actor, Depends(Allowed(Permission.READ))]
MemberManager = Annotated[Actor, Depends(Allowed(Permission.MANAGE_MEMBERS))]
Operator = Annotated[Actor, Depends(Allowed(Permission.OPERATE_ORGANISATIONS))]
INVITE_ERRORS = (
    InvalidTokenError,
    PermissionMissingError,
    PersonNeededError,
    NotFoundError,
    FixedMembersError,
    AlreadyMemberError,
    AlreadyInvitedError,
    InvitationLimitError,
)


@router.post(
    "/invitations",
    status_code=status.HTTP_201_CREATED,
    response_model=InvitationRead,
    responses=problems(*INVITE_ERRORS, OwnersOnlyError),
)
async def invite(
    organisation_id: UUID, request: Invite, actor: MemberManager, session: Session, keys: Keys
) -> Invitation:
    """Invite somebody by e-mail to act for your organisation; they need no account yet."""
    return await service.invite(session, keys, organisation_id, request, actor=actor)


@router.post(
    "/first-owner",
    status_code=status.HTTP_201_CREATED,
    response_model=InvitationRead,
    responses=problems(*INVITE_ERRORS, HasOwnerError),
)
async def invite_first_owner(
    organisation_id: UUID, request: InviteOwner, actor: Operator, session: Session, keys: Keys
) -> Invitation:
    """Operator: invite the owner of an organisation that was imported and has none."""
    return await service.invite_first_owner(
        session, keys, organisation_id, request.email, actor=actor
    )


@router.get(
    "/invitations",
    responses=problems(
        InvalidTokenError, PermissionMissingError, NotFoundError, InvalidCursorError
    ),
)
async def pending_invitations(
    organisation_id: UUID,
    actor: MemberManager,
    session: Session,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> Page[InvitationRead]:
    """Whom your organisation has invited and who has not answered yet, newest first."""
    require_own(actor, organisation_id)
    found, following = await queries.pending_of(
        session, organisation_id, cursor=cursor, limit=limit
    )
    return Page(items=[InvitationRead.model_validate(one) for one in found], next=following)


@router.post(
    "/invitations/{invitation_id}/revoke",
    response_model=InvitationRead,
    responses=problems(InvalidTokenError, PermissionMissingError, NotFoundError, IllegalMoveError),
)
async def revoke_invitation(
    organisation_id: UUID, invitation_id: UUID, actor: MemberManager, session: Session
) -> Invitation:
    """Take back an invitation that was not answered yet."""
    return await service.revoke_invitation(session, organisation_id, invitation_id, actor=actor)


@invitee_router.post(
    "/accept",
    responses=problems(
        InvalidTokenError,
        PermissionMissingError,
        NotInvitedError,
        NotFoundError,
        IllegalMoveError,
        InvitationExpiredError,
        AlreadyMemberError,
    ),
)
async def accept_invitation(request: InvitationToken, actor: Person, session: Session) -> Joined:
    """Join the organisation that invited you, signed in with the address it wrote to."""
    membership = await service.accept(session, request.token.get_secret_value(), actor=actor)
    organisation = await get_organisation(session, membership.organisation_id)
    return Joined(organisation=OrganisationRead.model_validate(organisation), role=membership.role)


@invitee_router.post(
    "/decline",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(NotFoundError, IllegalMoveError),
)
async def decline_invitation(request: InvitationToken, session: Session) -> None:
    """Decline an invitation; the token of the e-mail is enough, no sign-in is needed."""
    await service.decline(session, request.token.get_secret_value())
