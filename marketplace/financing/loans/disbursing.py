"""The lender's money has come: it is paid out, and the loan runs."""

from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.assets.standing.days import months_after
from marketplace.financing.collateral import lock_rights, prior_claims, require_within
from marketplace.financing.errors import (
    LimitExceededError,
    PartiesMissingError,
    PledgesNotRegisteredError,
)
from marketplace.financing.loans.day_counts import DayCount
from marketplace.financing.loans.lifecycle import LoanState
from marketplace.financing.loans.models import Loan, LoanParticipant, LoanPledge
from marketplace.financing.loans.parties import missing_roles, participants_of, pledges_of
from marketplace.financing.loans.planning import put_in_force
from marketplace.financing.loans.rules import guarantee_fee_minor
from marketplace.financing.loans.schedules import Pricing, periods, schedule
from marketplace.financing.offers.models import LoanOffer
from marketplace.financing.requests.models import FinancingRequest
from marketplace.financing.schemes.service import base_rate
from marketplace.kernel.db import lock, now
from marketplace.kernel.lifecycle import BY_SYSTEM, SYSTEM, move
from marketplace.payments.ledger.addresses import held, payable
from marketplace.payments.ledger.service import Booking, Posting, post

_IS_SECURED: Final = text("SELECT loan_is_secured(:id, :until)")


async def disburse(session: AsyncSession, loan_id: UUID) -> None:
    """Pay a loan out; told again, nothing happens.

    What stands against it is told to both sides, and the money waits: until that is mended, or
    the loan is given up and its lender gets the money back.

    Raises:
        PledgesNotRegisteredError: by the database, which looks at the register itself.
    """
    loan = await lock(session, Loan, loan_id)
    if loan.state is not LoanState.PLEDGE_REGISTERED:
        return
    offer = await session.get_one(LoanOffer, loan.offer_id)
    today = now(session).date()
    until = months_after(today, offer.term_months)
    loan.held_back = await _stands_against(session, loan, offer, until)
    if loan.held_back is not None:
        move(session, loan, "refuse", role=SYSTEM, actor=BY_SYSTEM, code=loan.held_back)
        return
    loan.starts_on, loan.accrued_on, loan.ends_on = today, today, until
    loan.disbursed_minor, loan.fees_paid_minor = loan.principal_minor, offer.fee_minor
    if offer.base_rate_name and offer.reset_months:
        loan.rate_basis_points = await base_rate(session, offer.base_rate_name, today)
        loan.rate_basis_points += offer.spread_basis_points or 0
        loan.next_reset_on = months_after(today, offer.reset_months)
    told: dict[str, Any] = {"amount_minor": loan.principal_minor, "currency": loan.currency}
    move(session, loan, "disburse", role=SYSTEM, actor=BY_SYSTEM, **told)
    await session.flush()
    rows = schedule(
        offer.schedule,
        loan.principal_minor,
        periods(today, term_months=offer.term_months, months_each=offer.months_each),
        pricing_of(loan, offer),
        custom=offer.custom_minor,
    )
    await put_in_force(session, loan, rows, reason="disbursement")
    await _book(session, loan, offer.fee_minor)
    request = await lock(session, FinancingRequest, loan.request_id)
    move(session, request, "finance", role=SYSTEM, actor=BY_SYSTEM, loan_id=loan.id)


async def _stands_against(
    session: AsyncSession, loan: Loan, offer: LoanOffer, until: date
) -> str | None:
    """The code of what keeps a loan from being paid out; None where nothing does."""
    ids = [one.right_id for one in await pledges_of(session, loan.id)]
    await lock_rights(session, ids)
    values = {"id": loan.id, "until": until}
    if not (await session.execute(_IS_SECURED, values)).scalar_one():
        return PledgesNotRegisteredError.code
    if await missing_roles(session, loan, offer):
        return PartiesMissingError.code
    prior = await prior_claims(session, ids, loan.currency, loan_id=loan.id)
    try:
        require_within(
            loan.principal_minor, prior, offer.eligible_minor, offer.ltv_max_basis_points
        )
    except LimitExceededError as error:
        return error.code
    return None


async def try_again(session: AsyncSession, right_id: UUID) -> None:
    """A right's standing changed: what waited for it may be paid out."""
    query = (
        select(Loan.id)
        .join(LoanPledge, col(LoanPledge.loan_id) == col(Loan.id))
        .where(col(LoanPledge.right_id) == right_id, col(Loan.held_back).is_not(None))
        .order_by(col(Loan.id))
    )
    for loan_id in (await session.execute(query)).scalars().all():
        await disburse(session, loan_id)


def pricing_of(loan: Loan, offer: LoanOffer) -> Pricing:
    return Pricing(loan.rate_basis_points, DayCount(offer.day_count), loan.starts_on)


async def _book(session: AsyncSession, loan: Loan, fee_minor: int) -> None:
    """What is kept back for the lender and for who guarantees, and the rest to the borrower."""
    source = held(loan.subject)
    parts = [(loan.lender_organisation_id, fee_minor)]
    parts += [
        (one.organisation_id, _guarantee_fee(loan, one))
        for one in await participants_of(session, loan.id)
    ]
    kept = sum(minor for _, minor in parts)
    parts.append((loan.borrower_organisation_id, loan.principal_minor - kept))
    postings = [Posting(source, payable(to), minor) for to, minor in parts if minor > 0]
    await post(
        session,
        Booking(
            key=f"disburse:{loan.subject}",
            kind="loan_disburse",
            subject=loan.subject,
            currency=loan.currency,
            postings=postings,
        ),
    )


def _guarantee_fee(loan: Loan, one: LoanParticipant) -> int:
    """Of the whole term, in advance."""
    if not (one.fee_basis_points and one.cap_minor and loan.starts_on and loan.ends_on):
        return 0
    return guarantee_fee_minor(one.cap_minor, one.fee_basis_points, loan.starts_on, loan.ends_on)
