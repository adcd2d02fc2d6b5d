from uuid import UUID

from fastapi import status

from marketplace.accounts.errors import InvalidTokenError
from marketplace.financing.access import DOOR_ERRORS, MOVE_ERRORS, Financier, Reader, Signer
from marketplace.financing.errors import (
    CollateralBlockedError,
    ConflictOfInterestError,
    InvalidLoanTermsError,
    LendersOnlyError,
    LimitExceededError,
    LoanExistsError,
    NotValuedError,
    OfferExistsError,
    OwnRequestError,
)
from marketplace.financing.loans.opening import open_loan
from marketplace.financing.loans.queries import read_loan
from marketplace.financing.loans.schemas import LoanRead
from marketplace.financing.offers import queries, service
from marketplace.financing.offers.schemas import (
    InstalmentPlan,
    LoanOfferDetail,
    LoanOfferMake,
    LoanOfferRead,
)
from marketplace.financing.requests.queries import get_request
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.lifecycle import IllegalMoveError
from marketplace.kernel.pagination import Cursor, InvalidCursorError, Limit
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router
from marketplace.kernel.schemas import Page
from marketplace.payments.access import Ways

router = transactional_router(prefix="/v1", tags=["financing: offers"])


@router.post(
    "/financing-requests/{request_id}/loan-offers",
    status_code=status.HTTP_201_CREATED,
    responses=problems(
        *DOOR_ERRORS,
        LendersOnlyError,
        IllegalMoveError,
        NotValuedError,
        OwnRequestError,
        ConflictOfInterestError,
        LimitExceededError,
        InvalidLoanTermsError,
        OfferExistsError,
    ),
)
async def make_loan_offer(
    request_id: UUID, request: LoanOfferMake, actor: Signer, session: Session
) -> LoanOfferRead:
    """Lender: offer a loan for a valued request. No other lender sees it."""
    offer = await service.make_offer(session, request_id, request, actor=actor)
    return queries.read_offer(offer, actor)


@router.get(
    "/financing-requests/{request_id}/loan-offers",
    responses=problems(InvalidTokenError, NotFoundError),
)
async def loan_offers_for_request(
    request_id: UUID, actor: Reader, session: Session
) -> list[LoanOfferRead]:
    """The offers for your request, the cheapest by effective annual cost first.

    A lender sees its own alone.
    """
    request = await get_request(session, request_id, actor=actor)
    found = await queries.offers_for(session, request.id, actor)
    return [queries.read_offer(offer, actor) for offer in found]


@router.get("/loan-offers", responses=problems(InvalidTokenError, InvalidCursorError))
async def my_loan_offers(
    actor: Reader, session: Session, cursor: Cursor = None, limit: Limit = 20
) -> Page[LoanOfferRead]:
    """Loan offers that you made or received, newest first."""
    found, following = await queries.offers_page(session, actor, cursor=cursor, limit=limit)
    return Page(items=[queries.read_offer(one, actor) for one in found], next=following)


@router.get("/loan-offers/{offer_id}", responses=problems(InvalidTokenError, NotFoundError))
async def get_loan_offer(offer_id: UUID, actor: Reader, session: Session) -> LoanOfferDetail:
    """One offer with its schedule."""
    offer = await queries.get_offer(session, offer_id, actor=actor)
    rows = service.plan(offer, offer.amount_minor)
    return LoanOfferDetail(
        **queries.read_offer(offer, actor).model_dump(),
        instalments=[InstalmentPlan.model_validate(row) for row in rows],
    )


@router.post(
    "/loan-offers/{offer_id}/accept",
    status_code=status.HTTP_201_CREATED,
    responses=problems(
        *MOVE_ERRORS, CollateralBlockedError, NotValuedError, LimitExceededError, LoanExistsError
    ),
)
async def accept_loan_offer(
    offer_id: UUID, actor: Signer, session: Session, ways: Ways
) -> LoanRead:
    """Borrower: take this offer. It becomes a loan whose contract is to be signed."""
    request, offer = await service.accept(session, offer_id, actor=actor)
    loan = await open_loan(session, request, offer, actor=actor)
    return await read_loan(session, loan, actor, ways)


@router.post("/loan-offers/{offer_id}/decline", responses=problems(*MOVE_ERRORS))
async def decline_loan_offer(offer_id: UUID, actor: Financier, session: Session) -> LoanOfferRead:
    """Borrower: decline an offer."""
    offer = await service.end(session, offer_id, "decline", actor=actor)
    return queries.read_offer(offer, actor)


@router.post("/loan-offers/{offer_id}/withdraw", responses=problems(*MOVE_ERRORS))
async def withdraw_loan_offer(offer_id: UUID, actor: Financier, session: Session) -> LoanOfferRead:
    """Lender: take your offer back."""
    offer = await service.end(session, offer_id, "withdraw", actor=actor)
    return queries.read_offer(offer, actor)
