from uuid import UUID

from fastapi import status
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.actors import Actor
from marketplace.accounts.calendar import Today
from marketplace.accounts.errors import InvalidTokenError, PermissionMissingError
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.money import UnknownCurrencyError
from marketplace.kernel.pagination import Cursor, InvalidCursorError, Limit
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router
from marketplace.kernel.schemas import Page
from marketplace.payments.access import Ways
from marketplace.payments.providers.port import WaysToPay
from marketplace.valuation.access import MOVE_ERRORS, Client, ClientOrOperator, Operator, Reader
from marketplace.valuation.orders import closing, queries, service
from marketplace.valuation.orders.access import get_order, lock_for
from marketplace.valuation.orders.errors import (
    AlreadyAcceptedError,
    InstitutionNotChosenError,
    InvalidFeeSharesError,
    LenderMissingError,
    UnfitDatesError,
    UnfitInstitutionError,
)
from marketplace.valuation.orders.models import ValuationOrder
from marketplace.valuation.orders.schemas import Objection, OrderListed, OrderPlace, OrderRead
from marketplace.valuation.policies.errors import NoAssignmentPolicyError

router = transactional_router(prefix="/v1/valuation/orders", tags=["valuation orders"])


async def _read(
    session: AsyncSession, order: ValuationOrder, actor: Actor, ways: WaysToPay
) -> OrderRead:
    await session.flush()
    return await queries.read_order(session, order, actor, ways)


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    responses=problems(
        InvalidTokenError,
        PermissionMissingError,
        NotFoundError,
        NoAssignmentPolicyError,
        InstitutionNotChosenError,
        LenderMissingError,
        UnfitInstitutionError,
        UnfitDatesError,
        InvalidFeeSharesError,
        UnknownCurrencyError,
    ),
)
async def place_valuation_order(
    request: OrderPlace, actor: Client, session: Session, ways: Ways, today: Today
) -> OrderRead:
    """Order a valuation of rights that you own, or that are on offer.

    Each payer is asked for their share. When all is held, institutions are drawn among those that
    are fit and that nothing stands between. For loans and guarantees nobody chooses one, by whom
    they name neither, and the lender is named.
    """
    order = await service.place(session, request, actor=actor, today=today)
    return await _read(session, order, actor, ways)


@router.get("", responses=problems(InvalidTokenError, InvalidCursorError))
async def valuation_orders(
    actor: Reader, session: Session, cursor: Cursor = None, limit: Limit = 20
) -> Page[OrderListed]:
    """Orders that you placed or pay for, newest first; all of them for an operator."""
    found, following = await queries.orders_of(session, actor, cursor=cursor, limit=limit)
    return Page(items=[queries.read_listed(one, actor) for one in found], next=following)


@router.get("/{order_id}", responses=problems(InvalidTokenError, NotFoundError))
async def valuation_order(order_id: UUID, actor: Reader, session: Session, ways: Ways) -> OrderRead:
    """An order: how to pay it, how many reports are in, and once delivered, all of them."""
    order = await get_order(session, order_id, actor=actor)
    return await queries.read_order(session, order, actor, ways)


@router.post("/{order_id}/cancel", responses=problems(*MOVE_ERRORS))
async def cancel_valuation_order(
    order_id: UUID, actor: ClientOrOperator, session: Session, ways: Ways
) -> OrderRead:
    """Client, any of its payers, or operator: give up an order that is not paid for.

    What has come goes back. So nobody pays who has not agreed to.
    """
    order, role = await lock_for(session, order_id, actor)
    await service.cancel(session, order, role=role, actor=actor)
    return await _read(session, order, actor, ways)


@router.post("/{order_id}/withdraw", responses=problems(*MOVE_ERRORS, AlreadyAcceptedError))
async def withdraw_valuation_order(
    order_id: UUID, actor: Client, session: Session, ways: Ways
) -> OrderRead:
    """Client: do without, and get the money back, as long as no institution has begun to work."""
    order, role = await lock_for(session, order_id, actor)
    await closing.withdraw(session, order, role=role, actor=actor)
    return await _read(session, order, actor, ways)


@router.post("/{order_id}/accept", responses=problems(*MOVE_ERRORS))
async def accept_valuation(
    order_id: UUID, actor: Client, session: Session, ways: Ways
) -> OrderRead:
    """Client: accept what was delivered; each institution is paid. Days later, time accepts."""
    order, role = await lock_for(session, order_id, actor)
    await closing.accept(session, order, role=role, actor=actor)
    return await _read(session, order, actor, ways)


@router.post("/{order_id}/object", responses=problems(*MOVE_ERRORS))
async def object_to_valuation(
    order_id: UUID, request: Objection, actor: Client, session: Session, ways: Ways
) -> OrderRead:
    """Client: say what is wrong with the delivery; nobody is paid until an operator decides."""
    order, role = await lock_for(session, order_id, actor)
    await closing.object_to(session, order, request.reason, role=role, actor=actor)
    return await _read(session, order, actor, ways)


@router.post("/{order_id}/dismiss", responses=problems(*MOVE_ERRORS))
async def dismiss_objection(
    order_id: UUID, actor: Operator, session: Session, ways: Ways
) -> OrderRead:
    """Operator: the objection is not right; the institutions are paid."""
    order, role = await lock_for(session, order_id, actor)
    await closing.dismiss(session, order, role=role, actor=actor)
    return await _read(session, order, actor, ways)


@router.post("/{order_id}/sustain", responses=problems(*MOVE_ERRORS))
async def sustain_objection(
    order_id: UUID, actor: Operator, session: Session, ways: Ways
) -> OrderRead:
    """Operator: the objection is right; all of the money goes back to who paid it."""
    order, role = await lock_for(session, order_id, actor)
    await closing.sustain(session, order, role=role, actor=actor)
    return await _read(session, order, actor, ways)


@router.post("/{order_id}/fail", responses=problems(*MOVE_ERRORS))
async def end_valuation_order(
    order_id: UUID, actor: Operator, session: Session, ways: Ways
) -> OrderRead:
    """Operator: end an open order: deliver the reports that are in, or give the money back."""
    order, role = await lock_for(session, order_id, actor)
    await closing.fail(session, order, role=role, actor=actor)
    return await _read(session, order, actor, ways)
