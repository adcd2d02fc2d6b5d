"""Repayments: asked for, paid from the bank into held funds, and used in the order of the law."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.financing.access import BORROWER, PLEDGOR
from marketplace.financing.covenants.service import mend_value
from marketplace.financing.errors import (
    InvalidLoanTermsError,
    NothingOwedError,
    ProceedsOutstandingError,
)
from marketplace.financing.loans.debts import Due, pricing_of_row, running_interest
from marketplace.financing.loans.disbursing import pricing_of
from marketplace.financing.loans.lifecycle import ACCRUING, LoanState
from marketplace.financing.loans.models import (
    Loan,
    LoanInstalment,
    LoanRepayment,
    RepaymentKind,
)
from marketplace.financing.loans.parties import instalments_of, lock_for, scheduled
from marketplace.financing.loans.planning import as_plan, note_prepayment, put_in_force
from marketplace.financing.loans.rules import late_rate, prepayable_minor, prepayment_fee_minor
from marketplace.financing.loans.schedules import replanned, rounded
from marketplace.financing.loans.schemas import RepaymentAsk
from marketplace.financing.offers.models import LoanOffer
from marketplace.financing.recovery.ending import end_ways
from marketplace.financing.recovery.queries import is_awarded
from marketplace.financing.recovery.rules import Debt
from marketplace.kernel.db import lock, now
from marketplace.kernel.lifecycle import BY_SYSTEM, SYSTEM, IllegalMoveError, NotYourMoveError, move
from marketplace.payments.funding.models import PaymentRequest
from marketplace.payments.funding.service import cancel_request, request_payment
from marketplace.payments.ledger.addresses import held, payable
from marketplace.payments.ledger.service import Booking, Posting, post

AHEAD_MAX: Final = timedelta(days=62)


async def ask(
    session: AsyncSession, loan_id: UUID, wanted: RepaymentAsk, *, actor: Actor
) -> tuple[LoanRepayment, PaymentRequest]:
    """Say what one is going to pay, as the debtor or a pledgor; an older request of that kind ends.

    Raises:
        NotYourMoveError: it is for the borrower and the pledgors.
        IllegalMoveError: the loan does not run.
        NothingOwedError: nothing of the kind is owed.
        InvalidLoanTermsError: it would arrive too long from now.
        RequestNotOpenError: the older one was paid meanwhile.
        ProceedsOutstandingError: the collateral is awarded, and its price is awaited.
    """
    loan, role = await lock_for(session, loan_id, actor)
    if role not in {BORROWER, PLEDGOR}:
        raise NotYourMoveError(f"repaying is for the debtor, and you act as {role}")
    if loan.state not in ACCRUING:
        raise IllegalMoveError(f"cannot repay a loan that is {loan.state}", state=loan.state)
    if await is_awarded(session, loan.id):
        raise ProceedsOutstandingError("collateral is awarded in an auction; its price comes first")
    await _end_open(session, loan, wanted.kind, actor)
    today = now(session).date()
    through = max(today, wanted.pay_on or today)
    if through - today > AHEAD_MAX:
        raise InvalidLoanTermsError(f"say what arrives within {AHEAD_MAX.days} days")
    amount = await _owed(session, loan, wanted, through)
    if amount <= 0:
        raise NothingOwedError
    return await request(
        session, loan, wanted.kind, amount, through=through, payer=actor.organisation_id
    )


async def request(
    session: AsyncSession,
    loan: Loan,
    kind: RepaymentKind,
    amount_minor: int,
    *,
    through: date,
    payer: UUID,
) -> tuple[LoanRepayment, PaymentRequest]:
    """Ask for a payment by bank transfer under a reference of its own."""
    repayment = LoanRepayment(
        created_at=now(session),
        loan_id=loan.id,
        kind=kind,
        payer_organisation_id=payer,
        amount_minor=amount_minor,
        through_on=through,
    )
    session.add(repayment)
    await session.flush()
    asked = await request_payment(
        session,
        subject=repayment.subject,
        payer=payer,
        amount_minor=amount_minor,
        currency=loan.currency,
    )
    return repayment, asked


async def _end_open(session: AsyncSession, loan: Loan, kind: RepaymentKind, actor: Actor) -> None:
    query = select(LoanRepayment).where(
        col(LoanRepayment.loan_id) == loan.id,
        col(LoanRepayment.kind) == kind,
        col(LoanRepayment.applied_at).is_(None),
        col(LoanRepayment.ended_at).is_(None),
    )
    for old in (await session.execute(query)).scalars().all():
        await cancel_request(session, old.subject, actor=actor)
        old.ended_at = now(session)
    await session.flush()


async def _owed(session: AsyncSession, loan: Loan, wanted: RepaymentAsk, through: date) -> int:
    """What a payment of a kind amounts to, when it comes on a day."""
    offer = await session.get_one(LoanOffer, loan.offer_id)
    rows = scheduled(await instalments_of(session, loan.id))
    due = Due.of(rows, late_rate(loan.rate_basis_points, offer.late_margin_basis_points), through)
    owed = due.debt(through).total_minor
    if wanted.kind is RepaymentKind.DUE:
        return min(owed, wanted.amount_minor or owed)
    if wanted.kind is RepaymentKind.PREPAYMENT:
        return wanted.amount_minor or 0
    rest = [row for row in rows if row not in due.rows]
    return owed + sum(settlement(loan, offer, rest, through, offer.prepayment_fee_basis_points))


async def due_of(session: AsyncSession, loan: Loan, through: date) -> Due:
    """The instalments of a loan that are due on a day."""
    offer = await session.get_one(LoanOffer, loan.offer_id)
    rate = late_rate(loan.rate_basis_points, offer.late_margin_basis_points)
    return Due.of(scheduled(await instalments_of(session, loan.id)), rate, through)


async def whole_debt(session: AsyncSession, loan: Loan, on: date) -> Debt:
    """All that is owed if a running or called loan ends on a day, without a fee for that."""
    offer = await session.get_one(LoanOffer, loan.offer_id)
    rows = scheduled(await instalments_of(session, loan.id))
    due = await due_of(session, loan, on)
    debt = due.debt(on)
    rest = [row for row in rows if row not in due.rows]
    earned, balance, _ = settlement(loan, offer, rest, on, 0)
    return Debt(
        interest_minor=debt.interest_minor + earned,
        late_interest_minor=debt.late_interest_minor,
        principal_minor=debt.principal_minor + balance,
    )


def _fee_rate(offer: LoanOffer, kind: RepaymentKind) -> int:
    """What a pledge brings was not prepaid by choice."""
    return 0 if kind is RepaymentKind.CLAIM else offer.prepayment_fee_basis_points


def settlement(
    loan: Loan, offer: LoanOffer, rest: Sequence[LoanInstalment], on: date, fee_rate: int
) -> tuple[int, int, int]:
    """What ends a loan early beside what is due: interest of the period, principal, fee."""
    if not rest:
        return 0, 0, 0
    balance = sum(row.principal_minor for row in rest)
    earned = rounded(running_interest(rest[0], balance, pricing_of(loan, offer), on))
    fee = prepayment_fee_minor(balance, fee_rate, **_days(loan, on))
    return earned, balance, fee


def _days(loan: Loan, on: date) -> dict[str, int]:
    assert loan.starts_on is not None
    assert loan.ends_on is not None
    return {
        "remaining_days": max(0, (loan.ends_on - on).days),
        "total_days": (loan.ends_on - loan.starts_on).days,
    }


async def on_repaid(session: AsyncSession, repayment_id: UUID) -> None:
    """A payment has come; told again, nothing happens."""
    seen = await session.get_one(LoanRepayment, repayment_id)
    loan = await lock(session, Loan, seen.loan_id)
    repayment = await lock(session, LoanRepayment, repayment_id)
    if repayment.applied_at is not None:
        return
    if loan.state in ACCRUING:
        await use(session, loan, repayment)
        await mend_value(session, loan)
    else:
        repayment.returned_minor = repayment.amount_minor
    repayment.applied_at = now(session)
    await book(session, loan, repayment)


async def use(session: AsyncSession, loan: Loan, repayment: LoanRepayment) -> None:
    """Use a payment for what is due, then for what is prepaid; the rest goes back."""
    offer = await session.get_one(LoanOffer, loan.offer_id)
    today = now(session).date()
    rows = scheduled(await instalments_of(session, loan.id))
    rate = late_rate(loan.rate_basis_points, offer.late_margin_basis_points)
    due = Due.of(rows, rate, max(today, repayment.through_on))
    paid = due.take(repayment.amount_minor, today)
    note_paid(loan, paid)
    repayment.interest_minor = paid.interest_minor
    repayment.late_interest_minor = paid.late_interest_minor
    repayment.principal_minor = paid.principal_minor
    left = repayment.amount_minor - paid.total_minor
    rest = [row for row in rows if row not in due.rows]
    if left and rest and repayment.kind != RepaymentKind.DUE:
        left = await _prepay(session, loan, offer, repayment, rest, left)
    repayment.returned_minor = left
    await conclude(session, loan)


async def _prepay(
    session: AsyncSession,
    loan: Loan,
    offer: LoanOffer,
    repayment: LoanRepayment,
    rest: Sequence[LoanInstalment],
    left: int,
) -> int:
    """Use what is left for principal that is not due yet; what still remains."""
    today = now(session).date()
    fee_rate = _fee_rate(offer, repayment.kind)
    earned, balance, fee = settlement(loan, offer, rest, today, fee_rate)
    if left >= earned + balance + fee:
        await put_in_force(session, loan, (), replacing=rest, reason="settlement")
        await note_prepayment(session, loan, today, principal_minor=balance, interest_minor=earned)
    else:
        days = _days(loan, today)
        earned, balance = 0, min(balance, prepayable_minor(left, fee_rate, **days))
        fee = prepayment_fee_minor(balance, fee_rate, **days)
        await _replan(session, loan, offer, rest, balance)
    note_paid(loan, Debt(interest_minor=earned, principal_minor=balance))
    loan.fees_paid_minor += fee
    repayment.interest_minor += earned
    repayment.principal_minor += balance
    repayment.fee_minor = fee
    return left - earned - balance - fee


async def _replan(
    session: AsyncSession,
    loan: Loan,
    offer: LoanOffer,
    rest: Sequence[LoanInstalment],
    prepaid_minor: int,
) -> None:
    today = now(session).date()
    balance, first = sum(row.principal_minor for row in rest), rest[0]
    pricing = pricing_of(loan, offer)
    rows = replanned(
        offer.schedule,
        as_plan(rest, balance),
        balance - prepaid_minor,
        pricing,
        run_until=today,
        run_interest=running_interest(first, balance, pricing, today),
        running=pricing_of_row(first, pricing),
    )
    await note_prepayment(session, loan, today, principal_minor=prepaid_minor)
    runs = first.rate_basis_points if first.starts_on < today else None
    await put_in_force(
        session,
        loan,
        rows,
        replacing=rest,
        reason="prepayment",
        running_basis_points=runs,
    )


def note_paid(loan: Loan, paid: Debt) -> None:
    """Add what was paid to the loan's own sums."""
    loan.costs_paid_minor += paid.costs_minor
    loan.interest_paid_minor += paid.interest_minor
    loan.late_interest_paid_minor += paid.late_interest_minor
    loan.principal_paid_minor += paid.principal_minor


