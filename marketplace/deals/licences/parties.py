from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.actors import Actor
from marketplace.deals.licences.lifecycle import LICENSEE, LICENSOR, OPERATOR
from marketplace.deals.licences.models import Licence
from marketplace.kernel.db import lock
from marketplace.kernel.errors import NotFoundError


def role_in(licence: Licence, actor: Actor) -> str | None:
    """What the actor is to this licence; None for everybody else."""
    if actor.organisation_id == licence.licensor_organisation_id:
        return LICENSOR
    if actor.organisation_id == licence.licensee_organisation_id:
        return LICENSEE
    return OPERATOR if actor.is_operator else None


async def lock_licence(
    session: AsyncSession, licence_id: UUID, actor: Actor
) -> tuple[Licence, str]:
    """Hold a licence that the actor is a party to, or operates, and say as what.

    Raises:
        NotFoundError: no such licence, or none of the actor's.
    """
    licence = await lock(session, Licence, licence_id)
    role = role_in(licence, actor)
    if role is None:
        raise NotFoundError("no such licence")
    return licence, role
