"""Schedules as rows: the version in force, and every version that was made."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.financing.loans.models import (
    InstalmentKind,
    Loan,
    LoanInstalment,
    LoanSchedule,
)
from marketplace.financing.loans.schedules import Instalment
from marketplace.kernel.db import now


async def put_in_force(
    session: AsyncSession,
    loan: Loan,
    rows: Sequence[Instalment],
    *,
    replacing: Sequence[LoanInstalment] = (),
    reason: str,
    running_basis_points: int | None = None,
) -> None:
    """Replace future instalments, and keep the version as it was made.

    Args:
        session: the loan is locked in it.
        loan: whose rate all rows bear.
        rows: what is due from now on.
        replacing: what they take the place of.
        reason: of the version.
        running_basis_points: the rate of the first row, where its period runs under another.
    """
    for old in replacing:
        await session.delete(old)
    await session.flush()
    rates = [loan.rate_basis_points] * len(rows)
    if rows and running_basis_points is not None:
        rates[0] = running_basis_points
    session.add_all(
        LoanInstalment(
            created_at=now(session),
            loan_id=loan.id,
            number=row.number,
            starts_on=row.starts_on,
            due_on=row.due_on,
            rate_basis_points=rate,
            principal_minor=row.principal_minor,
            interest_minor=row.interest_minor,
        )
        for row, rate in zip(rows, rates, strict=True)
    )
    newest = select(func.max(col(LoanSchedule.number))).where(col(LoanSchedule.loan_id) == loan.id)
    number = ((await session.execute(newest)).scalar_one() or 0) + 1
    session.add(
        LoanSchedule(
            created_at=now(session),
            loan_id=loan.id,
            number=number,
            reason=reason,
            rate_basis_points=loan.rate_basis_points,
            instalments=[asdict(row) for row in rows],
        )
    )
    await session.flush()


def as_plan(rows: Sequence[LoanInstalment], balance_minor: int) -> list[Instalment]:
    """Rows that nothing was paid of, as the pure plan that they came from."""
    plan, left = [], balance_minor
    for row in rows:
        left -= row.principal_minor
        plan.append(
            Instalment(
                row.number,
                row.starts_on,
                row.due_on,
                row.principal_minor,
                row.interest_minor,
                left,
            )
        )
    return plan


async def note_prepayment(
    session: AsyncSession, loan: Loan, on: date, *, principal_minor: int, interest_minor: int = 0
) -> None:
    """A prepayment is a row of its own, so that all rows still sum to what was paid out."""
    query = select(func.count()).where(
        col(LoanInstalment.loan_id) == loan.id,
        col(LoanInstalment.kind) == InstalmentKind.PREPAYMENT,
    )
    number = (await session.execute(query)).scalar_one() + 1
    session.add(
        LoanInstalment(
            created_at=now(session),
            loan_id=loan.id,
            kind=InstalmentKind.PREPAYMENT,
            number=number,
            starts_on=on,
            due_on=on,
            rate_basis_points=loan.rate_basis_points,
            principal_minor=principal_minor,
            interest_minor=interest_minor,
            principal_paid_minor=principal_minor,
            interest_paid_minor=interest_minor,
        )
    )
