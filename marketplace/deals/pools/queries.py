from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import exists, or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from marketplace.accounts.actors import Actor
from marketplace.deals.pools.models import Pool, PoolMember, PoolRight
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.pagination import page_by_id


def visible_to(actor: Actor) -> SelectOfScalar[Pool]:
    """Pools are between their administrator and their members, and open to the operator."""
    query = select(Pool)
    if actor.is_operator:
        return query
    own = actor.organisation_id
    member = exists().where(
        col(PoolMember.pool_id) == col(Pool.id), col(PoolMember.organisation_id) == own
    )
    return query.where(or_(col(Pool.administrator_organisation_id) == own, member))


async def get_pool(session: AsyncSession, pool_id: UUID, *, actor: Actor) -> Pool:
    """A pool of the actor's; NotFoundError for any other."""
    query = visible_to(actor).where(col(Pool.id) == pool_id)
    pool = (await session.execute(query)).scalar_one_or_none()
    if pool is None:
        raise NotFoundError("no such pool")
    return pool


async def pools_visible(
    session: AsyncSession, actor: Actor, *, cursor: str | None, limit: int
) -> tuple[Sequence[Pool], str | None]:
    """The actor's pools, newest first."""
    return await page_by_id(session, visible_to(actor), Pool, cursor=cursor, limit=limit)


async def members_of(session: AsyncSession, pool_ids: Sequence[UUID]) -> Sequence[PoolMember]:
    """The members of some pools, in their order."""
    query = select(PoolMember).where(col(PoolMember.pool_id).in_(pool_ids))
    ordered = query.order_by(col(PoolMember.pool_id), col(PoolMember.position))
    return (await session.execute(ordered)).scalars().all()


async def rights_of(session: AsyncSession, pool_ids: Sequence[UUID]) -> Sequence[PoolRight]:
    """The rights of some pools, in their order."""
    query = select(PoolRight).where(col(PoolRight.pool_id).in_(pool_ids))
    ordered = query.order_by(col(PoolRight.pool_id), col(PoolRight.position))
    return (await session.execute(ordered)).scalars().all()
