"""Pledges of a loan: filed with the register, registered, and deleted when the debt is over."""

from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.assets.consents.rules import Deed
from marketplace.assets.consents.service import require_consents
from marketplace.assets.encumbrances import service as encumbrances
from marketplace.assets.encumbrances.kinds import EncumbranceKind
from marketplace.assets.encumbrances.lifecycle import LIVE, EncumbranceState
from marketplace.assets.encumbrances.models import Encumbrance
from marketplace.assets.encumbrances.scope import Scope
from marketplace.assets.encumbrances.terms import Terms
from marketplace.assets.legal_rules.terms import Act
from marketplace.assets.models import Right
from marketplace.assets.standing.days import months_after
from marketplace.assets.title.service import require_owner
from marketplace.documents.signatures import newest
from marketplace.financing.collateral import lock_rights, prior_claims, require_within
from marketplace.financing.covenants import service as covenants
from marketplace.financing.errors import CollateralBlockedError
from marketplace.financing.loans.lifecycle import ACCRUING, LoanState
from marketplace.financing.loans.models import Loan, LoanPledge
from marketplace.financing.loans.opening import reopen
from marketplace.financing.loans.parties import lock_for, pledges_of
from marketplace.financing.offers.models import LoanOffer
from marketplace.financing.requests.models import FinancingRequest
from marketplace.kernel.db import lock, now
from marketplace.kernel.events import Fact
from marketplace.kernel.lifecycle import BY_SYSTEM, SYSTEM, Identity, move
from marketplace.kernel.money import Money
from marketplace.payments.funding.service import request_payment


async def file_pledges(session: AsyncSession, loan_id: UUID, *, actor: Actor) -> Loan:
    """Burden every right with its pledge: from now on nobody can act around it.

    It has effect and rank from its registration, which an operator records.

    Raises:
        NotOwnerError, ConsentsMissingError: a right went to somebody else, or is shared.
        EncumberedError and the other conflicts of encumbrances.
        CollateralBlockedError: a right ends before the loan would.
        LimitExceededError: meanwhile another pledge came before it.
    """
    loan, role = await lock_for(session, loan_id, actor)
    move(session, loan, "file_pledges", role=role, actor=actor)
    offer = await session.get_one(LoanOffer, loan.offer_id)
    request = await session.get_one(FinancingRequest, loan.request_id)
    terms_sha256 = (await newest(session, request.subject)).sha256
    today = now(session).date()
    pledges = await pledges_of(session, loan.id)
    ids = [pledge.right_id for pledge in pledges]
    await lock_rights(session, ids)
    for pledge in pledges:
        right = await lock(session, Right, pledge.right_id)
        await _require_pledgeable(session, loan, pledge, right, terms_sha256)
        _require_outlasting(right, months_after(today, offer.term_months))
        encumbrance = await encumbrances.grant(
            session,
            pledge.right_id,
            EncumbranceKind.PLEDGE,
            Scope.whole(now(session)),
            holder_organisation_id=loan.lender_organisation_id,
            granted_by=pledge.pledgor_organisation_id,
            actor=actor,
            subject=loan.subject,
            terms=Terms(secured=Money(offer.secured_minor, loan.currency), contract_on=today),
        )
        pledge.encumbrance_id = encumbrance.id
    await session.flush()
    prior = await prior_claims(session, ids, loan.currency, loan_id=loan.id)
    require_within(loan.principal_minor, prior, offer.eligible_minor, offer.ltv_max_basis_points)
    return loan


async def _require_pledgeable(
    session: AsyncSession, loan: Loan, pledge: LoanPledge, right: Right, terms_sha256: str
) -> None:
    await require_owner(session, right.id, pledge.pledgor_organisation_id)
    deed = Deed(
        right.id,
        Act.PLEDGE,
        pledge.pledgor_organisation_id,
        terms_sha256,
        loan.lender_organisation_id,
        Money(loan.principal_minor, loan.currency),
        loan.subject,
    )
    await require_consents(session, deed, use=True)


def _require_outlasting(right: Right, ends_on: date) -> None:
    """CN refusal ground 6; elsewhere a lender's own rule."""
    if right.last_day is None or right.last_day < ends_on:
        raise CollateralBlockedError(f"the right {right.id} lasts until {right.last_day}")


async def on_registered(session: AsyncSession, fact: Fact) -> None:
    """Once the register shows every pledge of a loan, its lender is asked for the money."""
    loan = await _loan_of(session, fact)
    if loan is None or loan.state is not LoanState.PLEDGE_FILED:
        return
    if await _count(session, loan, EncumbranceState.ACTIVE):
        return
    move(session, loan, "register", role=SYSTEM, actor=BY_SYSTEM)
    await request_payment(
        session,
        subject=loan.subject,
        payer=loan.lender_organisation_id,
        amount_minor=loan.principal_minor,
        currency=loan.currency,
    )


async def on_ended(session: AsyncSession, fact: Fact) -> None:
    """The right is free once the register shows the deletion; the loan when all of them are.

    While the loan runs, a pledge that is gone breaks its covenants.
    """
    loan = await _loan_of(session, fact)
    if loan is None:
        return
    if loan.state in ACCRUING:
        await covenants.note_unpledged(session, loan)
    if loan.state is LoanState.RELEASE_FILED and not await _living(session, loan):
        if loan.disbursed_minor:
            move(session, loan, "release", role=SYSTEM, actor=BY_SYSTEM)
            return
        move(session, loan, "drop", role=SYSTEM, actor=BY_SYSTEM)
        await reopen(session, loan)


async def file_release(session: AsyncSession, loan: Loan, *, role: str, actor: Identity) -> None:
    """Ask the register to delete the pledges of a loan that is repaid; none left, it is over."""
    move(session, loan, "file_release", role=role, actor=actor)
    if not await _living(session, loan):
        move(session, loan, "release", role=SYSTEM, actor=BY_SYSTEM)


async def _loan_of(session: AsyncSession, fact: Fact) -> Loan | None:
    """The loan that an encumbrance secures, locked."""
    encumbrance_id = UUID(fact.subject.removeprefix("encumbrance:"))
    query = select(LoanPledge.loan_id).where(col(LoanPledge.encumbrance_id) == encumbrance_id)
    loan_id = (await session.execute(query)).scalar_one_or_none()
    return await lock(session, Loan, loan_id) if loan_id else None


async def _living(session: AsyncSession, loan: Loan) -> bool:
    query = (
        select(Encumbrance.id)
        .join(LoanPledge, col(LoanPledge.encumbrance_id) == col(Encumbrance.id))
        .where(col(LoanPledge.loan_id) == loan.id, col(Encumbrance.state).in_(LIVE))
    )
    return (await session.execute(query.limit(1))).first() is not None


async def _count(session: AsyncSession, loan: Loan, state: EncumbranceState) -> int:
    """How many pledges of a loan are not in a state."""
    query = (
        select(LoanPledge.id)
        .outerjoin(Encumbrance, col(Encumbrance.id) == col(LoanPledge.encumbrance_id))
        .where(col(LoanPledge.loan_id) == loan.id)
        .where(col(Encumbrance.state).is_distinct_from(state))
    )
    return len((await session.execute(query)).all())
