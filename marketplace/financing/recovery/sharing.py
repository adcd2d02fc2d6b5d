"""Losses shared by the scheme of the loan, and later recoveries given back to who bore them."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.assets.encumbrances.service import start_of
from marketplace.financing.access import LENDER, kind_of
from marketplace.financing.errors import ProceedsOutstandingError
from marketplace.financing.loans.debts import Due
from marketplace.financing.loans.lifecycle import LoanState
from marketplace.financing.loans.models import Loan, LoanParticipant
from marketplace.financing.loans.parties import lock_for, participants_of
from marketplace.financing.loans.repaying import book_parts, due_of, note_paid
from marketplace.financing.offers.models import LoanOffer
from marketplace.financing.recovery.models import Enforcement, LoanRecovery, LossShare
from marketplace.financing.recovery.queries import claimed_minor, enforcements_of, is_under_way
from marketplace.financing.recovery.rules import Debt, Share, allocate, share_recovery
from marketplace.financing.recovery.schemas import RecoveryAsk
from marketplace.financing.schemes.models import CompensationFund, PartyRole
from marketplace.financing.schemes.service import shares_of
from marketplace.kernel.db import lock, now
from marketplace.kernel.lifecycle import (
    BY_SYSTEM,
    SYSTEM,
    IllegalMoveError,
    NotYourMoveError,
    move,
)
from marketplace.kernel.money import BASIS_POINTS
from marketplace.payments.funding.service import request_payment
from marketplace.payments.ledger.addresses import fund as fund_account
from marketplace.payments.ledger.addresses import held, payable
from marketplace.payments.ledger.queries import balance_minor
from marketplace.payments.ledger.service import Booking, Posting, post

_OF_YEAR: Final = text(
    """
    SELECT coalesce(sum(s.amount_minor), 0) FROM loss_share s JOIN loan l ON l.id = s.loan_id
    WHERE s.fund_id = :fund_id AND l.lender_organisation_id = :lender
        AND s.created_at >= CAST(:since AS timestamptz)
    """
)
_DEFAULTS: Final = text(
    """
    SELECT count(*) FILTER (WHERE defaulted_on IS NOT NULL) AS defaulted, count(*) AS lent
    FROM loan WHERE lender_organisation_id = :lender AND starts_on IS NOT NULL
    """
)


async def share_loss(session: AsyncSession, loan_id: UUID, *, actor: Actor) -> Loan:
    """Share what was lost of the principal; a fund pays at once, others are asked to.

    Raises:
        ProceedsOutstandingError: money of an enforcement is still awaited.
    """
    loan, role = await lock_for(session, loan_id, actor)
    loss = loan.outstanding_minor
    move(session, loan, "share_loss", role=role, actor=actor, loss_minor=loss)
    if await is_under_way(session, loan.id):
        raise ProceedsOutstandingError
    loan.loss_minor = loss
    rows = await _rows(session, loan, loss)
    session.add_all(rows)
    await session.flush()
    for row in rows:
        await _ask(session, loan, row)
    return loan


async def _rows(session: AsyncSession, loan: Loan, loss: int) -> list[LossShare]:
    """Each party's part; the lender alone bears it where no scheme says otherwise."""
    offer = await session.get_one(LoanOffer, loan.offer_id)
    scheme = await shares_of(session, [offer.scheme_id]) if offer.scheme_id else ()
    parties = {one.role: one for one in await participants_of(session, loan.id)}
    roles = [PartyRole(share.role) for share in scheme] or [PartyRole.LENDER]
    weights = [share.basis_points for share in scheme] or [BASIS_POINTS]
    shares = [
        Share(weight, await _limits(session, loan, parties.get(role)))
        for role, weight in zip(roles, weights, strict=True)
    ]
    parts = allocate(loss, shares, lender=roles.index(PartyRole.LENDER))
    return [
        _row(session, loan, position, role, parties.get(role), part)
        for position, (role, part) in enumerate(zip(roles, parts, strict=True))
    ]


def _row(
    session: AsyncSession,
    loan: Loan,
    position: int,
    role: PartyRole,
    party: LoanParticipant | None,
    amount_minor: int,
) -> LossShare:
    return LossShare(
        created_at=now(session),
        loan_id=loan.id,
        position=position,
        role=role,
        organisation_id=party.organisation_id if party else loan.lender_organisation_id,
        fund_id=party.fund_id if party else None,
        amount_minor=amount_minor,
        paid_minor=amount_minor if party is None else 0,
    )


