"""What is under way of enforcement, and what was taken of it."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from marketplace.deals.auctions.lifecycle import BEFORE_AWARD, LIVE, AuctionState
from marketplace.deals.auctions.models import Auction
from marketplace.financing.errors import ProceedsOutstandingError
from marketplace.financing.loans.models import LoanParticipant
from marketplace.financing.recovery.lifecycle import EnforcementState
from marketplace.financing.recovery.models import ROLE_OF, CollateralAuction, Enforcement

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


async def claimed_minor(session: AsyncSession, loan_id: UUID, party: LoanParticipant) -> int:
    """What somebody who stands for a loan has paid for it already, or is asked to."""
    paths = [path for path, role in ROLE_OF.items() if role == party.role]
    query = select(Enforcement).where(
        col(Enforcement.loan_id) == loan_id,
        col(Enforcement.payer_organisation_id) == party.organisation_id,
        col(Enforcement.path).in_(paths),
        col(Enforcement.state) != EnforcementState.ABANDONED,
    )
    found = (await session.execute(query)).scalars().all()
    return sum(
        one.amount_minor if one.state is EnforcementState.OPEN else one.subrogated_minor
        for one in found
    )


async def is_awarded(session: AsyncSession, loan_id: UUID) -> bool:
    """Whether somebody was awarded a right that secures a loan, and has yet to pay."""
    query = select(Auction.id).where(
        col(Auction.id).in_(_auctions(loan_id)), col(Auction.state) == AuctionState.AWARDED
    )
    return (await session.execute(query.limit(1))).first() is not None


async def undecided_auctions(session: AsyncSession, loan_id: UUID) -> Sequence[UUID]:
    """Auctions of what secures a loan that nobody has won."""
    query = select(Auction.id).where(
        col(Auction.id).in_(_auctions(loan_id)), col(Auction.state).in_(BEFORE_AWARD)
    )
    return (await session.execute(query.order_by(col(Auction.id)))).scalars().all()


def _auctions(loan_id: UUID) -> SelectOfScalar[UUID]:
    return select(CollateralAuction.auction_id).where(col(CollateralAuction.loan_id) == loan_id)


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