async def conclude(session: AsyncSession, loan: Loan) -> None:
    """After a payment: the loan is repaid, or no longer overdue, or goes on as it is."""
    await session.flush()
    offer = await session.get_one(LoanOffer, loan.offer_id)
    today = now(session).date()
    rows = scheduled(await instalments_of(session, loan.id))
    rate = late_rate(loan.rate_basis_points, offer.late_margin_basis_points)
    debt = Due.of(rows, rate, today).debt(today)
    loan.late_interest_minor = debt.late_interest_minor
    late = [row for row in rows if row.due_on < today and row.unpaid_minor]
    loan.overdue_minor = sum(row.unpaid_minor for row in late)
    loan.overdue_since = min((row.due_on for row in late), default=None)
    if not loan.outstanding_minor and not any(row.unpaid_minor for row in rows):
        if not debt.total_minor:
            loan.accrued_interest_minor = 0
            move(session, loan, "repay", role=SYSTEM, actor=BY_SYSTEM)
            await end_ways(session, loan)
    elif loan.state is LoanState.OVERDUE and not late:
        move(session, loan, "catch_up", role=SYSTEM, actor=BY_SYSTEM)


async def book(session: AsyncSession, loan: Loan, repayment: LoanRepayment) -> None:
    """Where a payment went."""
    lender = payable(loan.lender_organisation_id)
    parts = {
        "loan_interest": (lender, repayment.interest_minor),
        "loan_late_interest": (lender, repayment.late_interest_minor),
        "loan_principal": (lender, repayment.principal_minor),
        "loan_fee": (lender, repayment.fee_minor),
        "loan_return": (payable(repayment.payer_organisation_id), repayment.returned_minor),
    }
    await book_parts(session, loan, repayment.subject, parts)


async def book_parts(
    session: AsyncSession, loan: Loan, paid_for: str, parts: Mapping[str, tuple[str, int]]
) -> None:
    """One movement for each part, so that the ledger itself tells principal from interest.

    Args:
        session: the payment is held in it.
        loan: whose movements they are.
        paid_for: what the money is held for.
        parts: by kind, the account that gets it and how much; nothing is left out.
    """
    for kind, (destination, amount_minor) in parts.items():
        if amount_minor:
            await post(
                session,
                Booking(
                    key=f"{kind}:{paid_for}",
                    kind=kind,
                    subject=loan.subject,
                    currency=loan.currency,
                    postings=[Posting(held(paid_for), destination, amount_minor)],
                ),
            )


async def on_request_ended(session: AsyncSession, repayment_id: UUID) -> None:
    """A payment that was asked for was not made in time: it can be asked for anew."""
    repayment = await lock(session, LoanRepayment, repayment_id)
    if repayment.applied_at is None and repayment.ended_at is None:
        repayment.ended_at = now(session)
