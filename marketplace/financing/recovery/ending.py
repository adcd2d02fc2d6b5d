"""A debt is over: nobody takes the collateral for it any more."""

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.assets.service import end_reservation
from marketplace.deals.auctions.models import Auction
from marketplace.deals.auctions.opening import call_off
from marketplace.financing.loans.models import Loan
from marketplace.financing.recovery.lifecycle import EnforcementState
from marketplace.financing.recovery.models import Enforcement
from marketplace.financing.recovery.queries import enforcements_of, undecided_auctions
from marketplace.kernel.db import lock
from marketplace.kernel.lifecycle import BY_SYSTEM, SYSTEM, move
from marketplace.payments.funding.service import cancel_request, is_paid


async def end_ways(session: AsyncSession, loan: Loan) -> None:
    """End what is under way of enforcement: auctions that nobody has won, and sales not paid.

    The money of one that is paid goes back when it is told of; an award stands.
    """
    for seen in await enforcements_of(session, loan.id):
        if seen.state is EnforcementState.OPEN and not await is_paid(session, seen.subject):
            enforcement = await lock(session, Enforcement, seen.id)
            move(session, enforcement, "abandon", role=SYSTEM, actor=BY_SYSTEM, loan_id=loan.id)
            await end_reservation(session, subject=enforcement.subject)
            await cancel_request(session, enforcement.subject, actor=BY_SYSTEM)
    for auction_id in await undecided_auctions(session, loan.id):
        auction = await lock(session, Auction, auction_id)
        await call_off(session, auction, role=SYSTEM, actor=BY_SYSTEM)
