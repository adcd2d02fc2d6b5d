from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.accounts.models import Membership, Organisation
from marketplace.accounts.organisations.models import OrganisationNumber
from marketplace.accounts.organisations.numbers import NumberScheme
from marketplace.kernel.errors import NotFoundError


async def get_organisation(session: AsyncSession, organisation_id: UUID) -> Organisation:
    """An organisation's public profile; the parties to a deal have to know each other's name."""
    organisation = await session.get(Organisation, organisation_id)
    if organisation is None:
        raise NotFoundError("no such organisation")
    return organisation


async def require_known(session: AsyncSession, organisation_ids: Collection[UUID]) -> None:
    """Make sure that each is an organisation.

    Raises:
        NotFoundError: one of them is none.
    """
    if len(await names_of(session, organisation_ids)) < len(set(organisation_ids)):
        raise NotFoundError("no such organisation")


async def names_of(session: AsyncSession, organisation_ids: Collection[UUID]) -> dict[UUID, str]:
    """What organisations are called at present."""
    query = select(Organisation.id, Organisation.name).where(
        col(Organisation.id).in_(organisation_ids)
    )
    return {row[0]: row[1] for row in await session.execute(query)}


def require_own(actor: Actor, organisation_id: UUID) -> None:
    """Check that the actor acts for an organisation.

    Raises:
        NotFoundError: for another one, whether or not it exists.
    """
    if actor.organisation_id != organisation_id:
        raise NotFoundError("you do not act for this organisation; sign in for it first")


async def numbers_of(
    session: AsyncSession, organisation_id: UUID
) -> dict[NumberScheme, OrganisationNumber]:
    query = (
        select(OrganisationNumber)
        .where(col(OrganisationNumber.organisation_id) == organisation_id)
        .order_by(col(OrganisationNumber.scheme))
    )
    return {found.scheme: found for found in (await session.execute(query)).scalars()}


async def organisations_of(session: AsyncSession, actor: Actor) -> Sequence[Organisation]:
    """The organisations that the actor may act for, at most a hundred; a client acts for one."""
    if actor.client_id is not None:
        return [await get_organisation(session, actor.organisation_id)]
    query = (
        select(Organisation)
        .join(Membership, col(Membership.organisation_id) == Organisation.id)
        .where(col(Membership.user_id) == actor.user_id)
        .order_by(col(Membership.created_at), col(Membership.id))
        .limit(100)
    )
    return (await session.execute(query)).scalars().all()
