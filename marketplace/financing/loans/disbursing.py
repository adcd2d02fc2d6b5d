"""The lender's money has come: it is paid out, and the loan runs."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.assets.standing.days import months_after
from marketplace.financing.loans.lifecycle import LoanState
from marketplace.financing.loans.models import Loan
from marketplace.financing.loans.planning import put_in_force
from marketplace.financing.loans.schedules import Pricing, periods, schedule
from marketplace.financing.offers.models import LoanOffer
from marketplace.financing.requests.models import FinancingRequest
from marketplace.financing.schemes.service import base_rate
from marketplace.kernel.db import lock, now
from marketplace.kernel.lifecycle import BY_SYSTEM, SYSTEM, move
from marketplace.payments.ledger.addresses import held, payable
from marketplace.payments.ledger.service import Booking, Posting, post


async def disburse(session: AsyncSession, loan_id: UUID) -> None:
    """Pay a loan out; told again, nothing happens.

    Raises:
        PledgesNotRegisteredError: by the database, which looks at the register itself.
    """
    loan = await lock(session, Loan, loan_id)
    if loan.state is not LoanState.PLEDGE_REGISTERED:
        return
    offer = await session.get_one(LoanOffer, loan.offer_id)
    today = now(session).date()
    loan.starts_on, loan.accrued_on = today, today
    loan.ends_on = months_after(today, offer.term_months)
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


def pricing_of(loan: Loan, offer: LoanOffer) -> Pricing:
    return Pricing(loan.rate_basis_points, offer.day_count)


async def _book(session: AsyncSession, loan: Loan, fee_minor: int) -> None:
    source = held(loan.subject)
    postings = [
        Posting(source, payable(loan.borrower_organisation_id), loan.principal_minor - fee_minor)
    ]
    if fee_minor:
        postings.append(Posting(source, payable(loan.lender_organisation_id), fee_minor))
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
