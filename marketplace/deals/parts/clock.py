"""What the clock does with parts. It holds the part already, and must not wait for the deal."""

from collections.abc import Awaitable, Callable

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.deals.models import Deal
from marketplace.deals.parts import service
from marketplace.deals.parts.models import DealPart
from marketplace.kernel.clocks import ClockMove
from marketplace.kernel.db import mark_locked
from marketplace.kernel.lifecycle import Identity

PartMove = Callable[..., Awaitable[None]]


def _with_deal(make: PartMove) -> ClockMove:
    """Others hold the deal first and then its parts, so waiting for it here could be a deadlock."""

    async def run(session: AsyncSession, part: DealPart, *, role: str, actor: Identity) -> None:
        query = select(Deal).where(col(Deal.id) == part.deal_id).with_for_update(nowait=True)
        deal = (await session.execute(query)).scalar_one()
        mark_locked(session, deal)
        await make(session, deal, part, role=role, actor=actor)

    return run


MOVES = {
    "request": _with_deal(service.request),
    "lapse": _with_deal(service.lapse),
    "release": _with_deal(service.release),
}
