from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, func, select

from marketplace.accounts.authentication import secret_hash
from marketplace.accounts.invitations.lifecycle import InvitationState
from marketplace.accounts.invitations.models import Invitation
from marketplace.accounts.models import Membership, User
from marketplace.kernel.db import mark_locked
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.pagination import page_by_id


async def pending_of(
    session: AsyncSession, organisation_id: UUID, *, cursor: str | None, limit: int
) -> tuple[Sequence[Invitation], str | None]:
    """Whom an organisation waits for, newest first."""
    query = select(Invitation).where(
        col(Invitation.organisation_id) == organisation_id,
        col(Invitation.state) == InvitationState.PENDING,
    )
    return await page_by_id(session, query, Invitation, cursor=cursor, limit=limit)


async def count_pending(session: AsyncSession, organisation_id: UUID) -> int:
    query = select(func.count()).where(
        col(Invitation.organisation_id) == organisation_id,
        col(Invitation.state) == InvitationState.PENDING,
    )
    return (await session.execute(query)).scalar_one()


async def is_member(session: AsyncSession, organisation_id: UUID, email: str) -> bool:
    query = (
        select(Membership.id)
        .join(User, col(User.id) == col(Membership.user_id))
        .where(col(Membership.organisation_id) == organisation_id, col(User.email) == email)
    )
    return (await session.execute(query)).first() is not None


async def lock_by_token(session: AsyncSession, token: str) -> Invitation:
    """Hold the invitation that a token is for.

    Raises:
        NotFoundError: no invitation was ever sent with it.
    """
    query = (
        select(Invitation).where(col(Invitation.token_hash) == secret_hash(token)).with_for_update()
    )
    invitation = (await session.execute(query)).scalar_one_or_none()
    if invitation is None:
        raise NotFoundError("no such invitation; copy the whole token from the e-mail")
    mark_locked(session, invitation)
    return invitation
