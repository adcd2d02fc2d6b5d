"""What a day changes for every running loan, in batches that any number of workers share.

A batch is one transaction over a bounded number of loans that were not looked at today, so the job
needs no more memory for a hundred thousand loans than for a thousand, and a worker that is killed
loses its batch alone. Most loans only accrue, which is one statement for the whole batch.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.assets.standing.days import months_after
from marketplace.financing.covenants.service import watch_annuities
from marketplace.financing.loans.day_counts import DayCount
from marketplace.financing.loans.debts import Due, running_minor
from marketplace.financing.loans.disbursing import pricing_of
from marketplace.financing.loans.lifecycle import ACCRUING, LoanState
from marketplace.financing.loans.models import Loan, LoanInstalment, LoanRepayment, RepaymentKind
from marketplace.financing.loans.parties import instalments_of, scheduled
from marketplace.financing.loans.planning import as_plan, put_in_force
from marketplace.financing.loans.repaying import request
from marketplace.financing.loans.rules import late_rate
from marketplace.financing.loans.schedules import Pricing, replanned
from marketplace.financing.offers.models import LoanOffer
from marketplace.financing.schemes.service import base_rate
from marketplace.kernel.db import Sessions, loaded, mark_locked, now
from marketplace.kernel.errors import MarketplaceError
from marketplace.kernel.events import publish
from marketplace.kernel.lifecycle import BY_CLOCK, CLOCK, move
from marketplace.kernel.logs import get_logger

logger = get_logger(__name__)

BATCH: Final = 1_000
NOTICE: Final = timedelta(days=7)
"""How long before its day a payment is asked for."""
_STATES: Final = ", ".join(f"'{state}'" for state in ACCRUING)
_IS_DUE: Final = text(
    f"SELECT EXISTS (SELECT FROM loan WHERE state IN ({_STATES}) AND accrued_on < :today)"  # noqa: S608
)
_NEXT: Final = text(
    f"""
    SELECT l.id, l.state, l.disbursed_minor - l.principal_paid_minor AS outstanding_minor,
        l.rate_basis_points, l.next_reset_on, l.starts_on, o.late_margin_basis_points, o.day_count
    FROM loan l JOIN loan_offer o ON o.id = l.offer_id
    WHERE l.state IN ({_STATES}) AND l.accrued_on < :today
    ORDER BY l.accrued_on, l.id LIMIT :batch FOR UPDATE OF l SKIP LOCKED
    """  # noqa: S608 - states of the lifecycle
)
_ROWS: Final = text(
    """
    SELECT loan_id, number, starts_on, due_on, rate_basis_points, principal_minor, interest_minor,
        principal_paid_minor, interest_paid_minor, late_from, late_fixed_minor, late_paid_minor
    FROM loan_instalment
    WHERE loan_id = ANY (:ids) AND kind = 'scheduled' AND due_on <= :until
        AND (principal_paid_minor < principal_minor OR interest_paid_minor < interest_minor
            OR late_paid_minor < late_fixed_minor)
    UNION ALL
    SELECT loan_id, number, starts_on, due_on, rate_basis_points, principal_minor, interest_minor,
        principal_paid_minor, interest_paid_minor, late_from, late_fixed_minor, late_paid_minor
    FROM loan_instalment
    WHERE loan_id = ANY (:ids) AND kind = 'scheduled' AND due_on > :until AND starts_on <= :today
    ORDER BY loan_id, due_on
    """
)
_WRITE: Final = text(
    """
    UPDATE loan SET accrued_on = :today, accrued_interest_minor = w.interest,
        late_interest_minor = w.late, overdue_minor = w.overdue, overdue_since = w.since
    FROM unnest(CAST(:ids AS uuid[]), CAST(:interest AS bigint[]), CAST(:late AS bigint[]),
        CAST(:overdue AS bigint[]), CAST(:since AS date[]))
        AS w (id, interest, late, overdue, since)
    WHERE loan.id = w.id
    """
)


@dataclass(frozen=True, slots=True)
class Day:
    """What a day makes of a loan."""

    loan_id: UUID
    interest_minor: int
    late_minor: int
    overdue_minor: int
    overdue_since: date | None
    ask_through: date | None
    falls_overdue: bool
    resets: bool


async def accrue(sessions: Sessions) -> int:
    """Bring one batch of loans to today; how many, 0 when all are there."""
    async with sessions() as session:
        if not (await session.execute(_IS_DUE, {"today": now(session).date()})).scalar_one():
            return 0
    async with sessions.begin() as session:
        return await accrue_batch(session)


async def accrue_batch(session: AsyncSession) -> int:
    today = now(session).date()
    loans = (await session.execute(_NEXT, {"today": today, "batch": BATCH})).all()
    if not loans:
        return 0
    rows = await _rows(session, [loan.id for loan in loans], today)
    days = [_day(loan, rows.get(loan.id, ()), today) for loan in loans]
    await _write(session, days, today)
    await _single_out(session, days, today)
    await watch_annuities(session, [day.loan_id for day in days], today)
    return len(days)


async def _rows(
    session: AsyncSession, ids: Sequence[UUID], today: date
) -> Mapping[UUID, list[LoanInstalment]]:
    """What is not paid until the notice is over, and the period that runs, by loan."""
    values = {"ids": list(ids), "until": today + NOTICE, "today": today}
    found: dict[UUID, list[LoanInstalment]] = {}
    for row in (await session.execute(_ROWS, values)).mappings():
        found.setdefault(row["loan_id"], []).append(loaded(LoanInstalment, dict(row)))
    return found


def _day(loan: Any, rows: Sequence[LoanInstalment], today: date) -> Day:
    rate = late_rate(loan.rate_basis_points, loan.late_margin_basis_points)
    due = Due.of([row for row in rows if row.due_on <= today], rate, today)
    debt = due.debt(today)
    pricing = Pricing(loan.rate_basis_points, DayCount(loan.day_count), loan.starts_on)
    balance = loan.outstanding_minor - debt.principal_minor
    late = [row for row in due.rows if row.due_on < today and row.unpaid_minor]
    noticed = [row.due_on for row in rows if row.due_on <= today + NOTICE]
    return Day(
        loan_id=loan.id,
        interest_minor=debt.interest_minor + running_minor(rows, balance, pricing, today),
        late_minor=debt.late_interest_minor,
        overdue_minor=sum(row.unpaid_minor for row in late),
        overdue_since=min((row.due_on for row in late), default=None),
        ask_through=max(noticed, default=None),
        falls_overdue=bool(late) and loan.state == LoanState.PERFORMING,
        resets=loan.next_reset_on is not None and loan.next_reset_on <= today,
    )


async def _write(session: AsyncSession, days: Sequence[Day], today: date) -> None:
    values = {
        "today": today,
        "ids": [day.loan_id for day in days],
        "interest": [day.interest_minor for day in days],
        "late": [day.late_minor for day in days],
        "overdue": [day.overdue_minor for day in days],
        "since": [day.overdue_since for day in days],
    }
    await session.execute(_WRITE, values)


async def _single_out(session: AsyncSession, days: Sequence[Day], today: date) -> None:
    """The few loans of a batch that more happens to than a day."""
    asked = await _asked_already(session, [day.loan_id for day in days if day.ask_through])
    for day in days:
        asks = day.ask_through is not None and day.loan_id not in asked
        if not (asks or day.falls_overdue or day.resets):
            continue
        try:
            async with session.begin_nested():
                await _more(session, day, today, asks=asks)
        except MarketplaceError as error:
            await _tell_refused(session, day.loan_id, error)


async def _more(session: AsyncSession, day: Day, today: date, *, asks: bool) -> None:
    loan = await session.get_one(Loan, day.loan_id, populate_existing=True)
    mark_locked(session, loan)
    if day.falls_overdue:
        move(session, loan, "fall_overdue", role=CLOCK, actor=BY_CLOCK)
    if day.resets:
        await reset(session, loan, today)
    if asks and day.ask_through:
        await _ask(session, loan, day.ask_through, today)
    await session.flush()


async def _tell_refused(session: AsyncSession, loan_id: UUID, error: MarketplaceError) -> None:
    """One loan's trouble is told in its history and holds no other up; it is tried tomorrow."""
    logger.warning("daily job refused", subject=f"loan:{loan_id}", code=error.code)
    subject, data = f"loan:{loan_id}", {"code": error.code}
    publish(session, "loan.clock_refused", subject=subject, actor=CLOCK, data=data)


