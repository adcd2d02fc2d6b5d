from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.accounts.authentication import new_secret, secret_hash
from marketplace.accounts.errors import AlreadyMemberError
from marketplace.accounts.invitations.errors import (
    HasOwnerError,
    InvitationExpiredError,
    InvitationLimitError,
    NotInvitedError,
)
from marketplace.accounts.invitations.lifecycle import INVITEE, MANAGER, InvitationState
from marketplace.accounts.invitations.message import invitation_message
from marketplace.accounts.invitations.models import Invitation
from marketplace.accounts.invitations.queries import count_pending, is_member, lock_by_token
from marketplace.accounts.invitations.schemas import Invite
from marketplace.accounts.members.errors import FixedMembersError
from marketplace.accounts.members.queries import has_fixed_members, has_owner, role_in
from marketplace.accounts.members.service import join, require_owner_for
from marketplace.accounts.models import Membership, Organisation
from marketplace.accounts.organisations.queries import require_own
from marketplace.accounts.people.queries import get_user
from marketplace.accounts.permissions import ROLE_PERMISSIONS, MemberRole, Permission
from marketplace.kernel.crypto import Keyring
from marketplace.kernel.db import lock, mark_locked, now
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.events import publish
from marketplace.kernel.lifecycle import Identity, Machine, begin, move
from marketplace.kernel.mail.service import send_later

PREFIX: Final = "mpi_"
PENDING_MAX: Final = 100
KEPT: Final = timedelta(days=90)
BY_TOKEN: Final = Machine("invitee")
"""Who declines shows the token, and need not have an account."""

_FORGET: Final = text("DELETE FROM invitation WHERE state <> 'pending' AND created_at < :before")


async def invite(
    session: AsyncSession, keyring: Keyring, organisation_id: UUID, request: Invite, *, actor: Actor
) -> Invitation:
    """Offer a place in the actor's organisation to an e-mail address, and write to it.

    Raises:
        NotFoundError: not the actor's organisation.
        OwnersOnlyError: an admin would make an owner.
        FixedMembersError, AlreadyMemberError, InvitationLimitError: nobody can be added.
        AlreadyInvitedError: by the database.
    """
    require_own(actor, organisation_id)
    require_owner_for(actor, request.role)
    return await _send(session, keyring, organisation_id, request, actor)


async def invite_first_owner(
    session: AsyncSession, keyring: Keyring, organisation_id: UUID, email: str, *, actor: Actor
) -> Invitation:
    """Operator: offer an organisation that was imported, and has no owner, to its people.

    Raises:
        NotFoundError, HasOwnerError: no such organisation, or one that is owned.
        AlreadyInvitedError: by the database.
    """
    if await has_owner(session, organisation_id):
        raise HasOwnerError
    request = Invite(email=email, role=MemberRole.OWNER)
    return await _send(session, keyring, organisation_id, request, actor)


async def _send(
    session: AsyncSession, keyring: Keyring, organisation_id: UUID, request: Invite, actor: Actor
) -> Invitation:
    organisation = await lock(session, Organisation, organisation_id)
    if has_fixed_members(organisation):
        raise FixedMembersError
    if await is_member(session, organisation_id, request.email):
        raise AlreadyMemberError
    if await count_pending(session, organisation_id) >= PENDING_MAX:
        raise InvitationLimitError
    token = new_secret(PREFIX)
    invitation = Invitation(
        created_at=now(session),
        organisation_id=organisation_id,
        email=request.email,
        role=request.role,
        token_hash=secret_hash(token),
        invited_by=actor.person_id,
    )
    begin(session, invitation, actor, organisation_id=organisation_id, role=request.role)
    await session.flush()
    await send_later(session, keyring, invitation_message(invitation, organisation, token))
    return invitation


async def accept(session: AsyncSession, token: str, *, actor: Actor) -> Membership:
    """Join the organisation that invited the actor, who has the address it was sent to.

    Raises:
        NotFoundError: no such invitation.
        IllegalMoveError: it was accepted, declined or revoked, or has expired.
        NotInvitedError: it was sent to another address.
        InvitationExpiredError: too late, or its sender may no longer give that role.
        AlreadyMemberError: by the database.
    """
    invitation = await lock_by_token(session, token)
    user = await get_user(session, actor.person_id)
    if user.email != invitation.email:
        raise NotInvitedError
    valid_until = invitation.due_at
    move(session, invitation, "accept", role=INVITEE, actor=actor)
    if valid_until is None or valid_until <= now(session):
        raise InvitationExpiredError
    await _require_standing(session, invitation)
    membership = join(session, invitation.organisation_id, user.id, invitation.role)
    subject = f"organisation:{invitation.organisation_id}"
    data = {"user_id": user.id, "role": invitation.role, "invited_by": invitation.invited_by}
    publish(session, "organisation.add_member", subject=subject, actor=actor.label, data=data)
    await session.flush()
    return membership


async def decline(session: AsyncSession, token: str) -> None:
    """Refuse an invitation for good; the token is all that it takes."""
    move(session, await lock_by_token(session, token), "decline", role=INVITEE, actor=BY_TOKEN)


async def revoke_invitation(
    session: AsyncSession, organisation_id: UUID, invitation_id: UUID, *, actor: Actor
) -> Invitation:
    """Take back an invitation of the actor's organisation."""
    require_own(actor, organisation_id)
    invitation = await lock(session, Invitation, invitation_id)
    if invitation.organisation_id != organisation_id:
        raise NotFoundError("no such invitation")
    move(session, invitation, "revoke", role=MANAGER, actor=actor)
    return invitation


async def revoke_all_of(session: AsyncSession, user_id: UUID, *, actor: Identity) -> None:
    """Take back what a person who goes for good has promised, in any organisation."""
    query = select(Invitation).where(
        col(Invitation.invited_by) == user_id, col(Invitation.state) == InvitationState.PENDING
    )
    for invitation in (await session.execute(query.with_for_update())).scalars():
        mark_locked(session, invitation)
        move(session, invitation, "revoke", role=MANAGER, actor=actor)


async def forget_old(session: AsyncSession) -> None:
    """Delete invitations that ended long ago: an address is personal data, and events suffice."""
    await session.execute(_FORGET, {"before": now(session) - KEPT})


async def _require_standing(session: AsyncSession, invitation: Invitation) -> None:
    """What an inviter may no longer give is not given, though it was promised.

    So nobody who is removed from an organisation comes back, or lets a friend in, by an
    invitation that they wrote before.
    """
    role = await role_in(session, invitation.organisation_id, invitation.invited_by)
    given = ROLE_PERMISSIONS[role] if role else frozenset[Permission]()
    needed = {Permission.MANAGE_MEMBERS}
    if invitation.role is MemberRole.OWNER:
        needed |= {Permission.OWN_ORGANISATION}
    is_first = role is None and not await has_owner(session, invitation.organisation_id)
    if not is_first and not needed <= given:
        raise InvitationExpiredError("who invited you may no longer do so; ask for another")
