"""The table of late interest over time."""

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.deals.royalties.errors import LateInterestInPastError
from marketplace.deals.royalties.models import LateInterestRate
from marketplace.deals.royalties.schemas import LateInterestSet
from marketplace.kernel.db import now
from marketplace.kernel.events import publish


async def set_rate(
    session: AsyncSession, request: LateInterestSet, *, actor: Actor
) -> LateInterestRate:
    """Begin a new rate and end the open one on that day. Interest that was charged stays.

    Raises:
        LateInterestInPastError: nothing changed.
        LateInterestOverlapError: by the database.
    """
    today = now(session).date()
    valid_from = request.valid_from or today
    if valid_from < today:
        raise LateInterestInPastError
    query = (
        select(LateInterestRate)
        .where(col(LateInterestRate.currency) == request.currency)
        .where(col(LateInterestRate.valid_until).is_(None))
        .with_for_update()
    )
    current = (await session.execute(query)).scalar_one_or_none()
    if current is not None and current.valid_from < valid_from:
        current.valid_until = valid_from
        await session.flush()
    values = request.model_dump(exclude={"valid_from"})
    rate = LateInterestRate(created_at=now(session), valid_from=valid_from, **values)
    session.add(rate)
    told = {"replaces": current and current.id, "valid_from": valid_from, **values}
    subject = f"late_interest_rate:{rate.id}"
    publish(session, "late_interest_rate.set", subject=subject, actor=actor.label, data=told)
    await session.flush()
    return rate
