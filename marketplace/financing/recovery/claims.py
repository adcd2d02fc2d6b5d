"""What a pledge of a loan brings without being asked for: the lender has it, and the debt goes."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.assets.encumbrances.models import Encumbrance
from marketplace.financing.loans.lifecycle import LoanState
from marketplace.financing.loans.models import Loan, LoanPledge, LoanRepayment, RepaymentKind
from marketplace.financing.loans.repaying import on_repaid
from marketplace.financing.recovery.models import LoanRecovery
from marketplace.financing.recovery.sharing import on_recovered
from marketplace.kernel.db import lock, now
from marketplace.kernel.events import Fact
from marketplace.payments.ledger.addresses import held, payable
from marketplace.payments.ledger.service import Booking, Posting, post


@dataclass(frozen=True, slots=True)
class Brought:
    """Money for a pledge: where it is, whose debt or right it was, and a name that it has once."""

    name: str
    amount_minor: int
    source: str
    payer_organisation_id: UUID


async def on_sale(session: AsyncSession, fact: Fact) -> None:
    """The price of a consented sale paid a claim: of a loan's pledge, it pays the loan.

    What exceeds the debt goes on to the pledgor, out of what the lender was paid.
    """
    encumbrance_id = UUID(fact.subject.removeprefix("encumbrance:"))
    query = select(LoanPledge).where(col(LoanPledge.encumbrance_id) == encumbrance_id)
    pledge = (await session.execute(query)).scalar_one_or_none()
    if pledge is None:
        return
    loan = await lock(session, Loan, pledge.loan_id)
    encumbrance = await session.get_one(Encumbrance, encumbrance_id)
    assert encumbrance.holder_organisation_id is not None
    brought = Brought(
        name=f"sale:{fact.data['released']}:{encumbrance_id}",
        amount_minor=fact.data["amount_minor"],
        source=payable(encumbrance.holder_organisation_id),
        payer_organisation_id=pledge.pledgor_organisation_id,
    )
    await use_claim(session, loan, brought)


async def use_claim(session: AsyncSession, loan: Loan, brought: Brought) -> None:
    """Use what a pledge brought for its loan, which is locked; told again, nothing happens.

    It pays what is due in the order of the law, then the principal early and without a fee; after
    a loss was shared it goes to who bore it.
    """
    if await _is_used(session, brought):
        return
    if loan.state is LoanState.LOSS_SHARED:
        recovery = LoanRecovery(created_at=now(session), loan_id=loan.id, **_columns(brought))
        await _take(session, loan, brought, recovery)
        await on_recovered(session, recovery.id)
        return
    repayment = LoanRepayment(
        created_at=now(session),
        loan_id=loan.id,
        kind=RepaymentKind.CLAIM,
        through_on=now(session).date(),
        **_columns(brought),
    )
    await _take(session, loan, brought, repayment)
    await on_repaid(session, repayment.id)


async def _is_used(session: AsyncSession, brought: Brought) -> bool:
    for model in (LoanRepayment, LoanRecovery):
        query = select(model.id).where(col(model.claim) == brought.name)
        if (await session.execute(query)).first() is not None:
            return True
    return False


def _columns(brought: Brought) -> dict[str, Any]:
    return {
        "amount_minor": brought.amount_minor,
        "payer_organisation_id": brought.payer_organisation_id,
        "claim": brought.name,
    }


async def _take(
    session: AsyncSession, loan: Loan, brought: Brought, used: LoanRecovery | LoanRepayment
) -> None:
    """Hold the money for its use."""
    session.add(used)
    await session.flush()
    posting = Posting(brought.source, held(used.subject), brought.amount_minor)
    await post(
        session,
        Booking(
            key=f"loan_claim:{brought.name}",
            kind="loan_claim",
            subject=loan.subject,
            currency=loan.currency,
            postings=[posting],
        ),
    )