async def _limits(
    session: AsyncSession, loan: Loan, party: LoanParticipant | None
) -> tuple[int, ...]:
    """What a party bears at most: its cap, and a fund's own limits and balance."""
    if party is None:
        return ()
    caps = []
    if party.cap_minor is not None:
        caps.append(party.cap_minor - await claimed_minor(session, loan.id, party))
    if party.fund_id is None:
        return tuple(caps)
    fund = await lock(session, CompensationFund, party.fund_id)
    caps.append(await balance_minor(session, fund_account(fund.id), fund.currency))
    if fund.loan_max_minor is not None:
        caps.append(fund.loan_max_minor)
    if fund.lender_year_max_minor is not None:
        since = start_of(date(now(session).year, 1, 1))
        values = {"fund_id": fund.id, "lender": loan.lender_organisation_id, "since": since}
        used = (await session.execute(_OF_YEAR, values)).scalar_one()
        caps.append(fund.lender_year_max_minor - int(used))
    if fund.default_rate_max_basis_points is not None:
        caps += await _stop_loss(session, loan, fund.default_rate_max_basis_points)
    return tuple(caps)


async def _stop_loss(session: AsyncSession, loan: Loan, max_basis_points: int) -> list[int]:
    """A fund pays nothing to a lender too many of whose loans failed."""
    values = {"lender": loan.lender_organisation_id}
    row = (await session.execute(_DEFAULTS, values)).one()
    return [0] if row.defaulted * BASIS_POINTS > max_basis_points * row.lent else []


async def _ask(session: AsyncSession, loan: Loan, row: LossShare) -> None:
    if row.role == PartyRole.LENDER or not row.amount_minor:
        return
    if row.fund_id is not None:
        await _pay(session, loan, row, fund_account(row.fund_id))
        return
    await request_payment(
        session,
        subject=row.subject,
        payer=row.organisation_id,
        amount_minor=row.amount_minor,
        currency=loan.currency,
    )


async def _pay(session: AsyncSession, loan: Loan, row: LossShare, source: str) -> None:
    """Compensate the lender, once: the key and the row both refuse a second time."""
    row.paid_minor = row.amount_minor
    posting = Posting(source, payable(loan.lender_organisation_id), row.amount_minor)
    await post(
        session,
        Booking(
            key=f"loan_compensation:{row.subject}",
            kind="loan_compensation",
            subject=loan.subject,
            currency=loan.currency,
            postings=[posting],
        ),
    )


async def on_compensated(session: AsyncSession, share_id: UUID) -> None:
    """Who bears a part has paid it; told again, nothing happens."""
    seen = await session.get_one(LossShare, share_id)
    loan = await lock(session, Loan, seen.loan_id)
    row = await lock(session, LossShare, share_id)
    if not row.paid_minor:
        await _pay(session, loan, row, held(row.subject))


async def losses_of(session: AsyncSession, loan_id: UUID) -> Sequence[LossShare]:
    query = select(LossShare).where(col(LossShare.loan_id) == loan_id)
    return (await session.execute(query.order_by(col(LossShare.position)))).scalars().all()


async def ask_recovery(
    session: AsyncSession, loan_id: UUID, wanted: RecoveryAsk, *, actor: Actor
) -> LoanRecovery:
    """Lender: ask somebody for money that is recovered after all.

    Raises:
        NotYourMoveError, IllegalMoveError: not for this side, or nothing was lost.
        NotFoundError: no such organisation.
    """
    loan, role = await lock_for(session, loan_id, actor)
    if role != LENDER:
        raise NotYourMoveError(f"recovering is for the lender, and you act as {role}")
    if loan.state is not LoanState.LOSS_SHARED:
        raise IllegalMoveError(f"no loss was shared: it is {loan.state}", state=loan.state)
    await kind_of(session, wanted.payer_organisation_id)
    recovery = LoanRecovery(created_at=now(session), loan_id=loan.id, **wanted.model_dump())
    session.add(recovery)
    await session.flush()
    await request_payment(
        session,
        subject=recovery.subject,
        payer=recovery.payer_organisation_id,
        amount_minor=recovery.amount_minor,
        currency=loan.currency,
    )
    return recovery


