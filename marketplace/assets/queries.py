from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import exists
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from marketplace.accounts.actors import Actor
from marketplace.assets.models import Right, RightIdentifier
from marketplace.assets.title.models import Ownership
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.pagination import page_by_id


def visible_to(actor: Actor) -> SelectOfScalar[Right]:
    """The rights an actor may read in full: those its organisation owns or has owned."""
    query = select(Right)
    if actor.is_operator:
        return query
    owned = exists().where(
        col(Ownership.right_id) == col(Right.id),
        col(Ownership.organisation_id) == actor.organisation_id,
    )
    return query.where(owned)


async def get_right(session: AsyncSession, right_id: UUID, *, actor: Actor) -> Right:
    query = visible_to(actor).where(col(Right.id) == right_id)
    right = (await session.execute(query)).scalar_one_or_none()
    if right is None:
        raise NotFoundError("no such right")
    return right


async def rights_of(
    session: AsyncSession, actor: Actor, *, cursor: str | None, limit: int
) -> tuple[Sequence[Right], str | None]:
    """The actor's rights, newest first."""
    return await page_by_id(session, visible_to(actor), Right, cursor=cursor, limit=limit)


async def identifiers_of(session: AsyncSession, right_id: UUID) -> Sequence[RightIdentifier]:
    query = select(RightIdentifier).where(col(RightIdentifier.right_id) == right_id)
    return (await session.execute(query)).scalars().all()
