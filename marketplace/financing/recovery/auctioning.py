"""Collateral by auction: what comes of it goes through the waterfall as any enforcement does."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.deals.auctions.models import Auction, AuctionBidder
from marketplace.deals.auctions.opening import Lot, announce
from marketplace.deals.auctions.schemas import AuctionTerms
from marketplace.financing.errors import ProceedsOutstandingError
from marketplace.financing.loans.parties import lock_for
from marketplace.financing.recovery.distributing import distribute
from marketplace.financing.recovery.enforcing import require_pledged
from marketplace.financing.recovery.lifecycle import EnforcementState
from marketplace.financing.recovery.models import (
    CollateralAuction,
    Enforcement,
    EnforcementPath,
)
from marketplace.financing.recovery.ranking import lock_ranks, require_payable
from marketplace.financing.recovery.schemas import CollateralAuctionStart
from marketplace.kernel.db import lock, now
from marketplace.kernel.events import Fact
from marketplace.kernel.lifecycle import BY_SYSTEM, begin, move
from marketplace.kernel.money import CurrencyMismatchError
from marketplace.payments.ledger.addresses import held
from marketplace.payments.ledger.service import Booking, Posting, post


async def start(
    session: AsyncSession, loan_id: UUID, wanted: CollateralAuctionStart, *, actor: Actor
) -> Auction:
    """Auction a right that secures a called loan; it is reserved meanwhile.

    Raises:
        NotYourMoveError, IllegalMoveError: not for this side, or the loan was not called.
        NotFoundError: the right does not secure the loan.
        CurrencyMismatchError, InvalidAuctionTermsError: by these terms nobody could bid.
        ProceedsOutstandingError: another way of enforcement of the right is open, or another
            pledge of it could not be paid.
        AuctionExistsError, RightReservedError: by the database, when another was first.
    """
    loan, role = await lock_for(session, loan_id, actor)
    path = EnforcementPath.AUCTION
    move(session, loan, "enforce", role=role, actor=actor, path=path)
    pledge = await require_pledged(session, loan, wanted.right_id)
    if wanted.currency != loan.currency:
        raise CurrencyMismatchError(f"the loan is in {loan.currency}")
    await require_payable(session, pledge.right_id, pledge.encumbrance_id, loan.currency)
    terms = AuctionTerms(**wanted.model_dump(exclude={"right_id", "costs_minor"}))
    lot = Lot(pledge.right_id, loan.lender_organisation_id, pledge.pledgor_organisation_id)
    auction = await announce(session, lot, terms, [pledge.right_id], actor=actor)
    await _require_no_other(session, pledge.right_id)
    session.add(
        CollateralAuction(
            created_at=now(session),
            auction_id=auction.id,
            loan_id=loan.id,
            costs_minor=wanted.costs_minor,
        )
    )
    await session.flush()
    return auction


async def _require_no_other(session: AsyncSession, right_id: UUID) -> None:
    query = select(Enforcement.id).where(
        col(Enforcement.right_id) == right_id,
        col(Enforcement.path) != EnforcementPath.AUCTION,
        col(Enforcement.state) != EnforcementState.ABANDONED,
        col(Enforcement.recorded_at).is_(None),
    )
    if (await session.execute(query.limit(1))).first() is not None:
        raise ProceedsOutstandingError


async def auctions_of(session: AsyncSession, loan_id: UUID) -> Sequence[Auction]:
    query = (
        select(Auction)
        .join(CollateralAuction, col(CollateralAuction.auction_id) == col(Auction.id))
        .where(col(CollateralAuction.loan_id) == loan_id)
        .order_by(col(Auction.id).desc())
        .limit(100)
    )
    return (await session.execute(query)).scalars().all()


async def on_price(session: AsyncSession, fact: Fact) -> None:
    """The price of an auction of collateral is held."""
    auction_id = UUID(fact.subject.removeprefix("auction:"))
    await _realise(session, auction_id, f"price:{fact.subject}", fact.data)


async def on_forfeit(session: AsyncSession, fact: Fact) -> None:
    """A deposit was forfeited; of collateral it is held for who has claims to it."""
    bidder = await session.get_one(
        AuctionBidder, UUID(fact.subject.removeprefix("auction_bidder:"))
    )
    told = {**fact.data, "organisation_id": bidder.organisation_id}
    await _realise(session, bidder.auction_id, f"forfeit:{fact.subject}", told)


async def _realise(
    session: AsyncSession, auction_id: UUID, key: str, told: Mapping[str, Any]
) -> None:
    """Make an enforcement of what an auction brought, and distribute it at once.

    The costs are taken once, from what comes first. The key of the booking lets it happen once.
    """
    query = select(CollateralAuction).where(col(CollateralAuction.auction_id) == auction_id)
    seen = (await session.execute(query)).scalar_one_or_none()
    if seen is None or not told["amount_minor"]:
        return  # of a listing, whose deal is paid as any other; or no deposit was asked for
    auction = await session.get_one(Auction, auction_id)
    loan = await lock_ranks(session, seen.loan_id, auction.right_id)
    link = await lock(session, CollateralAuction, seen.id)
    enforcement = Enforcement(
        created_at=now(session),
        loan_id=loan.id,
        path=EnforcementPath.AUCTION,
        right_id=auction.right_id,
        payer_organisation_id=UUID(str(told["organisation_id"])),
        amount_minor=told["amount_minor"],
        costs_minor=link.costs_minor - link.costs_paid_minor,
    )
    begin(session, enforcement, BY_SYSTEM, loan_id=loan.id, path=enforcement.path)
    await session.flush()
    await post(
        session,
        Booking(
            key=f"auction_proceeds:{key}",
            kind="auction_proceeds",
            subject=auction.subject,
            currency=loan.currency,
            postings=[
                Posting(held(auction.subject), held(enforcement.subject), enforcement.amount_minor)
            ],
        ),
    )
    await distribute(session, loan, await lock(session, Enforcement, enforcement.id))
    link.costs_paid_minor += enforcement.costs_paid_minor
