"""What licences do when their deal is paid, and when the registers of their rights change."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.assets.models import LegalStatus, Right
from marketplace.deals import settling
from marketplace.deals.co_owners.service import require_owners_of_now
from marketplace.deals.licences import service
from marketplace.deals.licences.lifecycle import LIVE
from marketplace.deals.licences.models import Licence, LicenceRight
from marketplace.deals.lifecycle import DealState
from marketplace.deals.models import Deal
from marketplace.deals.parts.queries import deal_of
from marketplace.deals.royalties.accrual import ceased_from
from marketplace.deals.transferring import pass_title
from marketplace.kernel.db import lock, now
from marketplace.kernel.errors import ConflictError
from marketplace.kernel.events import Fact
from marketplace.kernel.lifecycle import BY_SYSTEM, SYSTEM, move
from marketplace.listings.deal_types import DealType

GONE = frozenset(
    (
        *(LegalStatus.REFUSED, LegalStatus.WITHDRAWN, LegalStatus.SURRENDERED),
        *(LegalStatus.INVALIDATED, LegalStatus.EXPIRED),
    )
)
"""What no payment restores; after a lapse the licence rests, and nothing accrues."""


async def on_money(session: AsyncSession, subject: str) -> None:
    """Money has come for a deal: when it is all there, its licence is granted, or it goes back.

    Another may have been granted in the same scope since the text was signed. Told again, nothing
    happens.
    """
    seen = await deal_of(session, subject)
    if seen is None or seen.type is DealType.SALE:
        return
    deal_id = seen.id
    deal = await lock(session, Deal, deal_id)
    if deal.state is not DealState.FUNDED or deal.title_passed:
        return
    try:
        async with session.begin_nested():
            await require_owners_of_now(session, deal)
            by_contract = await service.grant_all(session, deal)
    except ConflictError as error:
        deal = await lock(session, Deal, deal_id)  # what was undone is no longer loaded
        await settling.refund(session, deal, role=SYSTEM, actor=BY_SYSTEM)
        deal.dispute_reason = f"the licence could no longer be granted: {error.code}"
        return
    if by_contract:
        move(session, deal, "take_effect", role=SYSTEM, actor=BY_SYSTEM)
        await pass_title(session, deal, actor=BY_SYSTEM)


async def on_signed(session: AsyncSession, fact: Fact) -> None:
    """A licence whose whole price is a running royalty is granted without a payment."""
    deal = await lock(session, Deal, UUID(fact.subject.removeprefix("deal:")))
    if deal.state is DealState.SIGNED and not deal.price_minor:
        move(session, deal, "fund", role=SYSTEM, actor=BY_SYSTEM)
        await on_money(session, deal.subject)


async def on_standing(session: AsyncSession, fact: Fact) -> None:
    """A right is gone for good: licences end of which it was the last one."""
    right_id = UUID(fact.subject.removeprefix("right:"))
    right = await session.get(Right, right_id)
    if right is None or right.legal_status not in GONE:
        return
    query = (
        select(Licence.id)
        .join(LicenceRight, col(LicenceRight.licence_id) == col(Licence.id))
        .where(col(LicenceRight.right_id) == right_id, col(Licence.state).in_(LIVE))
        .order_by(col(Licence.id))
    )
    for licence_id in (await session.execute(query)).scalars().all():
        licence = await lock(session, Licence, licence_id)
        since = await ceased_from(session, licence)
        if licence.state in LIVE and since and await _all_gone(session, licence):
            await service.cease(session, licence, min(since, now(session).date()))


async def _all_gone(session: AsyncSession, licence: Licence) -> bool:
    query = (
        select(Right.legal_status)
        .join(LicenceRight, col(LicenceRight.right_id) == col(Right.id))
        .where(col(LicenceRight.licence_id) == licence.id)
    )
    return set((await session.execute(query)).scalars()) <= GONE
