from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.accounts.oauth.models import OAuthGrant
from marketplace.accounts.oauth.service import revoke_grant
from marketplace.kernel.errors import NotFoundError


async def withdraw(session: AsyncSession, grant_id: UUID, *, actor: Actor) -> None:
    """End what a person allowed a client, with all its tokens; again is no error.

    Raises:
        NotFoundError: no such authorization, or another person's.
    """
    query = select(OAuthGrant).where(
        col(OAuthGrant.id) == grant_id, col(OAuthGrant.user_id) == actor.person_id
    )
    grant = (await session.execute(query.with_for_update())).scalar_one_or_none()
    if grant is None:
        raise NotFoundError("no such authorization")
    await revoke_grant(session, grant, actor=actor.label, reason="withdrawn")