async def on_recovered(session: AsyncSession, recovery_id: UUID) -> None:
    """What came goes back in proportion to what each bore; more than that is the debtor's."""
    seen = await session.get_one(LoanRecovery, recovery_id)
    loan = await lock(session, Loan, seen.loan_id)
    recovery = await lock(session, LoanRecovery, recovery_id)
    if recovery.applied_at is not None:
        return
    still = await _bearers(session, loan)
    found = share_recovery(recovery.amount_minor, [minor for _, minor in still])
    amounts: dict[str, int] = {}
    for (one, _), part in zip(still, found.parts_minor, strict=True):
        one.recovered_minor += part
        address = _account_of(one)
        amounts[address] = amounts.get(address, 0) + part
    surplus = found.surplus_minor - await _pay_interest(
        session, loan, recovery, found.surplus_minor
    )
    debtor = payable(loan.borrower_organisation_id)
    amounts[debtor] = amounts.get(debtor, 0) + surplus
    recovery.surplus_minor, recovery.applied_at = surplus, now(session)
    await _book_recovery(session, loan, recovery, amounts)
    if loan.state is LoanState.LOSS_SHARED:
        move(session, loan, "recover", role=SYSTEM, actor=BY_SYSTEM, of=recovery.amount_minor)


async def _bearers(session: AsyncSession, loan: Loan) -> list[tuple[LossShare | Enforcement, int]]:
    """Who bore the loss or stepped in, and what each has not got back."""
    rows = await losses_of(session, loan.id)
    stepped_in = [one for one in await enforcements_of(session, loan.id) if one.subrogated_minor]
    unpaid = sum(row.amount_minor - row.paid_minor for row in rows)
    bearers: list[LossShare | Enforcement] = [*rows, *stepped_in]
    return [(one, _still_borne(one, unpaid)) for one in bearers]


async def _interest_due(session: AsyncSession, loan: Loan) -> tuple[Due, date]:
    """Interest that was never paid; late interest runs until the loss was shared."""
    shared_on = (await losses_of(session, loan.id))[0].created_at.date()
    return await due_of(session, loan, shared_on), shared_on


async def _pay_interest(
    session: AsyncSession, loan: Loan, recovery: LoanRecovery, most_minor: int
) -> int:
    """Before a debtor gets anything, the interest that is owed is the lender's; how much."""
    if not most_minor:
        return 0
    due, shared_on = await _interest_due(session, loan)
    paid = due.take_interest(most_minor, shared_on)
    note_paid(loan, paid)
    recovery.interest_minor = paid.interest_minor
    recovery.late_interest_minor = paid.late_interest_minor
    lender = payable(loan.lender_organisation_id)
    parts = {
        "loan_interest": (lender, paid.interest_minor),
        "loan_late_interest": (lender, paid.late_interest_minor),
    }
    await book_parts(session, loan, recovery.subject, parts)
    return paid.total_minor


async def unrecovered_debt(session: AsyncSession, loan: Loan) -> Debt:
    """What a debtor still owes after the loss was shared."""
    due, shared_on = await _interest_due(session, loan)
    debt = due.debt(shared_on)
    return Debt(
        interest_minor=debt.interest_minor,
        late_interest_minor=debt.late_interest_minor,
        principal_minor=sum(minor for _, minor in await _bearers(session, loan)),
    )


def _still_borne(one: LossShare | Enforcement, unpaid_minor: int) -> int:
    """What somebody paid and has not got back. What others have yet to pay, the lender bears."""
    if isinstance(one, Enforcement):
        return one.subrogated_minor - one.recovered_minor
    extra = unpaid_minor if one.role == PartyRole.LENDER else 0
    return max(0, one.paid_minor + extra - one.recovered_minor)


def _account_of(one: LossShare | Enforcement) -> str:
    if isinstance(one, Enforcement):
        return payable(one.payer_organisation_id)
    return fund_account(one.fund_id) if one.fund_id else payable(one.organisation_id)


async def _book_recovery(
    session: AsyncSession, loan: Loan, recovery: LoanRecovery, amounts: Mapping[str, int]
) -> None:
    source = held(recovery.subject)
    if not any(amounts.values()):
        return
    await post(
        session,
        Booking(
            key=f"loan_recovery:{recovery.subject}",
            kind="loan_recovery",
            subject=loan.subject,
            currency=loan.currency,
            postings=[Posting(source, address, part) for address, part in amounts.items() if part],
        ),
    )


async def recoveries_of(session: AsyncSession, loan_id: UUID) -> Sequence[LoanRecovery]:
    query = select(LoanRecovery).where(col(LoanRecovery.loan_id) == loan_id)
    return (await session.execute(query.order_by(col(LoanRecovery.id)).limit(100))).scalars().all()
