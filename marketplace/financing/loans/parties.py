"""Who is what to a loan, and the rows that hang on it."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import exists, or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from marketplace.accounts.actors import Actor
from marketplace.financing.access import BORROWER, LENDER, OPERATOR, PARTICIPANT, PLEDGOR
from marketplace.financing.loans.models import (
    InstalmentKind,
    Loan,
    LoanInstalment,
    LoanParticipant,
    LoanPledge,
)
from marketplace.financing.offers.models import LoanOffer
from marketplace.financing.schemes.models import PartyRole
from marketplace.financing.schemes.service import shares_of
from marketplace.kernel.db import lock
from marketplace.kernel.errors import NotFoundError


def visible_to(actor: Actor) -> SelectOfScalar[Loan]:
    """Loans of borrower, lender, pledgors, and who takes part; all of them for an operator."""
    query = select(Loan)
    if actor.is_operator:
        return query
    own = actor.organisation_id
    pledged = exists().where(
        col(LoanPledge.loan_id) == col(Loan.id), col(LoanPledge.pledgor_organisation_id) == own
    )
    shared = exists().where(
        col(LoanParticipant.loan_id) == col(Loan.id), col(LoanParticipant.organisation_id) == own
    )
    return query.where(
        or_(
            col(Loan.borrower_organisation_id) == own,
            col(Loan.lender_organisation_id) == own,
            pledged,
            shared,
        )
    )


async def get_loan(session: AsyncSession, loan_id: UUID, *, actor: Actor) -> Loan:
    """One that the actor may read.

    Raises:
        NotFoundError: there is none.
    """
    query = visible_to(actor).where(col(Loan.id) == loan_id)
    found = (await session.execute(query)).scalar_one_or_none()
    if found is None:
        raise NotFoundError("no such loan")
    return found


async def lock_for(session: AsyncSession, loan_id: UUID, actor: Actor) -> tuple[Loan, str]:
    """Hold a loan, and what the actor is to it.

    Raises:
        NotFoundError: none that the actor may see.
    """
    await get_loan(session, loan_id, actor=actor)
    loan = await lock(session, Loan, loan_id)
    return loan, await role_in(session, loan, actor)


async def role_in(session: AsyncSession, loan: Loan, actor: Actor) -> str:
    """What somebody who may see a loan is to it."""
    own = actor.organisation_id
    sides = {loan.borrower_organisation_id: BORROWER, loan.lender_organisation_id: LENDER}
    if own in sides:
        return sides[own]
    if actor.is_operator:
        return OPERATOR
    pledgors = {one.pledgor_organisation_id for one in await pledges_of(session, loan.id)}
    return PLEDGOR if own in pledgors else PARTICIPANT


async def pledges_of(session: AsyncSession, loan_id: UUID) -> Sequence[LoanPledge]:
    """The rights that secure a loan, in the order in which they are locked."""
    query = select(LoanPledge).where(col(LoanPledge.loan_id) == loan_id)
    return (await session.execute(query.order_by(col(LoanPledge.right_id)))).scalars().all()


async def participants_of(session: AsyncSession, loan_id: UUID) -> Sequence[LoanParticipant]:
    query = select(LoanParticipant).where(col(LoanParticipant.loan_id) == loan_id)
    return (await session.execute(query.order_by(col(LoanParticipant.id)))).scalars().all()


async def roles_to_fill(session: AsyncSession, offer: LoanOffer) -> set[PartyRole]:
    """Who takes part in a loan beside its lender: by its scheme, and for a guarantee."""
    shares = await shares_of(session, [offer.scheme_id]) if offer.scheme_id else ()
    asked = {PartyRole.GUARANTOR} if offer.guarantee_required else set()
    return {PartyRole(share.role) for share in shares} - {PartyRole.LENDER} | asked


async def missing_roles(session: AsyncSession, loan: Loan, offer: LoanOffer) -> list[PartyRole]:
    """The roles of a loan that nobody has joined it in; whoever is named has to join."""
    found = await participants_of(session, loan.id)
    wanted = await roles_to_fill(session, offer) | {PartyRole(one.role) for one in found}
    return sorted(wanted - {one.role for one in found if one.confirmed_at is not None})


async def instalments_of(session: AsyncSession, loan_id: UUID) -> Sequence[LoanInstalment]:
    """The schedule in force, by days; prepayments among it."""
    query = select(LoanInstalment).where(col(LoanInstalment.loan_id) == loan_id)
    query = query.order_by(col(LoanInstalment.due_on), col(LoanInstalment.number))
    return (await session.execute(query)).scalars().all()


def scheduled(rows: Sequence[LoanInstalment]) -> list[LoanInstalment]:
    return [row for row in rows if row.kind == InstalmentKind.SCHEDULED]
