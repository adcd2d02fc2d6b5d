"""Placing orders, and what happens until they are paid. Afterwards see `closing`."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from math import lcm
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.accounts.organisations.queries import names_of
from marketplace.assets.models import Right
from marketplace.kernel.db import lock, now
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.lifecycle import BY_SYSTEM, SYSTEM, Identity, begin, move
from marketplace.kernel.money import split
from marketplace.valuation.assignments.engine import reasons_against
from marketplace.valuation.fields import fields_of
from marketplace.valuation.orders import payments
from marketplace.valuation.orders.access import require_rights
from marketplace.valuation.orders.draws import require_drawn, require_lender
from marketplace.valuation.orders.errors import (
    InstitutionNotChosenError,
    InvalidFeeSharesError,
    UnfitDatesError,
    UnfitInstitutionError,
)
from marketplace.valuation.orders.lifecycle import GRACE, OrderState
from marketplace.valuation.orders.models import (
    ClientRole,
    PartyRole,
    ValuationOrder,
    ValuationOrderRight,
    ValuationParty,
    ValuationPayer,
)
from marketplace.valuation.orders.schemas import FeeShare, OrderPlace
from marketplace.valuation.policies.models import AssignmentPolicy
from marketplace.valuation.policies.service import policy_at

PAIR: Final = 2
"""Of so many valuations the spread may call for a third."""
DEADLINE_DAYS_MAX: Final = 366
BASE_DAYS_MAX: Final = 25 * 366
"""How far back a right may be valued, as for damages: no right's term is longer."""
OWN_ROLE: Final = {
    ClientRole.OWNER: PartyRole.OWNER,
    ClientRole.BUYER: PartyRole.BUYER,
    ClientRole.LENDER: PartyRole.LENDER,
}


async def place(
    session: AsyncSession,
    request: OrderPlace,
    *,
    actor: Actor,
    today: date,
    vouched: bool = False,
) -> ValuationOrder:
    """Order a valuation for the actor's organisation, and ask its payers for the fees.

    Args:
        session: of one transaction.
        request: rights, purpose, days, fee and its payers, and who else the case concerns.
        actor: whose organisation is the client.
        today: in the reporting time zone.
        vouched: the caller has made sure that the client may have these rights valued, as a
            lender may for rights that were offered to it as security, and itself names the
            parties: who uses the value looks at each lender again.

    Raises:
        NotFoundError: a right or an organisation that is not there, or not the client's.
        NoAssignmentPolicyError: nothing says how valuations for the purpose are assigned.
        InstitutionNotChosenError, UnfitInstitutionError: of a named institution, or of parties
            and payers that keep institutions out where nobody chooses one.
        LenderMissingError: a loan or guarantee that nobody is named to give.
        UnfitDatesError, InvalidFeeSharesError: what the request says of days and shares.
    """
    policy = await policy_at(session, request.purpose, now(session))
    _require_dates(request, policy, today)
    if request.institution_id is not None and not policy.client_may_name:
        raise InstitutionNotChosenError(f"for {request.purpose} it is drawn among those fit")
    if not vouched:
        client = actor.organisation_id
        await require_rights(session, request.right_ids, request.client_role, client)
    payers = request.payers or [
        FeeShare(organisation_id=actor.organisation_id, numerator=1, denominator=1)
    ]
    await _require_known(session, request, payers)
    if not vouched:
        require_lender(request, OWN_ROLE[request.client_role])
    if not policy.client_may_name:
        own = actor.organisation_id
        named = [] if vouched else [(one.organisation_id, one.role) for one in request.parties]
        await require_drawn(session, own, named, payers, today=today)
    order = await _order(session, request, policy, actor)
    begin(session, order, actor, purpose=order.purpose, valuations=order.valuations)
    await session.flush()
    _add_case(session, order, request, payers)
    asked = _payers(session, order, payers)
    await session.flush()
    if order.named_institution_id is not None:
        await _require_fit(session, order, order.named_institution_id, today)
    await payments.ask(session, order, asked)
    return order


