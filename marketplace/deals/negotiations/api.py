from typing import Annotated
from uuid import UUID

from fastapi import Depends, status

from marketplace.accounts.access import Allowed, Keys
from marketplace.accounts.actors import Actor
from marketplace.accounts.errors import InvalidTokenError, PermissionMissingError
from marketplace.accounts.permissions import Permission
from marketplace.assets.errors import NotOwnerError
from marketplace.deals.errors import SamePeopleError
from marketplace.deals.licences.access import CONFLICTS
from marketplace.deals.negotiations import queries, service
from marketplace.deals.negotiations.errors import (
    InvalidValidityError,
    ListingNotOpenError,
    NegotiationExistsError,
    OfferChangedError,
    OfferExpiredError,
    OpenLicenceError,
    OwnListingError,
    PriceNeededError,
    RoundLimitError,
)
from marketplace.deals.negotiations.schemas import (
    NegotiationDetail,
    NegotiationRead,
    OfferAccept,
    OfferMake,
)
from marketplace.deals.pools.errors import PoolNotOpenError
from marketplace.deals.queries import read_deal
from marketplace.deals.schemas import DealRead
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.lifecycle import IllegalMoveError, NotYourMoveError
from marketplace.kernel.money import CurrencyMismatchError, UnknownCurrencyError
from marketplace.kernel.pagination import Cursor, InvalidCursorError, Limit
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router
from marketplace.kernel.schemas import Page

router = transactional_router(prefix="/v1", tags=["negotiations"])

Negotiator = Annotated[Actor, Depends(Allowed(Permission.NEGOTIATE))]
Reader = Annotated[Actor, Depends(Allowed(Permission.READ))]
ANSWER_ERRORS = (
    InvalidTokenError,
    PermissionMissingError,
    NotFoundError,
    IllegalMoveError,
    NotYourMoveError,
)
OFFER_ERRORS = (
    InvalidTokenError,
    PermissionMissingError,
    NotFoundError,
    ListingNotOpenError,
    OwnListingError,
    SamePeopleError,
    OpenLicenceError,
    PriceNeededError,
    NegotiationExistsError,
    InvalidValidityError,
    CurrencyMismatchError,
    UnknownCurrencyError,
)
COUNTER_ERRORS = (
    *ANSWER_ERRORS,
    OfferExpiredError,
    InvalidValidityError,
    CurrencyMismatchError,
    UnknownCurrencyError,
    PriceNeededError,
    RoundLimitError,
)


@router.post(
    "/listings/{listing_id}/offers",
    status_code=status.HTTP_201_CREATED,
    responses=problems(*OFFER_ERRORS),
)
async def make_offer(
    listing_id: UUID, request: OfferMake, actor: Negotiator, session: Session
) -> NegotiationDetail:
    """Offer a price for a listed right; the seller accepts, counters or declines."""
    negotiation = await service.make_offer(session, listing_id, request, actor=actor)
    return await queries.read_detail(session, negotiation)


@router.get("/negotiations", responses=problems(InvalidTokenError, InvalidCursorError))
async def my_negotiations(
    actor: Reader, session: Session, cursor: Cursor = None, limit: Limit = 20
) -> Page[NegotiationRead]:
    """Your negotiations on either side, newest first."""
    found, following = await queries.negotiations_of(session, actor, cursor=cursor, limit=limit)
    return Page(items=[NegotiationRead.model_validate(one) for one in found], next=following)


@router.get("/negotiations/{negotiation_id}", responses=problems(InvalidTokenError, NotFoundError))
async def get_negotiation(
    negotiation_id: UUID, actor: Reader, session: Session
) -> NegotiationDetail:
    """A negotiation with every offer ever made in it."""
    negotiation = await queries.get_negotiation(session, negotiation_id, actor=actor)
    return await queries.read_detail(session, negotiation)


@router.post(
    "/negotiations/{negotiation_id}/counter",
    responses=problems(*COUNTER_ERRORS),
)
async def counter_offer(
    negotiation_id: UUID, request: OfferMake, actor: Negotiator, session: Session
) -> NegotiationDetail:
    """Answer the other side's offer with your price. Sides strictly alternate."""
    negotiation = await service.counter(session, negotiation_id, request, actor=actor)
    return await queries.read_detail(session, negotiation)


@router.post(
    "/negotiations/{negotiation_id}/accept",
    status_code=status.HTTP_201_CREATED,
    responses=problems(
        *ANSWER_ERRORS,
        OfferExpiredError,
        OfferChangedError,
        ListingNotOpenError,
        NotOwnerError,
        PoolNotOpenError,
        *CONFLICTS,
    ),
)
async def accept_offer(
    negotiation_id: UUID, request: OfferAccept, actor: Negotiator, session: Session, keys: Keys
) -> DealRead:
    """Accept the offer you read; it becomes a deal with frozen terms. One buyer wins a right."""
    deal = await service.accept(session, keys, negotiation_id, request.offer_number, actor=actor)
    return read_deal(deal, actor)


@router.post("/negotiations/{negotiation_id}/decline", responses=problems(*ANSWER_ERRORS))
async def decline_offer(
    negotiation_id: UUID, actor: Negotiator, session: Session
) -> NegotiationDetail:
    """Decline the other side's offer and end the negotiation."""
    ended = await service.end(session, negotiation_id, "decline", actor=actor)
    return await queries.read_detail(session, ended)


@router.post("/negotiations/{negotiation_id}/withdraw", responses=problems(*ANSWER_ERRORS))
async def withdraw_offer(
    negotiation_id: UUID, actor: Negotiator, session: Session
) -> NegotiationDetail:
    """Take your own standing offer back and end the negotiation."""
    ended = await service.end(session, negotiation_id, "withdraw", actor=actor)
    return await queries.read_detail(session, ended)
