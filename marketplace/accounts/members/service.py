from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.actors import Actor
from marketplace.accounts.errors import (
    NotAMemberError,
    PermissionMissingError,
    UnknownUserError,
)
from marketplace.accounts.members.schemas import MemberAdd
from marketplace.accounts.models import Membership, Organisation, OrganisationKind
from marketplace.accounts.people.queries import user_by_email
from marketplace.accounts.permissions import MemberRole
from marketplace.kernel.db import now
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


async def add_member(
    session: AsyncSession, organisation_id: UUID, request: MemberAdd, *, actor: Actor
) -> Membership:
    """Let a person who has signed up act for the actor's organisation."""
    if organisation_id != actor.organisation_id:
        raise NotAMemberError("sign in for that organisation first")
    organisation = await session.get_one(Organisation, organisation_id)
    fixed = {OrganisationKind.PERSON, OrganisationKind.OPERATOR}
    if organisation.kind in fixed or request.role is MemberRole.OPERATOR:
        raise PermissionMissingError(f"nobody joins a {organisation.kind} as {request.role}")
    user = await user_by_email(session, request.email)
    if user is None:
        raise UnknownUserError("ask them to sign up first")
    membership = join(session, organisation_id, user.id, request.role)
    data = {"user_id": user.id, "role": request.role}
    subject = f"organisation:{organisation_id}"
    publish(session, "organisation.add_member", subject=subject, actor=actor.label, data=data)
    return membership
