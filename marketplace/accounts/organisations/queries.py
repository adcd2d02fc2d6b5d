from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.accounts.models import Membership, Organisation
from marketplace.kernel.errors import NotFoundError


async def get_organisation(session: AsyncSession, organisation_id: UUID) -> Organisation:
    """An organisation's public profile; the parties to a deal have to know each other's name."""
    organisation = await session.get(Organisation, organisation_id)
    if organisation is None:
        raise NotFoundError("no such organisation")
    return organisation


async def organisations_of(session: AsyncSession, actor: Actor) -> Sequence[Organisation]:
    """The organisations that the actor may act for, at most a hundred; a client acts for one."""
    if actor.user_id is None:
        return [await get_organisation(session, actor.organisation_id)]
    query = (
        select(Organisation)
        .join(Membership, col(Membership.organisation_id) == Organisation.id)
        .where(col(Membership.user_id) == actor.user_id)
        .order_by(col(Membership.created_at), col(Membership.id))
        .limit(100)
    )
    return (await session.execute(query)).scalars().all()
