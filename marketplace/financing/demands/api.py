from typing import Annotated
from uuid import UUID

from fastapi import Query, status

from marketplace.accounts.access import Keys
from marketplace.accounts.errors import InvalidTokenError
from marketplace.assets.consents.errors import ConsentsMissingError
from marketplace.assets.encumbrances.errors import EncumberedError, TrusteeOnlyError
from marketplace.assets.errors import NotOwnerError, RightReservedError
from marketplace.assets.standing.errors import NotTradableError, RightRestrainedError
from marketplace.deals.errors import SamePeopleError
from marketplace.documents.errors import AlreadySignedError, TextChangedError
from marketplace.financing.access import DOOR_ERRORS, MOVE_ERRORS, Financier, Reader, Signer
from marketplace.financing.demands import closing, queries, service
from marketplace.financing.demands.errors import (
    DemandOfferExistsError,
    InvalidDemandError,
    NotYourProductError,
    OfferUnfitError,
    OwnDemandError,
)
from marketplace.financing.demands.models import Demand
from marketplace.financing.demands.schemas import (
    DemandOfferMake,
    DemandOfferRead,
    DemandPublish,
    DemandRead,
)
from marketplace.financing.demands.terms import Product
from marketplace.financing.loans.schemas import ContractRead, ContractSign
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.lifecycle import IllegalMoveError
from marketplace.kernel.pagination import Cursor, InvalidCursorError, Limit
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router
from marketplace.kernel.schemas import Page
from marketplace.listings.errors import AlreadyListedError, ConfidentialTextMissingError
from marketplace.payments.access import Ways

router = transactional_router(prefix="/v1", tags=["financing: demands"])
OfProduct = Annotated[Product | None, Query(description="left out: of every product")]


async def _read(session: Session, demand: Demand, actor: Reader, ways: Ways) -> DemandRead:
    await session.flush()
    return (await queries.read_demands(session, [demand], actor, ways))[0]


@router.post(
    "/demands",
    status_code=status.HTTP_201_CREATED,
    responses=problems(*DOOR_ERRORS, NotOwnerError, InvalidDemandError),
)
async def publish_demand(
    request: DemandPublish, actor: Financier, session: Session, ways: Ways
) -> DemandRead:
    """Ask for a guaranteed loan, equity, a sale with a licence back, or a securitisation.

    Everybody whose kind may offer the product sees it until it closes.
    """
    demand = await service.publish_demand(session, request, actor=actor)
    return await _read(session, demand, actor, ways)


