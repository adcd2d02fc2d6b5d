from uuid import UUID

from sqlalchemy import and_, or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from marketplace.accounts.members.schemas import MemberRead
from marketplace.accounts.models import Membership, Organisation, OrganisationKind, User
from marketplace.accounts.people.queries import ERASED
from marketplace.accounts.permissions import ROLE_PERMISSIONS, MemberRole, Permission
from marketplace.kernel.pagination import page_by_id

FIXED: frozenset[OrganisationKind] = frozenset({OrganisationKind.PERSON, OrganisationKind.OPERATOR})
"""Kinds of organisations whose members the API does not change."""
SIGNERS: frozenset[MemberRole] = frozenset(
    role for role, allowed in ROLE_PERMISSIONS.items() if Permission.SIGN in allowed
)
"""Roles that bind an organisation by their signature."""


async def members_of(
    session: AsyncSession, organisation_id: UUID, *, cursor: str | None, limit: int
) -> tuple[list[MemberRead], str | None]:
    """Who may act for an organisation, the longest-serving first."""
    query = select(Membership).where(col(Membership.organisation_id) == organisation_id)
    found, following = await page_by_id(
        session, query, Membership, cursor=cursor, limit=limit, oldest_first=True
    )
    query_users = select(User).where(col(User.id).in_([one.user_id for one in found]))
    users = {user.id: user for user in (await session.execute(query_users)).scalars()}
    return [read_member(one, users[one.user_id]) for one in found], following


def read_member(membership: Membership, user: User) -> MemberRead:
    return MemberRead(
        user_id=user.id,
        display_name=user.display_name,
        email=user.email,
        role=membership.role,
        joined_at=membership.created_at,
    )


async def role_in(session: AsyncSession, organisation_id: UUID, user_id: UUID) -> MemberRole | None:
    """What a person is in an organisation now; None for no member."""
    query = select(Membership.role).where(
        col(Membership.organisation_id) == organisation_id, col(Membership.user_id) == user_id
    )
    found = (await session.execute(query)).scalar_one_or_none()
    return MemberRole(found) if found else None


async def share_people(
    session: AsyncSession, one: UUID, other: UUID, *, person_id: UUID | None
) -> bool:
    """Whether a person may sign for both organisations, or `person_id` belongs to both at all."""
    there = aliased(Membership)
    signs_for_both = and_(col(Membership.role).in_(SIGNERS), col(there.role).in_(SIGNERS))
    query = (
        select(Membership.id)
        .join(there, col(there.user_id) == col(Membership.user_id))
        .where(
            col(Membership.organisation_id) == one,
            col(there.organisation_id) == other,
            or_(signs_for_both, col(Membership.user_id) == person_id),
        )
    )
    return (await session.execute(query.limit(1))).first() is not None


async def has_owner(session: AsyncSession, organisation_id: UUID) -> bool:
    """Whether somebody owns the organisation of whom more than a number is left."""
    query = (
        select(Membership.id)
        .join(User, col(User.id) == col(Membership.user_id))
        .where(
            col(Membership.organisation_id) == organisation_id,
            col(Membership.role) == MemberRole.OWNER,
            col(User.email).not_like(f"%{ERASED}"),
        )
    )
    return (await session.execute(query.limit(1))).first() is not None


def has_fixed_members(organisation: Organisation) -> bool:
    return organisation.kind in FIXED
