from uuid import UUID

from fastapi import status

from marketplace.accounts.access import Keys
from marketplace.accounts.errors import InvalidTokenError
from marketplace.assets.errors import NotOwnerError
from marketplace.documents.sealed import service as sealed
from marketplace.documents.sealed.models import SealedDocument
from marketplace.documents.sealed.schemas import SealedDocumentAbout, SealedDocumentPut
from marketplace.documents.signatures import newest
from marketplace.financing.access import DOOR_ERRORS, MOVE_ERRORS, Financier, Reader
from marketplace.financing.errors import (
    CollateralBlockedError,
    CollateralKnownError,
)
from marketplace.financing.offers.matching import matches_of
from marketplace.financing.products.schemas import ProductMatch
from marketplace.financing.requests import queries, screening, service
from marketplace.financing.requests.models import FinancingRequest
from marketplace.financing.requests.schemas import (
    CollateralAdd,
    FinancingRequestFile,
    FinancingRequestRead,
    PledgeTermsRead,
    ScreeningRead,
)
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.lifecycle import NotYourMoveError
from marketplace.kernel.money import UnknownCurrencyError
from marketplace.kernel.pagination import Cursor, InvalidCursorError, Limit
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router
from marketplace.kernel.schemas import Page

router = transactional_router(prefix="/v1/financing-requests", tags=["financing: requests"])


async def _read(session: Session, request: FinancingRequest, actor: Reader) -> FinancingRequestRead:
    await session.flush()
    return (await queries.read_requests(session, [request], actor))[0]


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    responses=problems(*DOOR_ERRORS, NotOwnerError, CollateralKnownError, UnknownCurrencyError),
)
async def file_financing_request(
    request: FinancingRequestFile, actor: Financier, session: Session
) -> FinancingRequestRead:
    """Ask for a loan against rights. When nothing stands against them, lenders see it at once."""
    return await _read(session, await service.file_request(session, request, actor=actor), actor)


@router.get("", responses=problems(InvalidTokenError, InvalidCursorError))
async def financing_requests(
    actor: Reader, session: Session, cursor: Cursor = None, limit: Limit = 20
) -> Page[FinancingRequestRead]:
    """Your requests, those you secure, and as a lender all that wait for offers."""
    found, following = await queries.requests_page(session, actor, cursor=cursor, limit=limit)
    return Page(items=await queries.read_requests(session, found, actor), next=following)


@router.get("/{request_id}", responses=problems(InvalidTokenError, NotFoundError))
async def get_financing_request(
    request_id: UUID, actor: Reader, session: Session
) -> FinancingRequestRead:
    """One request with its collateral."""
    return await _read(session, await queries.get_request(session, request_id, actor=actor), actor)


@router.post(
    "/{request_id}/collateral",
    responses=problems(*MOVE_ERRORS, NotOwnerError, CollateralKnownError),
)
async def add_collateral(
    request_id: UUID, request: CollateralAdd, actor: Financier, session: Session
) -> FinancingRequestRead:
    """Add a right of yours that secures the loan, also for a borrower who asked you to.

    Other collateral makes another text of the pledge, so co-owners consent anew.
    """
    found = await service.add_collateral(session, request_id, request.right_id, actor=actor)
    return await _read(session, found, actor)


@router.get("/{request_id}/pledge-terms", responses=problems(InvalidTokenError, NotFoundError))
async def pledge_terms(request_id: UUID, actor: Reader, session: Session) -> PledgeTermsRead:
    """What co-owners consent to: ask them with POST /v1/rights/{id}/consents and this text."""
    found = await queries.get_request(session, request_id, actor=actor)
    document = await newest(session, found.subject)
    return PledgeTermsRead(sha256=document.sha256, text=document.content)


@router.get("/{request_id}/prescreening", responses=problems(InvalidTokenError, NotFoundError))
async def read_prescreening(request_id: UUID, actor: Reader, session: Session) -> ScreeningRead:
    """What blocks each right from being pledged: lapsed, pledged, a consent missing."""
    found = await queries.get_request(session, request_id, actor=actor)
    return await screening.screen(session, found)


@router.post("/{request_id}/prescreen", responses=problems(*MOVE_ERRORS, CollateralBlockedError))
async def prescreen_request(
    request_id: UUID, actor: Financier, session: Session
) -> FinancingRequestRead:
    """Show your request to lenders, once nothing stands against its collateral."""
    return await _read(session, await service.prescreen(session, request_id, actor=actor), actor)


@router.get("/{request_id}/products", responses=problems(InvalidTokenError, NotFoundError))
async def matching_products(
    request_id: UUID, actor: Reader, session: Session
) -> list[ProductMatch]:
    """Lenders' products that fit the request, and why the others do not; at most a hundred."""
    found = await queries.get_request(session, request_id, actor=actor)
    return await matches_of(session, found)


@router.post("/{request_id}/withdraw", responses=problems(*MOVE_ERRORS))
async def withdraw_financing_request(
    request_id: UUID, actor: Financier, session: Session
) -> FinancingRequestRead:
    """Take your request back."""
    return await _read(session, await service.withdraw(session, request_id, actor=actor), actor)


@router.post(
    "/{request_id}/documents",
    status_code=status.HTTP_201_CREATED,
    response_model=SealedDocumentAbout,
    responses=problems(*DOOR_ERRORS, NotYourMoveError),
)
async def put_request_document(
    request_id: UUID,
    request: SealedDocumentPut,
    actor: Financier,
    session: Session,
    keys: Keys,
) -> SealedDocument:
    """Put a confidential document to your request. Lenders see its name, and read it on leave."""
    found = await service.lock_own(session, request_id, actor)
    return await sealed.put(
        session, keys, found.subject, request.name, request.content, actor=actor
    )


@router.get(
    "/{request_id}/documents",
    response_model=list[SealedDocumentAbout],
    responses=problems(InvalidTokenError, NotFoundError),
)
async def request_documents(request_id: UUID, actor: Reader, session: Session) -> object:
    """The names of a request's documents; their content takes a grant."""
    found = await queries.get_request(session, request_id, actor=actor)
    return await sealed.documents_about(session, found.subject)
