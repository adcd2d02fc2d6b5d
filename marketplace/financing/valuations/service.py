"""Valuations for loans: ordered through the valuation domain, which draws who values."""

from collections.abc import Iterable
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.financing.access import BORROWER, LENDER
from marketplace.financing.covenants.service import look_at_value
from marketplace.financing.errors import ValuationUnderWayError
from marketplace.financing.loans.lifecycle import SECURED
from marketplace.financing.loans.models import Loan
from marketplace.financing.loans.parties import lock_for as lock_loan
from marketplace.financing.loans.parties import participants_of
from marketplace.financing.requests.lifecycle import RequestState
from marketplace.financing.requests.models import FinancingRequest
from marketplace.financing.requests.screening import collateral_of
from marketplace.financing.requests.service import lock_for
from marketplace.financing.valuations.models import FinancingValuation
from marketplace.financing.valuations.queries import is_under_way, value_of
from marketplace.financing.valuations.schemas import CollateralValuationOrder
from marketplace.kernel.db import lock, now
from marketplace.kernel.events import Fact
from marketplace.kernel.lifecycle import BY_SYSTEM, SYSTEM, NotYourMoveError, move
from marketplace.valuation.orders import service as orders
from marketplace.valuation.orders.models import ClientRole, PartyRole, ValuationOrder
from marketplace.valuation.orders.schemas import CaseParty, Fee, OrderPlace
from marketplace.valuation.purposes import Purpose
from marketplace.valuation.reports.models import ValuationReport

REPORT_PREFIX: Final = "valuation_report:"
Parties = Iterable[tuple[UUID, PartyRole]]


async def order_for_request(
    session: AsyncSession,
    request_id: UUID,
    wanted: CollateralValuationOrder,
    *,
    today: date,
    actor: Actor,
) -> ValuationOrder:
    """Have all collateral of one's request valued; once it is delivered, lenders make offers.

    Raises:
        NotFoundError: no such request, lender or payer.
        NotYourMoveError: it is for the borrower.
        ValuationUnderWayError: one was ordered already.
        UnfitDatesError, InvalidFeeSharesError, NoAssignmentPolicyError: see `orders.place`.
    """
    request, role = await lock_for(session, request_id, actor)
    move(session, request, "order_valuation", role=role, actor=actor)
    lenders = [(one, PartyRole.LENDER) for one in wanted.lender_organisation_ids]
    client = ClientRole.OWNER
    return await _place(session, request, wanted, client, lenders, today=today, actor=actor)


async def order_for_loan(
    session: AsyncSession,
    loan_id: UUID,
    wanted: CollateralValuationOrder,
    *,
    today: date,
    actor: Actor,
) -> ValuationOrder:
    """Have the collateral of a loan valued anew, as its borrower or lender.

    Nobody of the group of lender, borrower, or anybody who bears a loss is drawn.

    Raises:
        NotFoundError: no such loan, or a payer.
        NotYourMoveError: it is for borrower and lender.
        ValuationUnderWayError: one was ordered already.
        UnfitDatesError, InvalidFeeSharesError, NoAssignmentPolicyError: see `orders.place`.
    """
    loan, role = await lock_loan(session, loan_id, actor)
    if role not in {BORROWER, LENDER}:
        raise NotYourMoveError(f"this is for borrower and lender, and you act as {role}")
    request = await lock(session, FinancingRequest, loan.request_id)
    others = {one.organisation_id for one in await participants_of(session, loan.id)}
    parties = [(loan.lender_organisation_id, PartyRole.LENDER)]
    parties += [(one, PartyRole.GUARANTOR) for one in others]
    client = ClientRole.LENDER if role == LENDER else ClientRole.OWNER
    return await _place(session, request, wanted, client, parties, today=today, actor=actor)


async def _place(
    session: AsyncSession,
    request: FinancingRequest,
    wanted: CollateralValuationOrder,
    client: ClientRole,
    parties: Parties,
    *,
    today: date,
    actor: Actor,
) -> ValuationOrder:
    if await is_under_way(session, request.id):
        raise ValuationUnderWayError
    everybody = [*parties, (request.borrower_organisation_id, PartyRole.BORROWER)]
    order = await orders.place(
        session,
        OrderPlace(
            right_ids=[one.right_id for one in await collateral_of(session, [request.id])],
            purpose=Purpose.LOAN,
            client_role=client,
            base_date=wanted.base_date or today,
            deadline=wanted.deadline,
            fee=Fee(amount_minor=wanted.fee_minor, currency=request.currency),
            valuations=wanted.valuations,
            payers=wanted.payers,
            parties=[CaseParty(organisation_id=one, role=role) for one, role in everybody],
        ),
        actor=actor,
        today=today,
        vouched=True,  # the pledgors themselves added their rights to the request
    )
    session.add(
        FinancingValuation(created_at=now(session), request_id=request.id, order_id=order.id)
    )
    await session.flush()
    return order


async def on_order(session: AsyncSession, fact: Fact) -> None:
    """A valuation was delivered, is objected to, decided, or ended without a report."""
    await _look(session, UUID(fact.subject.partition(":")[2]))


async def on_correction(session: AsyncSession, fact: Fact) -> None:
    """A report was corrected, so that the collateral may be worth something else."""
    report_id = UUID(fact.subject.removeprefix(REPORT_PREFIX))
    await _look(session, (await session.get_one(ValuationReport, report_id)).order_id)


async def _look(session: AsyncSession, order_id: UUID) -> None:
    query = select(FinancingValuation.request_id).where(
        col(FinancingValuation.order_id) == order_id
    )
    request_id = (await session.execute(query)).scalar_one_or_none()
    if request_id is None:
        return
    request = await lock(session, FinancingRequest, request_id)
    if request.state is RequestState.VALUATION_ORDERED:
        await _conclude(session, request)
    loans = select(Loan).where(col(Loan.request_id) == request_id, col(Loan.state).in_(SECURED))
    for loan in (await session.execute(loans)).scalars().all():
        if loan.disbursed_minor:
            await look_at_value(session, loan)


async def _conclude(session: AsyncSession, request: FinancingRequest) -> None:
    """The request is valued, or once more waits for somebody to order a valuation."""
    if await value_of(session, request.id, on=now(session).date()):
        move(session, request, "value", role=SYSTEM, actor=BY_SYSTEM)
    elif not await is_under_way(session, request.id):
        move(session, request, "miss_valuation", role=SYSTEM, actor=BY_SYSTEM)