async def _order(
    session: AsyncSession, request: OrderPlace, policy: AssignmentPolicy, actor: Actor
) -> ValuationOrder:
    query = select(Right.classifications).where(col(Right.id).in_(request.right_ids))
    found = (await session.execute(query)).scalars().all()
    if len(found) < len(request.right_ids):
        raise NotFoundError("no such right")
    fee_minor, count = request.fee.amount_minor, request.valuations
    return ValuationOrder(
        created_at=now(session),
        client_organisation_id=actor.organisation_id,
        client_role=request.client_role,
        purpose=request.purpose,
        base_date=request.base_date,
        deadline=request.deadline,
        policy_id=policy.id,
        fee_minor=fee_minor,
        total_minor=fee_minor * (count + (count == PAIR)),
        currency=request.fee.currency,
        valuations=count,
        wanted=count,
        named_institution_id=request.institution_id,
        fields=fields_of(symbol for symbols in found for symbol in symbols),
        region=request.region,
    )


def _require_dates(request: OrderPlace, policy: AssignmentPolicy, today: date) -> None:
    earliest = today + timedelta(days=policy.work_days + policy.answer_hours // 24)
    latest = today + timedelta(days=DEADLINE_DAYS_MAX)
    if request.base_date > today:
        raise UnfitDatesError("what will be true on a day to come is not known")
    if request.base_date < (oldest := today - timedelta(days=BASE_DAYS_MAX)):
        raise UnfitDatesError(f"write a base date from {oldest}: no right's term is longer")
    if not earliest <= request.deadline <= latest:
        raise UnfitDatesError(f"write a deadline from {earliest} to {latest}")


async def _require_known(
    session: AsyncSession, request: OrderPlace, payers: Sequence[FeeShare]
) -> None:
    named = {payer.organisation_id for payer in payers}
    named |= {party.organisation_id for party in request.parties}
    if request.institution_id is not None:
        named.add(request.institution_id)
    if named - (await names_of(session, named)).keys():
        raise NotFoundError("no such organisation")


async def _require_fit(
    session: AsyncSession, order: ValuationOrder, institution_id: UUID, today: date
) -> None:
    """The reasons stay untold: they may be another client's affair."""
    if await reasons_against(session, order, institution_id, on=today):
        raise UnfitInstitutionError


def _add_case(
    session: AsyncSession, order: ValuationOrder, request: OrderPlace, payers: Sequence[FeeShare]
) -> None:
    at, own = now(session), order.client_organisation_id
    parties = {(own, PartyRole.CLIENT), (own, OWN_ROLE[request.client_role])}
    parties |= {(one.organisation_id, PartyRole.PAYER) for one in payers}
    parties |= {(one.organisation_id, one.role) for one in request.parties}
    for right_id in request.right_ids:
        session.add(ValuationOrderRight(created_at=at, order_id=order.id, right_id=right_id))
    for organisation_id, role in sorted(parties, key=str):
        session.add(
            ValuationParty(
                created_at=at, order_id=order.id, organisation_id=organisation_id, role=role
            )
        )


def _payers(
    session: AsyncSession, order: ValuationOrder, shares: Sequence[FeeShare]
) -> list[ValuationPayer]:
    """Divide all fees by exact shares; ties go to the earlier payer."""
    exact = [Fraction(one.numerator, one.denominator) for one in shares]
    whole = lcm(*(share.denominator for share in exact))
    amounts = split(order.total_minor, [int(share * whole) for share in exact])
    organisations = {one.organisation_id for one in shares}
    if sum(exact) != 1 or min(amounts) == 0 or len(organisations) < len(shares):
        raise InvalidFeeSharesError
    payers = [
        ValuationPayer(
            created_at=now(session),
            order_id=order.id,
            position=position,
            amount_minor=amount_minor,
            **share.model_dump(),
        )
        for position, (share, amount_minor) in enumerate(zip(shares, amounts, strict=True), 1)
    ]
    session.add_all(payers)
    return payers


async def fund(session: AsyncSession, payer_id: UUID) -> None:
    """A payer's share is held. With all of them the search begins; told again, nothing happens."""
    payer = await session.get(ValuationPayer, payer_id)
    if payer is None:
        raise NotFoundError("no such payer of a valuation")
    order = await lock(session, ValuationOrder, payer.order_id)
    if order.state is OrderState.AWAITING_PAYMENT and await payments.all_paid(session, order):
        move(session, order, "pay", role=SYSTEM, actor=BY_SYSTEM, due_at=ends_at(order))
        order.seek_at = now(session)


def ends_at(order: ValuationOrder) -> datetime:
    """When an open order is given up."""
    return datetime.combine(order.deadline, time(), UTC) + GRACE


async def cancel(
    session: AsyncSession, order: ValuationOrder, *, role: str, actor: Identity
) -> None:
    """Give up an order that was not paid for; what has come goes back."""
    move(session, order, "cancel", role=role, actor=actor)
    await payments.stop_asking(session, order, actor=actor)
