from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.actors import Actor
from marketplace.accounts.members.queries import share_people
from marketplace.deals.errors import SamePeopleError
from marketplace.deals.lifecycle import BUYER, OPERATOR, SELLER
from marketplace.deals.models import Deal
from marketplace.kernel.db import lock
from marketplace.kernel.errors import NotFoundError


def role_in(deal: Deal, actor: Actor) -> str | None:
    """What the actor is to this deal; None for everybody else."""
    if actor.organisation_id == deal.buyer_organisation_id:
        return BUYER
    if actor.organisation_id == deal.seller_organisation_id:
        return SELLER
    return OPERATOR if actor.is_operator else None


def require_role(deal: Deal, actor: Actor) -> str:
    """What the actor is to this deal; a NotFoundError when that is nothing."""
    role = role_in(deal, actor)
    if role is None:
        raise NotFoundError("no such deal")
    return role


async def lock_for(session: AsyncSession, deal_id: UUID, actor: Actor) -> tuple[Deal, str]:
    """Hold a deal that the actor is a party to, or operates, and say as what.

    Raises:
        NotFoundError: no such deal, or none of the actor's.
    """
    deal = await lock(session, Deal, deal_id)
    return deal, require_role(deal, actor)


async def require_other_people(
    session: AsyncSession, *, seller: UUID, buyer: UUID, actor: Actor
) -> None:
    """Refuse a trade of somebody with themselves, which would only swell the public statistics.

    Organisations of one group may trade: other people stand for them.

    Raises:
        SamePeopleError: a person may sign for both sides, or the actor belongs to both.
    """
    if await share_people(session, seller, buyer, person_id=actor.user_id):
        raise SamePeopleError
