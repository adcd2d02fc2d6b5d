"""What enforcement brought is paid out: costs, then every claim by rank, then the pledgor."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.financing.loans.debts import Due
from marketplace.financing.loans.lifecycle import ACCRUING
from marketplace.financing.loans.models import Loan, LoanPledge
from marketplace.financing.loans.parties import instalments_of, scheduled
from marketplace.financing.loans.repaying import book_parts, conclude, note_paid
from marketplace.financing.loans.rules import late_rate
from marketplace.financing.offers.models import LoanOffer
from marketplace.financing.recovery.lifecycle import EnforcementState
from marketplace.financing.recovery.models import Enforcement
from marketplace.financing.recovery.ranking import Ranks, ranks_around
from marketplace.financing.recovery.rules import Claim, Debt, Distribution, waterfall
from marketplace.financing.recovery.schemas import OF_RIGHTS
from marketplace.kernel.db import lock, now
from marketplace.kernel.lifecycle import BY_SYSTEM, SYSTEM, move
from marketplace.payments.ledger.addresses import held, payable
from marketplace.payments.ledger.service import Booking, Posting, post


async def realise(session: AsyncSession, enforcement_id: UUID) -> None:
    """Its money has come: costs, then every claim by rank, then the pledgor."""
    seen = await session.get_one(Enforcement, enforcement_id)
    loan = await lock(session, Loan, seen.loan_id)
    enforcement = await lock(session, Enforcement, enforcement_id)
    if enforcement.state is EnforcementState.OPEN:
        await distribute(session, loan, enforcement)


async def distribute(session: AsyncSession, loan: Loan, enforcement: Enforcement) -> None:
    """Pay out what is held for an enforcement; it and its loan are locked."""
    offer = await session.get_one(LoanOffer, loan.offer_id)
    today = now(session).date()
    rate = late_rate(loan.rate_basis_points, offer.late_margin_basis_points)
    due = Due.of(scheduled(await instalments_of(session, loan.id)), rate, today)
    pledge = await _pledge_of(session, enforcement)
    ranks = Ranks((), ())
    if pledge is not None:
        ranks = await ranks_around(session, pledge.right_id, pledge.encumbrance_id, loan.currency)
    debt = due.debt(today) if loan.state in ACCRUING else Debt()
    secured = offer.secured_minor if pledge is not None else None
    found = _distribute(enforcement, ranks, Claim(debt, secured))
    own = found.paid[1 + len(ranks.before)]
    due.take(own.total_minor, today)
    _write(enforcement, found, own)
    move(session, enforcement, "realise", role=SYSTEM, actor=BY_SYSTEM, loan_id=loan.id)
    note_paid(loan, own)
    loan.costs_paid_minor += enforcement.costs_paid_minor
    await _book(session, loan, enforcement, pledge, ranks, found)
    if loan.state in ACCRUING:
        await conclude(session, loan)


def _distribute(enforcement: Enforcement, ranks: Ranks, own: Claim) -> Distribution:
    """The costs before everybody, then all claims by rank."""
    others = [
        [Claim(Debt(principal_minor=one.secured_minor)) for one in side]
        for side in (ranks.before, ranks.after)
    ]
    costs = Claim(Debt(costs_minor=enforcement.costs_minor))
    return waterfall(enforcement.amount_minor, [costs, *others[0], own, *others[1]])


def _write(enforcement: Enforcement, found: Distribution, own: Debt) -> None:
    enforcement.costs_paid_minor = found.paid[0].costs_minor
    enforcement.interest_minor = own.interest_minor
    enforcement.late_interest_minor = own.late_interest_minor
    enforcement.principal_minor = own.principal_minor
    enforcement.surplus_minor = found.surplus_minor
    enforcement.other_claims_minor = (
        enforcement.amount_minor
        - enforcement.costs_paid_minor
        - own.total_minor
        - found.surplus_minor
    )
    if enforcement.path not in OF_RIGHTS:
        enforcement.subrogated_minor = own.total_minor


async def _pledge_of(session: AsyncSession, enforcement: Enforcement) -> LoanPledge | None:
    query = select(LoanPledge).where(
        col(LoanPledge.loan_id) == enforcement.loan_id,
        col(LoanPledge.right_id) == enforcement.right_id,
    )
    return (await session.execute(query)).scalar_one_or_none()


async def _book(
    session: AsyncSession,
    loan: Loan,
    enforcement: Enforcement,
    pledge: LoanPledge | None,
    ranks: Ranks,
    found: Distribution,
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
    before, after = len(ranks.before), len(ranks.after)
    paid = [*found.paid[1 : 1 + before], *found.paid[2 + before : 2 + before + after]]
    postings = [
        Posting(held(enforcement.subject), payable(one.organisation_id), debt.total_minor)
        for one, debt in zip([*ranks.before, *ranks.after], paid, strict=True)
        if debt.total_minor
    ]
    if postings:
        await post(
            session,
            Booking(
                key=f"loan_other_claims:{enforcement.subject}",
                kind="loan_other_claims",
                subject=loan.subject,
                currency=loan.currency,
                postings=postings,
            ),
        )
