from uuid import UUID

from fastapi import status

from marketplace.accounts.calendar import Today
from marketplace.accounts.errors import InvalidTokenError
from marketplace.financing.access import DOOR_ERRORS, MOVE_ERRORS, Financier, Reader
from marketplace.financing.errors import ValuationUnderWayError
from marketplace.financing.loans.parties import get_loan
from marketplace.financing.requests.queries import get_request
from marketplace.financing.valuations import queries, service
from marketplace.financing.valuations.schemas import CollateralValuationOrder, CollateralValueRead
from marketplace.kernel.db import now
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.lifecycle import NotYourMoveError
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router
from marketplace.payments.access import Ways
from marketplace.valuation.orders.errors import InvalidFeeSharesError, UnfitDatesError
from marketplace.valuation.orders.queries import read_order
from marketplace.valuation.orders.schemas import OrderRead
from marketplace.valuation.policies.errors import NoAssignmentPolicyError

router = transactional_router(prefix="/v1", tags=["financing: valuations"])
_ORDER_ERRORS = (
    ValuationUnderWayError,
    NoAssignmentPolicyError,
    UnfitDatesError,
    InvalidFeeSharesError,
)


@router.post(
    "/financing-requests/{request_id}/order-valuation",
    status_code=status.HTTP_201_CREATED,
    responses=problems(*MOVE_ERRORS, *_ORDER_ERRORS),
)
async def order_request_valuation(
    request_id: UUID,
    request: CollateralValuationOrder,
    actor: Financier,
    session: Session,
    ways: Ways,
    today: Today,
) -> OrderRead:
    """Borrower: have your collateral valued. It goes on as POST /v1/valuation/orders does.

    Nobody chooses the institution. What its report says is what lenders lend against.
    """
    order = await service.order_for_request(session, request_id, request, today=today, actor=actor)
    await session.flush()
    return await read_order(session, order, actor, ways)


@router.get(
    "/financing-requests/{request_id}/valuation",
    responses=problems(InvalidTokenError, NotFoundError),
)
async def request_valuation(
    request_id: UUID, actor: Reader, session: Session
) -> CollateralValueRead:
    """What the collateral is worth by the newest valuation that holds; 404 while none does."""
    found = await get_request(session, request_id, actor=actor)
    return await _value(session, found.id)


@router.post(
    "/loans/{loan_id}/order-valuation",
    status_code=status.HTTP_201_CREATED,
    responses=problems(*DOOR_ERRORS, NotYourMoveError, *_ORDER_ERRORS),
)
async def order_loan_valuation(
    loan_id: UUID,
    request: CollateralValuationOrder,
    actor: Financier,
    session: Session,
    ways: Ways,
    today: Today,
) -> OrderRead:
    """Borrower or lender: have the collateral valued anew; the loan to value is looked at again."""
    order = await service.order_for_loan(session, loan_id, request, today=today, actor=actor)
    await session.flush()
    return await read_order(session, order, actor, ways)


@router.get("/loans/{loan_id}/valuation", responses=problems(InvalidTokenError, NotFoundError))
async def loan_valuation(loan_id: UUID, actor: Reader, session: Session) -> CollateralValueRead:
    """What the collateral of a loan is worth by its newest valuation that holds."""
    found = await get_loan(session, loan_id, actor=actor)
    return await _value(session, found.request_id)


async def _value(session: Session, request_id: UUID) -> CollateralValueRead:
    found = await queries.value_of(session, request_id, on=now(session).date())
    if found is None:
        raise NotFoundError("no valuation that holds")
    return queries.read_value(found)
