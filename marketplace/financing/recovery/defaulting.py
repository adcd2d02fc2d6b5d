"""A loan is called, or forgiven."""

from datetime import date, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.actors import Actor
from marketplace.financing.covenants.service import is_ripe
from marketplace.financing.errors import NotRipeError
from marketplace.financing.loans.debts import Due, running_interest
from marketplace.financing.loans.disbursing import pricing_of
from marketplace.financing.loans.lifecycle import LoanState
from marketplace.financing.loans.models import Loan
from marketplace.financing.loans.parties import instalments_of, lock_for, scheduled
from marketplace.financing.loans.planning import put_in_force
from marketplace.financing.loans.rules import late_rate
from marketplace.financing.loans.schedules import Instalment, rounded
from marketplace.financing.offers.models import LoanOffer
from marketplace.financing.recovery.ending import end_ways
from marketplace.kernel.db import now
from marketplace.kernel.lifecycle import move


async def call(session: AsyncSession, loan_id: UUID, *, actor: Actor) -> Loan:
    """Call a loan: all of it is due today.

    Raises:
        NotRipeError: it is not overdue for long enough, and every covenant was mended in time.
    """
    loan, role = await lock_for(session, loan_id, actor)
    loan.lifecycle.step(loan.state, "default", role=role)
    offer = await session.get_one(LoanOffer, loan.offer_id)
    today = now(session).date()
    patience = timedelta(days=offer.default_after_days)
    is_late = loan.overdue_since is not None and today - loan.overdue_since >= patience
    is_late = is_late and loan.state is LoanState.OVERDUE
    if not is_late and not await is_ripe(session, loan.id):
        raise NotRipeError
    move(session, loan, "default", role=role, actor=actor, outstanding=loan.outstanding_minor)
    loan.defaulted_on, loan.next_reset_on = today, None
    await _accelerate(session, loan, offer, today)
    return loan


async def _accelerate(session: AsyncSession, loan: Loan, offer: LoanOffer, today: date) -> None:
    """What was to come is due today: one instalment, or more of the one that is due today."""
    rows = scheduled(await instalments_of(session, loan.id))
    rate = late_rate(loan.rate_basis_points, offer.late_margin_basis_points)
    due = Due.of(rows, rate, today).rows
    rest = [row for row in rows if row not in due]
    if not rest:
        return
    balance, first = sum(row.principal_minor for row in rest), rest[0]
    if first.starts_on >= today and due:
        due[-1].principal_minor += balance
        await put_in_force(session, loan, (), replacing=rest, reason="default")
        return
    earned = running_interest(first, balance, pricing_of(loan, offer), today)
    whole = Instalment(first.number, first.starts_on, today, balance, rounded(earned), 0)
    await put_in_force(
        session,
        loan,
        [whole],
        replacing=rest,
        reason="default",
        running_basis_points=first.rate_basis_points,
    )


async def waive(session: AsyncSession, loan_id: UUID, *, actor: Actor) -> Loan:
    """Forgive what is still owed; the pledges are released as after a repayment."""
    loan, role = await lock_for(session, loan_id, actor)
    move(session, loan, "waive", role=role, actor=actor, outstanding=loan.outstanding_minor)
    loan.waived_minor = loan.outstanding_minor
    loan.accrued_interest_minor = loan.late_interest_minor = loan.overdue_minor = 0
    await end_ways(session, loan)
    return loan
