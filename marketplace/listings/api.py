from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response, status

from marketplace.accounts.access import Allowed
from marketplace.accounts.actors import Actor
from marketplace.accounts.errors import InvalidTokenError, PermissionMissingError
from marketplace.accounts.permissions import Permission
from marketplace.assets.consents.errors import ConsentNotNeededError, ConsentsMissingError
from marketplace.assets.consents.schemas import ConsentRead
from marketplace.assets.errors import NotOwnerError
from marketplace.assets.standing.errors import NotTradableError, RightRestrainedError
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.lifecycle import IllegalMoveError, NotYourMoveError, VersionMismatchError
from marketplace.kernel.money import UnknownCurrencyError
from marketplace.kernel.pagination import Cursor, InvalidCursorError, Limit
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import HotReads, Session, transactional_router
from marketplace.kernel.schemas import Page
from marketplace.kernel.versions import IfMatch
from marketplace.listings import queries, service
from marketplace.listings.access import Seller
from marketplace.listings.errors import (
    AlreadyListedError,
    ConfidentialTextMissingError,
    TerritoryNotCoveredError,
)
from marketplace.listings.models import Listing
from marketplace.listings.schemas import (
    ListingCreate,
    ListingDetailRead,
    ListingEdit,
    ListingRead,
)

router = transactional_router(prefix="/v1/listings", tags=["listings"])
public_router = APIRouter(prefix="/v1/listings", tags=["catalogue"])


Reader = Annotated[Actor, Depends(Allowed(Permission.READ))]
Operator = Annotated[Actor, Depends(Allowed(Permission.OPERATE_LISTINGS))]
MOVE_ERRORS = (
    InvalidTokenError,
    PermissionMissingError,
    NotFoundError,
    IllegalMoveError,
    NotYourMoveError,
    VersionMismatchError,
)


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    response_model=ListingRead,
    responses=problems(
        InvalidTokenError,
        PermissionMissingError,
        NotFoundError,
        NotOwnerError,
        AlreadyListedError,
        TerritoryNotCoveredError,
        UnknownCurrencyError,
    ),
)
async def create_listing(request: ListingCreate, actor: Seller, session: Session) -> Listing:
    """Draft a listing of your right: at an asking price, or open to offers."""
    return await service.create_listing(session, request, actor=actor)


@router.get("/mine", responses=problems(InvalidTokenError, InvalidCursorError))
async def my_listings(
    actor: Reader, session: Session, cursor: Cursor = None, limit: Limit = 20
) -> Page[ListingRead]:
    """Your organisation's listings in every state; all listings for an operator."""
    found, following = await queries.own_listings(session, actor, cursor=cursor, limit=limit)
    return Page(items=[ListingRead.model_validate(listing) for listing in found], next=following)


@public_router.get(
    "/{listing_id}", response_model=ListingDetailRead, responses=problems(NotFoundError)
)
async def get_listing(listing_id: UUID, reads: HotReads) -> Response:
    """The public page of a listing. No token needed."""
    detail = await queries.public_detail(reads, listing_id)
    return Response(detail, media_type="application/json")


@router.post(
    "/{listing_id}/ask-consents",
    status_code=status.HTTP_201_CREATED,
    response_model=list[ConsentRead],
    responses=problems(
        InvalidTokenError,
        PermissionMissingError,
        NotFoundError,
        NotOwnerError,
        ConsentNotNeededError,
    ),
)
async def ask_listing_consents(
    listing_id: UUID, request: ListingEdit, actor: Seller, session: Session
) -> object:
    """Ask the other owners to agree to your listing, as it is or as you want to change it."""
    return await service.ask_owners(session, listing_id, request, actor=actor)


@router.patch(
    "/{listing_id}",
    response_model=ListingRead,
    responses=problems(*MOVE_ERRORS, ConsentsMissingError),
)
async def edit_listing(
    listing_id: UUID,
    request: ListingEdit,
    actor: Seller,
    session: Session,
    if_match: IfMatch = None,
) -> Listing:
    """Change title, teaser or asking price; `asking_price_minor: null` opens it to offers."""
    return await service.edit_listing(session, listing_id, request, actor=actor, version=if_match)


@router.post(
    "/{listing_id}/publish",
    response_model=ListingRead,
    responses=problems(
        *MOVE_ERRORS,
        NotTradableError,
        RightRestrainedError,
        NotOwnerError,
        ConfidentialTextMissingError,
        ConsentsMissingError,
    ),
)
async def publish_listing(
    listing_id: UUID, actor: Seller, session: Session, if_match: IfMatch = None
) -> Listing:
    """Show your draft to everyone; it is found in the catalogue within a second."""
    return await service.publish_listing(session, listing_id, actor=actor, version=if_match)


@router.post("/{listing_id}/withdraw", response_model=ListingRead, responses=problems(*MOVE_ERRORS))
async def withdraw_listing(
    listing_id: UUID, actor: Seller, session: Session, if_match: IfMatch = None
) -> Listing:
    """Take your listing off the market for good."""
    return await service.move_listing(
        session, listing_id, "withdraw", actor=actor, version=if_match
    )


@router.post("/{listing_id}/suspend", response_model=ListingRead, responses=problems(*MOVE_ERRORS))
async def suspend_listing(
    listing_id: UUID, actor: Operator, session: Session, if_match: IfMatch = None
) -> Listing:
    """Operator: hide a listing."""
    return await service.move_listing(session, listing_id, "suspend", actor=actor, version=if_match)


@router.post(
    "/{listing_id}/resume",
    response_model=ListingRead,
    responses=problems(*MOVE_ERRORS, NotTradableError, RightRestrainedError),
)
async def resume_listing(
    listing_id: UUID, actor: Operator, session: Session, if_match: IfMatch = None
) -> Listing:
    """Operator: show a suspended listing again."""
    return await service.resume_listing(session, listing_id, actor=actor, version=if_match)


@router.post(
    "/{listing_id}/reopen",
    response_model=ListingRead,
    responses=problems(*MOVE_ERRORS, NotTradableError, RightRestrainedError),
)
async def reopen_listing(
    listing_id: UUID, actor: Operator, session: Session, if_match: IfMatch = None
) -> Listing:
    """Operator: show a reserved listing again; the right itself stays reserved for its deal."""
    return await service.operator_reopen(session, listing_id, actor=actor, version=if_match)
