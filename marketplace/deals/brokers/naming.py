"""Naming a side's brokers by their contribution. It is a part of the text that both sides sign."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.deals.agreement import draw_up
from marketplace.deals.brokers.errors import BrokerLeftOutError, InvalidBrokerError
from marketplace.deals.brokers.schemas import BrokerName
from marketplace.deals.brokers.service import acted, put_side, sides_of
from marketplace.deals.lifecycle import SELLER
from marketplace.deals.mandates.models import Mandate, Side
from marketplace.deals.mandates.queries import covers
from marketplace.deals.mandates.service import is_in_force
from marketplace.deals.models import Deal
from marketplace.deals.parties import lock_for
from marketplace.deals.payees.service import over_one_denominator
from marketplace.kernel.crypto import Keyring
from marketplace.kernel.db import now
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.lifecycle import move


async def name_brokers(
    session: AsyncSession,
    keyring: Keyring,
    deal_id: UUID,
    brokers: Sequence[BrokerName],
    *,
    actor: Actor,
) -> Deal:
    """Say which brokers of the actor's side contributed which share. The text gets another hash.

    Raises:
        NotFoundError: no such deal, or a mandate that the actor did not give.
        InvalidSharesError: the shares do not sum to exactly one.
        InvalidBrokerError: a mandate is not in force over this, or its broker is a party.
        BrokerLeftOutError: somebody made an offer for the actor and is not named.
    """
    deal, role = await lock_for(session, deal_id, actor)
    named = [one.mandate_id for one in brokers]
    move(session, deal, "name_brokers", role=role, actor=actor, mandate_ids=named)
    side = Side.SELL if role == SELLER else Side.BUY
    numerators, denominator = over_one_denominator([one.share.fraction for one in brokers])
    mandates = await _mandates(session, named, actor)
    own = [mandate for mandate in await acted(session, deal) if mandate.side is side]
    await _require_nameable(session, deal, side, mandates, own)
    if not {mandate.id for mandate in own} <= set(named):
        raise BrokerLeftOutError
    await put_side(session, deal, side, mandates, numerators, denominator)
    await draw_up(session, keyring, deal)
    return deal


async def _mandates(
    session: AsyncSession, mandate_ids: Sequence[UUID], actor: Actor
) -> list[Mandate]:
    query = select(Mandate).where(
        col(Mandate.id).in_(mandate_ids),
        col(Mandate.principal_organisation_id) == actor.organisation_id,
    )
    found = {one.id: one for one in (await session.execute(query)).scalars()}
    if not set(mandate_ids) <= found.keys():
        raise NotFoundError("no such mandate of yours")
    if len(found) < len(mandate_ids):
        raise InvalidBrokerError("a mandate is named twice")
    return [found[mandate_id] for mandate_id in mandate_ids]


async def _require_nameable(
    session: AsyncSession,
    deal: Deal,
    side: Side,
    mandates: Sequence[Mandate],
    own: Sequence[Mandate],
) -> None:
    seller, buyer = sides_of(deal)
    other = buyer if side is Side.SELL else seller
    earned = {mandate.id for mandate in own}
    for mandate in mandates:
        if mandate.side is not side or mandate.broker_organisation_id in {seller, buyer}:
            raise InvalidBrokerError
        if mandate.id in earned:
            continue
        in_force = is_in_force(mandate, now(session))
        if not (in_force and await covers(session, mandate, deal.listing_id, other)):
            raise InvalidBrokerError
