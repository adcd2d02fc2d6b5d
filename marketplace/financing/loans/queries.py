from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.documents.signatures import newest, signatures_of
from marketplace.financing.loans.debts import late_now
from marketplace.financing.loans.lifecycle import LoanState
from marketplace.financing.loans.models import Loan, LoanInstalment, LoanRepayment, LoanSchedule
from marketplace.financing.loans.parties import (
    instalments_of,
    pledges_of,
    role_in,
    visible_to,
)
from marketplace.financing.loans.rules import late_rate
from marketplace.financing.loans.schemas import (
    ContractRead,
    InstalmentRead,
    LoanRead,
    PledgeRead,
    ScheduleRead,
    ScheduleVersionRead,
    StatementLine,
)
from marketplace.financing.offers.models import LoanOffer
from marketplace.kernel.db import now
from marketplace.kernel.pagination import page_by_id
from marketplace.kernel.schemas import Amount
from marketplace.payments.funding.models import PaymentRequest
from marketplace.payments.funding.service import request_of
from marketplace.payments.ledger.queries import postings_of
from marketplace.payments.online.instructions import instructions
from marketplace.payments.online.schemas import PaymentInstructions
from marketplace.payments.providers.port import WaysToPay

_HIDDEN: Final = frozenset(
    {"repay", "fall_overdue", "catch_up", "recover", "review", "remind", "withdraw"}
)


async def loans_page(
    session: AsyncSession, actor: Actor, *, cursor: str | None, limit: int
) -> tuple[Sequence[Loan], str | None]:
    """The actor's loans on any side, newest first."""
    return await page_by_id(session, visible_to(actor), Loan, cursor=cursor, limit=limit)


async def read_loan(session: AsyncSession, loan: Loan, actor: Actor, ways: WaysToPay) -> LoanRead:
    """A loan with its pledges, and what the actor may do."""
    await session.flush()
    role = await role_in(session, loan, actor)
    own = LoanRead.model_fields.keys() & Loan.model_fields.keys()

    def amount(minor: int) -> Amount:
        return Amount(amount_minor=minor, currency=loan.currency)

    payment = None
    if loan.state is LoanState.PLEDGE_REGISTERED:
        asked = await request_of(session, loan.subject)
        payment = await payment_of(session, asked, ways, [loan.borrower_organisation_id])
    return LoanRead(
        **{name: getattr(loan, name) for name in own},
        principal=amount(loan.principal_minor),
        outstanding=amount(loan.outstanding_minor),
        accrued_interest=amount(loan.accrued_interest_minor),
        late_interest=amount(loan.late_interest_minor),
        overdue=amount(loan.overdue_minor),
        loss=amount(loan.loss_minor),
        pledges=[PledgeRead.model_validate(one) for one in await pledges_of(session, loan.id)],
        payment=payment,
        your_moves=[n for n in loan.lifecycle.open_to(loan.state, role) if n not in _HIDDEN],
    )


async def payment_of(
    session: AsyncSession,
    asked: PaymentRequest | None,
    ways: WaysToPay,
    payees: Sequence[UUID],
) -> PaymentInstructions | None:
    """How a request is paid."""
    if asked is None:
        return None
    return (await instructions(session, [asked], ways, payees))[asked.id]


async def read_contract(session: AsyncSession, loan: Loan) -> ContractRead:
    document = await newest(session, loan.subject)
    signed = [one.organisation_id for one in await signatures_of(session, document)]
    return ContractRead(sha256=document.sha256, text=document.content, signed_by=signed)


async def read_schedule(session: AsyncSession, loan: Loan) -> ScheduleRead:
    """The instalments in force, and the versions of the schedule."""
    offer = await session.get_one(LoanOffer, loan.offer_id)
    rate = late_rate(loan.rate_basis_points, offer.late_margin_basis_points)
    today = now(session).date()
    query = select(LoanSchedule).where(col(LoanSchedule.loan_id) == loan.id)
    versions = (await session.execute(query.order_by(col(LoanSchedule.number)))).scalars().all()
    own = InstalmentRead.model_fields.keys() & LoanInstalment.model_fields.keys()
    return ScheduleRead(
        instalments=[
            InstalmentRead(
                **{name: getattr(row, name) for name in own}, late_minor=late_now(row, rate, today)
            )
            for row in await instalments_of(session, loan.id)
        ],
        versions=[ScheduleVersionRead.model_validate(one) for one in versions],
    )


async def repayments_of(session: AsyncSession, loan_id: UUID) -> Sequence[LoanRepayment]:
    """What was asked for and paid, newest first; at most a hundred."""
    query = select(LoanRepayment).where(col(LoanRepayment.loan_id) == loan_id)
    query = query.order_by(col(LoanRepayment.id).desc()).limit(100)
    return (await session.execute(query)).scalars().all()


async def statement_of(session: AsyncSession, loan: Loan) -> list[StatementLine]:
    """Every movement of money of a loan in the ledger, oldest first."""
    return [
        StatementLine(
            at=row.recorded_at,
            kind=row.kind,
            source=row.source,
            destination=row.destination,
            amount_minor=row.amount_minor,
        )
        for row in await postings_of(session, [loan.subject])
    ]


async def payments_of(
    session: AsyncSession, subjects: Sequence[str], ways: WaysToPay
) -> Mapping[str, PaymentInstructions]:
    """How the newest request of each subject is paid."""
    query = (
        select(PaymentRequest)
        .where(col(PaymentRequest.subject).in_(subjects))
        .ext(distinct_on(col(PaymentRequest.subject)))
        .order_by(col(PaymentRequest.subject), col(PaymentRequest.id).desc())
    )
    asked = (await session.execute(query)).scalars().all()
    told = await instructions(session, asked, ways, [])
    return {one.subject: told[one.id] for one in asked}
