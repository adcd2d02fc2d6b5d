"""Who may act for an organisation. That it keeps an owner, the database sees to."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.accounts.api_keys.service import end_keys
from marketplace.accounts.members.errors import FixedMembersError, OwnersOnlyError
from marketplace.accounts.members.queries import has_fixed_members
from marketplace.accounts.members.schemas import OwnershipTransfer
from marketplace.accounts.models import Membership, Organisation
from marketplace.accounts.oauth.service import end_grants
from marketplace.accounts.organisations.queries import require_own
from marketplace.accounts.permissions import MemberRole, Permission
from marketplace.accounts.revocations import revoke
from marketplace.accounts.sessions.service import end_sessions
from marketplace.kernel.db import now
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.events import publish


def join(
    session: AsyncSession, organisation_id: UUID, user_id: UUID, role: MemberRole
) -> Membership:
    """Write a membership; the caller publishes why."""
    membership = Membership(
        created_at=now(session), organisation_id=organisation_id, user_id=user_id, role=role
    )
    session.add(membership)
    return membership


def require_owner_for(actor: Actor, *roles: MemberRole) -> None:
    """Check that the actor may give or take these roles.

    Raises:
        OwnersOnlyError: one of them is that of an owner, and the actor is none.
    """
    if MemberRole.OWNER in roles and not actor.may(Permission.OWN_ORGANISATION):
        raise OwnersOnlyError


async def change_role(
    session: AsyncSession,
    organisation_id: UUID,
    user_id: UUID,
    role: MemberRole,
    *,
    actor: Actor,
) -> Membership:
    """Make a member of the actor's organisation something else.

    Raises:
        NotFoundError: not the actor's organisation, or no member of it.
        OwnersOnlyError: an admin would make or unmake an owner.
        LastOwnerError: by the database, when nobody would own the organisation.
    """
    membership = await _lock_member(session, organisation_id, user_id, actor)
    require_owner_for(actor, membership.role, role)
    await _set_role(session, membership, role, actor)
    return membership


async def transfer_ownership(
    session: AsyncSession, organisation_id: UUID, request: OwnershipTransfer, *, actor: Actor
) -> Membership:
    """Make another member an owner and the actor what they wish to be; returns the new owner.

    Raises:
        NotFoundError: not the actor's organisation, or no other member of it.
    """
    if request.user_id == actor.person_id:
        raise NotFoundError("name another member")
    both = sorted({request.user_id, actor.person_id})
    locked = {one: await _lock_member(session, organisation_id, one, actor) for one in both}
    await _set_role(session, locked[request.user_id], MemberRole.OWNER, actor)
    await session.flush()  # an owner is made before the other one is unmade
    await _set_role(session, locked[actor.person_id], request.own_role, actor)
    return locked[request.user_id]


async def remove_member(
    session: AsyncSession, organisation_id: UUID, user_id: UUID, *, actor: Actor
) -> None:
    """Take a person out of the actor's organisation.

    Raises:
        NotFoundError: not the actor's organisation, or no member of it.
        OwnersOnlyError: an admin would remove an owner.
        LastOwnerError: by the database, when nobody would own the organisation.
    """
    membership = await _lock_member(session, organisation_id, user_id, actor)
    require_owner_for(actor, membership.role)
    await _end(session, membership, "remove_member", actor)


async def leave(session: AsyncSession, organisation_id: UUID, *, actor: Actor) -> None:
    """End the actor's own membership.

    Raises:
        NotFoundError: not the actor's organisation.
        FixedMembersError: it is the actor's own self, or the platform.
        LastOwnerError: by the database, when nobody would own the organisation.
    """
    membership = await _lock_member(session, organisation_id, actor.person_id, actor)
    organisation = await session.get_one(Organisation, organisation_id)
    if has_fixed_members(organisation):
        raise FixedMembersError
    await _end(session, membership, "leave", actor)


async def _lock_member(
    session: AsyncSession, organisation_id: UUID, user_id: UUID, actor: Actor
) -> Membership:
    require_own(actor, organisation_id)
    query = (
        select(Membership)
        .where(col(Membership.organisation_id) == organisation_id)
        .where(col(Membership.user_id) == user_id)
        .with_for_update()
    )
    membership = (await session.execute(query)).scalar_one_or_none()
    if membership is None:
        raise NotFoundError("no such member")
    return membership


async def _set_role(
    session: AsyncSession, membership: Membership, role: MemberRole, actor: Actor
) -> None:
    before, membership.role = membership.role, role
    data = {"user_id": membership.user_id, "from": before, "to": role}
    await _tell(session, membership, "change_role", actor, data)


async def _end(session: AsyncSession, membership: Membership, name: str, actor: Actor) -> None:
    await session.delete(membership)
    await end_sessions(session, membership.organisation_id, membership.user_id)
    await end_keys(session, membership.organisation_id, membership.user_id)
    own = membership.organisation_id
    await end_grants(session, membership.user_id, organisation_id=own)
    data = {"user_id": membership.user_id, "from": membership.role}
    await _tell(session, membership, name, actor, data)


async def _tell(
    session: AsyncSession, membership: Membership, name: str, actor: Actor, data: dict[str, object]
) -> None:
    await revoke(session, f"membership:{membership.organisation_id}:{membership.user_id}")
    subject = f"organisation:{membership.organisation_id}"
    publish(session, f"organisation.{name}", subject=subject, actor=actor.label, data=data)
