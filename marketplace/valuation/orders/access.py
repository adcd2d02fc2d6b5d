"""Who is what to an order, and whose rights may be ordered to be valued."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import exists, or_, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from marketplace.accounts.actors import Actor
from marketplace.kernel.db import fetch, lock
from marketplace.kernel.errors import NotFoundError
from marketplace.valuation.orders.lifecycle import CLIENT, OPERATOR, PAYER
from marketplace.valuation.orders.models import ClientRole, ValuationOrder, ValuationPayer

_OWNED: Final = text(
    """
    SELECT DISTINCT right_id FROM ownership
    WHERE right_id = ANY (CAST(:rights AS uuid[])) AND organisation_id = :organisation_id
      AND owned_until IS NULL
    """
)
_ON_OFFER: Final = text(
    """
    SELECT DISTINCT l.right_id FROM listing l JOIN listing_card c ON c.listing_id = l.id
    WHERE l.right_id = ANY (CAST(:rights AS uuid[]))
    """
)


def visible_to(actor: Actor) -> SelectOfScalar[ValuationOrder]:
    """Orders are their client's, are seen by who pays for them, and are open to the operator."""
    query = select(ValuationOrder)
    if actor.is_operator:
        return query
    pays = exists().where(
        col(ValuationPayer.order_id) == col(ValuationOrder.id),
        col(ValuationPayer.organisation_id) == actor.organisation_id,
    )
    return query.where(
        or_(col(ValuationOrder.client_organisation_id) == actor.organisation_id, pays)
    )


def role_in(order: ValuationOrder, actor: Actor) -> str:
    """What the actor is to an order that it sees."""
    if actor.organisation_id == order.client_organisation_id:
        return CLIENT
    return OPERATOR if actor.is_operator else PAYER


async def get_order(session: AsyncSession, order_id: UUID, *, actor: Actor) -> ValuationOrder:
    """Raises NotFoundError for an order that the actor does not see."""
    query = visible_to(actor).where(col(ValuationOrder.id) == order_id)
    found = (await session.execute(query)).scalar_one_or_none()
    if found is None:
        raise NotFoundError("no such valuation order")
    return found


async def lock_for(
    session: AsyncSession, order_id: UUID, actor: Actor
) -> tuple[ValuationOrder, str]:
    """Hold an order that the actor sees, and say as what; NotFoundError for any other."""
    await get_order(session, order_id, actor=actor)
    order = await lock(session, ValuationOrder, order_id)
    return order, role_in(order, actor)


async def require_rights(
    session: AsyncSession, right_ids: Sequence[UUID], role: ClientRole, organisation_id: UUID
) -> None:
    """Check that a client may have rights valued: its own, or for a buyer or lender those on offer.

    Raises:
        NotFoundError: another's that nobody offers, whether or not it exists.
    """
    rows = await fetch(session, _OWNED, rights=list(right_ids), organisation_id=organisation_id)
    open_to = {row.right_id for row in rows}
    if role is not ClientRole.OWNER:
        open_to |= {row.right_id for row in await fetch(session, _ON_OFFER, rights=list(right_ids))}
    if set(right_ids) - open_to:
        raise NotFoundError("no such right")
