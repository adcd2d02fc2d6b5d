"""What enforcement brought is paid out: costs, then every claim by rank, then the pledgor."""

from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.assets.service import end_reservation
from marketplace.financing.loans.lifecycle import ACCRUING
from marketplace.financing.loans.models import Loan, LoanPledge
from marketplace.financing.loans.repaying import book_parts, conclude, due_of, note_paid
from marketplace.financing.offers.models import LoanOffer
from marketplace.financing.recovery.claims import Brought, use_claim
from marketplace.financing.recovery.lifecycle import EnforcementState
from marketplace.financing.recovery.models import Enforcement
from marketplace.financing.recovery.ranking import (
    Ranked,
    Ranks,
    claim_of,
    lock_ranks,
    ranks_around,
)
from marketplace.financing.recovery.rules import Claim, Debt, Distribution, waterfall
from marketplace.financing.recovery.schemas import OF_RIGHTS
from marketplace.kernel.db import lock, now
from marketplace.kernel.lifecycle import BY_SYSTEM, SYSTEM, move
from marketplace.payments.ledger.addresses import held, payable
from marketplace.payments.ledger.service import Booking, Posting, post


async def realise(session: AsyncSession, enforcement_id: UUID) -> None:
    """Its money has come: costs, then every claim by rank, then the pledgor.

    Of a loan that was repaid or waived meanwhile it goes back to who paid it.
    """
    seen = await session.get_one(Enforcement, enforcement_id)
    loan = await lock_ranks(session, seen.loan_id, seen.right_id)
    enforcement = await lock(session, Enforcement, enforcement_id)
    if enforcement.state is not EnforcementState.OPEN:
        return
    if loan.state in ACCRUING:
        await distribute(session, loan, enforcement)
    else:
        await _give_back(session, loan, enforcement)


async def _give_back(session: AsyncSession, loan: Loan, enforcement: Enforcement) -> None:
    move(session, enforcement, "abandon", role=SYSTEM, actor=BY_SYSTEM, loan_id=loan.id)
    await end_reservation(session, subject=enforcement.subject)
    payer = payable(enforcement.payer_organisation_id)
    await book_parts(
        session, loan, enforcement.subject, {"refund": (payer, enforcement.amount_minor)}
    )


async def distribute(session: AsyncSession, loan: Loan, enforcement: Enforcement) -> None:
    """Pay out what is held for an enforcement; it, its loan, and those of other ranks are locked.

    A pledgor who is the debtor gets what is left once the whole debt is paid, secured or not; a
    third party stands for no more than its pledge secures.
    """
    today = now(session).date()
    due = await due_of(session, loan, today)
    debt = due.debt(today) if loan.state in ACCRUING else Debt()
    pledge = await _pledge_of(session, enforcement)
    ranks = Ranks()
    if pledge is not None:
        ranks = await ranks_around(session, pledge.right_id, pledge.encumbrance_id, loan.currency)
    found = await _waterfall(session, loan, enforcement, ranks, debt, today)
    place = 1 + len(ranks.before)
    secured, left = found.paid[place].total_minor, found.surplus_minor
    if pledge is None or pledge.pledgor_organisation_id == loan.borrower_organisation_id:
        left -= min(left, debt.total_minor - secured)
    own = due.take(secured + found.surplus_minor - left, today)
    _write(enforcement, found.paid[0], own, left)
    move(session, enforcement, "realise", role=SYSTEM, actor=BY_SYSTEM, loan_id=loan.id)
    note_paid(loan, own)
    loan.costs_paid_minor += enforcement.costs_paid_minor
    await _book(session, loan, enforcement, pledge)
    others = [*found.paid[1:place], *found.paid[place + 1 :]]
    for ranked, paid in zip([*ranks.before, *ranks.after], others, strict=True):
        await _pay_other(session, loan, enforcement, ranked, paid.total_minor)
    if loan.state in ACCRUING:
        await conclude(session, loan)


async def _waterfall(
    session: AsyncSession,
    loan: Loan,
    enforcement: Enforcement,
    ranks: Ranks,
    debt: Debt,
    today: date,
) -> Distribution:
    """The costs before everybody, then all claims by rank."""
    offer = await session.get_one(LoanOffer, loan.offer_id)
    secured = offer.secured_minor if enforcement.path in OF_RIGHTS else None
    before = [await claim_of(session, one, today) for one in ranks.before]
    after = [await claim_of(session, one, today) for one in ranks.after]
    costs = Claim(Debt(costs_minor=enforcement.costs_minor))
    return waterfall(enforcement.amount_minor, [costs, *before, Claim(debt, secured), *after])


def _write(enforcement: Enforcement, costs: Debt, own: Debt, surplus_minor: int) -> None:
    enforcement.costs_paid_minor = costs.costs_minor
    enforcement.interest_minor = own.interest_minor
    enforcement.late_interest_minor = own.late_interest_minor
    enforcement.principal_minor = own.principal_minor
    enforcement.surplus_minor = surplus_minor
    used_minor = enforcement.costs_paid_minor + own.total_minor + surplus_minor
    enforcement.other_claims_minor = enforcement.amount_minor - used_minor
    if enforcement.path not in OF_RIGHTS:
        enforcement.subrogated_minor = own.total_minor


async def _pledge_of(session: AsyncSession, enforcement: Enforcement) -> LoanPledge | None:
    query = select(LoanPledge).where(
        col(LoanPledge.loan_id) == enforcement.loan_id,
        col(LoanPledge.right_id) == enforcement.right_id,
    )
    return (await session.execute(query)).scalar_one_or_none()


async def _book(
    session: AsyncSession, loan: Loan, enforcement: Enforcement, pledge: LoanPledge | None
) -> None:
    lender = payable(loan.lender_organisation_id)
    surplus_to = pledge.pledgor_organisation_id if pledge else enforcement.payer_organisation_id
    parts = {
        "loan_costs": (lender, enforcement.costs_paid_minor),
        "loan_interest": (lender, enforcement.interest_minor),
        "loan_late_interest": (lender, enforcement.late_interest_minor),
        "loan_principal": (lender, enforcement.principal_minor),
        "loan_surplus": (payable(surplus_to), enforcement.surplus_minor),
    }
    await book_parts(session, loan, enforcement.subject, parts)


async def _pay_other(
    session: AsyncSession, loan: Loan, enforcement: Enforcement, ranked: Ranked, amount_minor: int
) -> None:
    """Another creditor gets its part; where a loan of here is secured, that part pays it."""
    if not amount_minor:
        return
    assert ranked.organisation_id is not None
    source = held(enforcement.subject)
    if ranked.loan_id is not None:
        assert ranked.pledgor_organisation_id is not None
        name = f"{enforcement.subject}:{ranked.encumbrance_id}"
        brought = Brought(name, amount_minor, source, ranked.pledgor_organisation_id)
        await use_claim(session, await session.get_one(Loan, ranked.loan_id), brought)
        return
    await post(
        session,
        Booking(
            key=f"loan_other_claims:{enforcement.subject}:{ranked.encumbrance_id}",
            kind="loan_other_claims",
            subject=loan.subject,
            currency=loan.currency,
            postings=[Posting(source, payable(ranked.organisation_id), amount_minor)],
        ),
    )
