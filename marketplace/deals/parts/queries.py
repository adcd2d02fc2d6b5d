from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.deals.lifecycle import DealState
from marketplace.deals.models import Deal
from marketplace.deals.parts.models import DealPart
from marketplace.kernel.db import mark_locked
from marketplace.payments.funding.models import PaymentRequest

ALONE: Final = ("release", "refund", "forgo")
"""What people do with a single part, once the right has passed and the deal goes on."""
ANY_TIME: Final = ("request", "confirm_milestone")


async def parts_of(
    session: AsyncSession, deal: Deal, *, for_update: bool = False
) -> Sequence[DealPart]:
    """The parts of a deal's price, by number; none of a deal that is paid at once."""
    if not deal.in_parts:
        return ()
    query = select(DealPart).where(col(DealPart.deal_id) == deal.id).order_by(col(DealPart.number))
    if for_update:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = (await session.execute(query)).scalars().all()
    if for_update:
        for part in found:
            mark_locked(session, part)
    return found


async def deal_of(session: AsyncSession, subject: str) -> Deal | None:
    """The deal that money is held for, be it under the deal or under one of its parts."""
    kind, _, name = subject.partition(":")
    if kind == "deal":
        return await session.get(Deal, UUID(name))
    if kind != "deal_part":
        return None
    query = select(Deal).join(DealPart, col(DealPart.deal_id) == col(Deal.id))
    return (await session.execute(query.where(col(DealPart.id) == UUID(name)))).scalar_one_or_none()


async def subjects_of(session: AsyncSession, deal: Deal) -> list[str]:
    """What a deal's money and history are kept under: the deal, and its parts."""
    return [deal.subject, *(part.subject for part in await parts_of(session, deal))]


async def requests_of(
    session: AsyncSession, subjects: Sequence[str]
) -> Mapping[str, PaymentRequest]:
    """The newest payment request of each subject that has one."""
    query = (
        select(PaymentRequest)
        .where(col(PaymentRequest.subject).in_(subjects))
        .ext(distinct_on(col(PaymentRequest.subject)))
        .order_by(col(PaymentRequest.subject), col(PaymentRequest.id).desc())
    )
    return {found.subject: found for found in (await session.execute(query)).scalars()}


def moves_of(deal: Deal, part: DealPart, role: str | None) -> list[str]:
    """What a side can do with a part now."""
    if role is None:
        return []
    alone = deal.state == DealState.PARTLY_RELEASED
    allowed = (*ANY_TIME, *ALONE) if alone else ANY_TIME
    return [name for name in part.lifecycle.open_to(part.state, role) if name in allowed]
