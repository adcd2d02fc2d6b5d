from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from marketplace.accounts.actors import Actor
from marketplace.deals.licences.models import Licence, LicenceRight
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.pagination import page_by_id


def visible_to(actor: Actor) -> SelectOfScalar[Licence]:
    """Licences are between their parties, and open to the operator."""
    query = select(Licence)
    if actor.is_operator:
        return query
    own = actor.organisation_id
    return query.where(
        or_(
            col(Licence.licensor_organisation_id) == own,
            col(Licence.licensee_organisation_id) == own,
        )
    )


async def get_licence(session: AsyncSession, licence_id: UUID, *, actor: Actor) -> Licence:
    """A licence of the actor's; NotFoundError for any other."""
    query = visible_to(actor).where(col(Licence.id) == licence_id)
    licence = (await session.execute(query)).scalar_one_or_none()
    if licence is None:
        raise NotFoundError("no such licence")
    return licence


async def licences_visible(
    session: AsyncSession, actor: Actor, *, cursor: str | None, limit: int
) -> tuple[Sequence[Licence], str | None]:
    """The actor's licences, newest first."""
    return await page_by_id(session, visible_to(actor), Licence, cursor=cursor, limit=limit)


async def licences_of(
    session: AsyncSession, deal_id: UUID, *, for_update: bool = False
) -> Sequence[Licence]:
    """The licences that a deal grants; of a cross-licence, one in each direction."""
    query = select(Licence).where(col(Licence.deal_id) == deal_id).order_by(col(Licence.position))
    if for_update:
        query = query.with_for_update().execution_options(populate_existing=True)
    return (await session.execute(query)).scalars().all()


async def rights_in(session: AsyncSession, licence_id: UUID) -> Sequence[UUID]:
    """The rights that a licence is of, in their order."""
    query = (
        select(LicenceRight.right_id)
        .where(col(LicenceRight.licence_id) == licence_id)
        .order_by(col(LicenceRight.position))
    )
    return (await session.execute(query)).scalars().all()


async def rights_of_many(
    session: AsyncSession, licence_ids: Sequence[UUID]
) -> dict[UUID, list[UUID]]:
    """The rights of some licences, by licence."""
    query = (
        select(LicenceRight.licence_id, LicenceRight.right_id)
        .where(col(LicenceRight.licence_id).in_(licence_ids))
        .order_by(col(LicenceRight.licence_id), col(LicenceRight.position))
    )
    found: dict[UUID, list[UUID]] = {licence_id: [] for licence_id in licence_ids}
    for licence_id, right_id in (await session.execute(query)).all():
        found[licence_id].append(right_id)
    return found