@router.get("/demands", responses=problems(InvalidTokenError, InvalidCursorError))
async def demands(
    actor: Reader,
    session: Session,
    ways: Ways,
    product: OfProduct = None,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> Page[DemandRead]:
    """Your demands, those you offered for, and open ones that you may offer for; newest first."""
    found, following = await queries.demands_page(
        session, actor, product, cursor=cursor, limit=limit
    )
    items = await queries.read_demands(session, found, actor, ways)
    return Page(items=items, next=following)


@router.get("/demands/{demand_id}", responses=problems(InvalidTokenError, NotFoundError))
async def get_demand(demand_id: UUID, actor: Reader, session: Session, ways: Ways) -> DemandRead:
    """One demand with its terms, and for its two sides what became of it."""
    demand = await queries.get_demand(session, demand_id, actor=actor)
    return await _read(session, demand, actor, ways)


@router.post("/demands/{demand_id}/withdraw", responses=problems(*MOVE_ERRORS))
async def withdraw_demand(
    demand_id: UUID, actor: Financier, session: Session, ways: Ways
) -> DemandRead:
    """Company: take your demand back, as long as you have accepted no offer."""
    demand, role = await service.lock_for(session, demand_id, actor)
    await service.end_demand(session, demand, "withdraw", role=role, actor=actor)
    return await _read(session, demand, actor, ways)


@router.post(
    "/demands/{demand_id}/offers",
    status_code=status.HTTP_201_CREATED,
    responses=problems(
        *DOOR_ERRORS,
        NotYourProductError,
        OwnDemandError,
        IllegalMoveError,
        OfferUnfitError,
        InvalidDemandError,
        DemandOfferExistsError,
    ),
)
async def make_demand_offer(
    demand_id: UUID, request: DemandOfferMake, actor: Signer, session: Session
) -> DemandOfferRead:
    """Guarantor, lender, investor: answer a demand. No other offerer sees it."""
    offer = await service.make_offer(session, demand_id, request, actor=actor)
    return queries.read_offer(offer, actor)


@router.get("/demands/{demand_id}/offers", responses=problems(InvalidTokenError, NotFoundError))
async def demand_offers(demand_id: UUID, actor: Reader, session: Session) -> list[DemandOfferRead]:
    """The offers for your demand, newest first; who offers sees its own alone."""
    demand = await queries.get_demand(session, demand_id, actor=actor)
    found = await queries.offers_for(session, demand.id, actor)
    return [queries.read_offer(offer, actor) for offer in found]


@router.get(
    "/demand-offers/{demand_offer_id}", responses=problems(InvalidTokenError, NotFoundError)
)
async def get_demand_offer(
    demand_offer_id: UUID, actor: Reader, session: Session
) -> DemandOfferRead:
    """One offer of yours, or for a demand of yours."""
    offer = await queries.get_offer(session, demand_offer_id, actor=actor)
    return queries.read_offer(offer, actor)


@router.post(
    "/demand-offers/{demand_offer_id}/accept",
    responses=problems(
        *MOVE_ERRORS,
        NotOwnerError,
        SamePeopleError,
        AlreadyListedError,
        ConfidentialTextMissingError,
        ConsentsMissingError,
        EncumberedError,
        NotTradableError,
        RightReservedError,
        RightRestrainedError,
        TrusteeOnlyError,
    ),
)
async def accept_demand_offer(
    demand_offer_id: UUID, actor: Signer, session: Session, keys: Keys, ways: Ways
) -> DemandRead:
    """Company: take this offer; the others are lost.

    A guaranteed loan goes on as a financing request and a sale with a licence back as a deal, see
    `leads_to`; for equity and notes an agreement is to be signed.
    """
    demand, offer = await service.accept(session, demand_offer_id, actor=actor)
    await closing.close(session, keys, demand, offer, actor=actor)
    return await _read(session, demand, actor, ways)


@router.post("/demand-offers/{demand_offer_id}/decline", responses=problems(*MOVE_ERRORS))
async def decline_demand_offer(
    demand_offer_id: UUID, actor: Financier, session: Session
) -> DemandOfferRead:
    """Company: decline an offer."""
    offer = await service.end_offer(session, demand_offer_id, "decline", actor=actor)
    return queries.read_offer(offer, actor)


@router.post("/demand-offers/{demand_offer_id}/withdraw", responses=problems(*MOVE_ERRORS))
async def withdraw_demand_offer(
    demand_offer_id: UUID, actor: Financier, session: Session
) -> DemandOfferRead:
    """Offerer: take your offer back."""
    offer = await service.end_offer(session, demand_offer_id, "withdraw", actor=actor)
    return queries.read_offer(offer, actor)


@router.get("/demands/{demand_id}/agreement", responses=problems(InvalidTokenError, NotFoundError))
async def demand_agreement(demand_id: UUID, actor: Reader, session: Session) -> ContractRead:
    """The text that company and offerer agreed on; for the two of them."""
    demand = await queries.get_demand(session, demand_id, actor=actor)
    if queries.role_in(demand, actor) is None or demand.agreed_minor is None:
        raise NotFoundError("no such agreement")
    return await queries.read_agreement(session, demand)


@router.post(
    "/demands/{demand_id}/sign",
    responses=problems(*MOVE_ERRORS, TextChangedError, AlreadySignedError),
)
async def sign_demand_agreement(
    demand_id: UUID, request: ContractSign, actor: Signer, session: Session, ways: Ways
) -> DemandRead:
    """Company or offerer: sign the agreement. With both signatures the offerer is asked to pay."""
    demand = await closing.sign_agreement(session, demand_id, request.sha256, actor=actor)
    return await _read(session, demand, actor, ways)


@router.post("/demands/{demand_id}/give-up", responses=problems(*MOVE_ERRORS))
async def give_up_demand(
    demand_id: UUID, actor: Signer, session: Session, ways: Ways
) -> DemandRead:
    """Company or offerer: end what was agreed before it is paid; what has come goes back."""
    demand, role = await service.lock_for(session, demand_id, actor)
    await closing.give_up(session, demand, "give_up", role=role, actor=actor)
    return await _read(session, demand, actor, ways)
