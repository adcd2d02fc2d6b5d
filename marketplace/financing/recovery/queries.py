"""What is under way of enforcement, and what was taken of it."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.deals.auctions.lifecycle import LIVE, AuctionState
from marketplace.deals.auctions.models import Auction
from marketplace.financing.errors import ProceedsOutstandingError
from marketplace.financing.recovery.lifecycle import EnforcementState
from marketplace.financing.recovery.models import Enforcement

_AUCTIONED: Final = text(
    """
    SELECT EXISTS (
        SELECT FROM collateral_auction c JOIN auction a ON a.id = c.auction_id
        WHERE c.loan_id = :loan_id AND (
            a.state NOT IN ('paid', 'sold', 'unsold', 'cancelled')
            OR EXISTS (
                SELECT FROM auction_bidder b WHERE b.auction_id = a.id AND b.state = 'admitted')
            OR EXISTS (
                SELECT FROM ledger_account l
                WHERE l.address = 'held:auction:' || a.id AND l.balance_minor > 0)))
    """
)
"""Whether an auction runs, or what it brought was not distributed yet."""


async def enforcements_of(session: AsyncSession, loan_id: UUID) -> Sequence[Enforcement]:
    query = select(Enforcement).where(col(Enforcement.loan_id) == loan_id)
    return (await session.execute(query.order_by(col(Enforcement.id)).limit(100))).scalars().all()


async def is_under_way(session: AsyncSession, loan_id: UUID) -> bool:
    """Whether money of an enforcement is still awaited, or an auction of collateral runs."""
    query = select(Enforcement.id).where(
        col(Enforcement.loan_id) == loan_id, col(Enforcement.state) == EnforcementState.OPEN
    )
    if (await session.execute(query.limit(1))).first() is not None:
        return True
    return bool((await session.execute(_AUCTIONED, {"loan_id": loan_id})).scalar_one())


async def require_not_auctioned(session: AsyncSession, right_id: UUID) -> None:
    """Refuse another way of enforcement while a right is in an auction.

    Raises:
        ProceedsOutstandingError: it is.
    """
    query = select(Auction.id).where(
        col(Auction.right_id) == right_id, col(Auction.state).in_((*LIVE, AuctionState.LAPSED))
    )
    if (await session.execute(query.limit(1))).first() is not None:
        raise ProceedsOutstandingError("the right is in an auction")
