from typing import Annotated
from uuid import UUID

from fastapi import Depends, status

from marketplace.accounts.access import Allowed
from marketplace.accounts.actors import Actor
from marketplace.accounts.errors import InvalidTokenError, PermissionMissingError
from marketplace.accounts.permissions import Permission
from marketplace.deals.access import MOVE_ERRORS, Reader, Signer
from marketplace.deals.mandates import acting, queries, service
from marketplace.deals.mandates.errors import (
    ExclusiveMandateError,
    InvalidMandateError,
    MandateNotInForceError,
    NotABrokerError,
    OutsideMandateError,
)
from marketplace.deals.mandates.schemas import MandateOffer, MandateRead
from marketplace.deals.negotiations.api import ANSWER_ERRORS, COUNTER_ERRORS, OFFER_ERRORS
from marketplace.deals.negotiations.queries import read_detail
from marketplace.deals.negotiations.schemas import NegotiationDetail, NegotiationRead, OfferMake
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.pagination import Cursor, InvalidCursorError, Limit
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router
from marketplace.kernel.schemas import Page

router = transactional_router(prefix="/v1/mandates", tags=["brokers"])

Broker = Annotated[Actor, Depends(Allowed(Permission.NEGOTIATE))]


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    responses=problems(
        InvalidTokenError,
        PermissionMissingError,
        NotFoundError,
        NotABrokerError,
        InvalidMandateError,
    ),
)
async def offer_mandate(request: MandateOffer, actor: Signer, session: Session) -> MandateRead:
    """Let a broker negotiate for you: over what, where, until when, for which commission.

    The broker accepts it within thirty days. It never accepts an offer or signs for you.
    """
    return queries.read_mandate(await service.offer(session, request, actor=actor), actor)


@router.get("", responses=problems(InvalidTokenError, InvalidCursorError))
async def my_mandates(
    actor: Reader, session: Session, cursor: Cursor = None, limit: Limit = 20
) -> Page[MandateRead]:
    """Mandates that you gave or hold, newest first; all of them for an operator."""
    found, following = await queries.mandates_of(session, actor, cursor=cursor, limit=limit)
    return Page(items=[queries.read_mandate(one, actor) for one in found], next=following)


@router.get("/{mandate_id}", responses=problems(InvalidTokenError, NotFoundError))
async def get_mandate(mandate_id: UUID, actor: Reader, session: Session) -> MandateRead:
    """A mandate that you gave or hold."""
    return queries.read_mandate(await queries.get_mandate(session, mandate_id, actor=actor), actor)


@router.post(
    "/{mandate_id}/accept",
    responses=problems(*MOVE_ERRORS, MandateNotInForceError, ExclusiveMandateError),
)
async def accept_mandate(mandate_id: UUID, actor: Signer, session: Session) -> MandateRead:
    """Broker: take the mandate on. An exclusive one and another never overlap."""
    return queries.read_mandate(await service.accept(session, mandate_id, actor=actor), actor)


@router.post("/{mandate_id}/decline", responses=problems(*MOVE_ERRORS))
async def decline_mandate(mandate_id: UUID, actor: Signer, session: Session) -> MandateRead:
    """Broker: decline the mandate that is offered."""
    ended = await service.answer(session, mandate_id, "decline", actor=actor)
    return queries.read_mandate(ended, actor)


@router.post("/{mandate_id}/withdraw", responses=problems(*MOVE_ERRORS))
async def withdraw_mandate(mandate_id: UUID, actor: Signer, session: Session) -> MandateRead:
    """Principal: take an offered mandate back that was not answered yet."""
    ended = await service.answer(session, mandate_id, "withdraw", actor=actor)
    return queries.read_mandate(ended, actor)


@router.post("/{mandate_id}/revoke", responses=problems(*MOVE_ERRORS))
async def revoke_mandate(mandate_id: UUID, actor: Signer, session: Session) -> MandateRead:
    """Principal: end the mandate at once. What the broker has earned by its offers it keeps."""
    ended = await service.answer(session, mandate_id, "revoke", actor=actor)
    return queries.read_mandate(ended, actor)