async def _asked_already(session: AsyncSession, ids: Sequence[UUID]) -> set[UUID]:
    query = select(LoanRepayment.loan_id).where(
        col(LoanRepayment.loan_id).in_(ids),
        col(LoanRepayment.kind) == RepaymentKind.DUE,
        col(LoanRepayment.applied_at).is_(None),
        col(LoanRepayment.ended_at).is_(None),
    )
    return {*(await session.execute(query)).scalars()}


async def _ask(session: AsyncSession, loan: Loan, through: date, today: date) -> None:
    offer = await session.get_one(LoanOffer, loan.offer_id)
    rows = scheduled(await instalments_of(session, loan.id))
    rate = late_rate(loan.rate_basis_points, offer.late_margin_basis_points)
    owed = Due.of(rows, rate, through).debt(max(through, today)).total_minor
    if owed:
        payer = loan.borrower_organisation_id
        await request(session, loan, RepaymentKind.DUE, owed, through=through, payer=payer)


async def reset(session: AsyncSession, loan: Loan, today: date) -> None:
    """Set a floating rate anew: periods that begin from the day on bear it, earlier ones do not."""
    offer = await session.get_one(LoanOffer, loan.offer_id)
    assert loan.next_reset_on is not None
    assert offer.base_rate_name is not None
    assert offer.reset_months is not None
    day = loan.next_reset_on
    rate = await base_rate(session, offer.base_rate_name, day) + (offer.spread_basis_points or 0)
    loan.next_reset_on = months_after(day, offer.reset_months)
    after = [
        row for row in scheduled(await instalments_of(session, loan.id)) if row.starts_on >= day
    ]
    if rate == loan.rate_basis_points or not after:
        return
    loan.rate_basis_points = rate
    pricing = pricing_of(loan, offer)
    begun = [row for row in after if row.principal_paid_minor or row.interest_paid_minor]
    _reprice(begun, after, pricing)
    rows = [row for row in after if row not in begun]
    if not rows:
        return
    balance = sum(row.principal_minor for row in rows)
    plan = replanned(offer.schedule, as_plan(rows, balance), balance, pricing)
    await put_in_force(session, loan, plan, replacing=rows, reason=f"rate of {day}")


def _reprice(
    begun: Sequence[LoanInstalment], after: Sequence[LoanInstalment], pricing: Pricing
) -> None:
    """Instalments of which a part was paid ahead keep their principal, at the new rate."""
    for row in begun:
        balance = sum(one.principal_minor for one in after if one.starts_on >= row.starts_on)
        interest = pricing.interest_minor(balance, row.starts_on, row.due_on)
        row.interest_minor = max(interest, row.interest_paid_minor)
        row.rate_basis_points = pricing.rate_basis_points