@router.post("/{mandate_id}/resign", responses=problems(*MOVE_ERRORS))
async def resign_mandate(mandate_id: UUID, actor: Signer, session: Session) -> MandateRead:
    """Broker: give the mandate up at once."""
    ended = await service.answer(session, mandate_id, "resign", actor=actor)
    return queries.read_mandate(ended, actor)


@router.get(
    "/{mandate_id}/negotiations",
    responses=problems(
        InvalidTokenError, NotFoundError, MandateNotInForceError, InvalidCursorError
    ),
)
async def principals_negotiations(
    mandate_id: UUID, actor: Reader, session: Session, cursor: Cursor = None, limit: Limit = 20
) -> Page[NegotiationRead]:
    """Broker: your principal's negotiations within the mandate, newest first."""
    mandate = await service.held(session, mandate_id, actor)
    found, following = await queries.negotiations_of(session, mandate, cursor=cursor, limit=limit)
    return Page(items=[NegotiationRead.model_validate(one) for one in found], next=following)


@router.get(
    "/{mandate_id}/negotiations/{negotiation_id}",
    responses=problems(InvalidTokenError, NotFoundError, MandateNotInForceError),
)
async def principals_negotiation(
    mandate_id: UUID, negotiation_id: UUID, actor: Reader, session: Session
) -> NegotiationDetail:
    """Broker: one of your principal's negotiations, with every offer in it."""
    mandate = await service.held(session, mandate_id, actor)
    negotiation = await queries.negotiation_under(session, mandate, negotiation_id)
    return await read_detail(session, negotiation)


@router.post(
    "/{mandate_id}/listings/{listing_id}/offers",
    status_code=status.HTTP_201_CREATED,
    responses=problems(*OFFER_ERRORS, MandateNotInForceError, OutsideMandateError),
)
async def make_offer_for(
    mandate_id: UUID, listing_id: UUID, request: OfferMake, actor: Broker, session: Session
) -> NegotiationDetail:
    """Broker: offer a price for a listed right on behalf of a buyer. Both sides see who made it."""
    made = await acting.make_offer(session, mandate_id, listing_id, request, actor=actor)
    return await read_detail(session, made)


@router.post(
    "/{mandate_id}/negotiations/{negotiation_id}/counter",
    responses=problems(*COUNTER_ERRORS, MandateNotInForceError),
)
async def counter_for(
    mandate_id: UUID, negotiation_id: UUID, request: OfferMake, actor: Broker, session: Session
) -> NegotiationDetail:
    """Broker: answer the other side's offer with your principal's price."""
    made = await acting.counter(session, mandate_id, negotiation_id, request, actor=actor)
    return await read_detail(session, made)


@router.post(
    "/{mandate_id}/negotiations/{negotiation_id}/decline",
    responses=problems(*ANSWER_ERRORS, MandateNotInForceError),
)
async def decline_for(
    mandate_id: UUID, negotiation_id: UUID, actor: Broker, session: Session
) -> NegotiationDetail:
    """Broker: decline the other side's offer for your principal, and end the negotiation."""
    ended = await acting.end(session, mandate_id, negotiation_id, "decline", actor=actor)
    return await read_detail(session, ended)


@router.post(
    "/{mandate_id}/negotiations/{negotiation_id}/withdraw",
    responses=problems(*ANSWER_ERRORS, MandateNotInForceError),
)
async def withdraw_for(
    mandate_id: UUID, negotiation_id: UUID, actor: Broker, session: Session
) -> NegotiationDetail:
    """Broker: take your principal's standing offer back, and end the negotiation."""
    ended = await acting.end(session, mandate_id, negotiation_id, "withdraw", actor=actor)
    return await read_detail(session, ended)
