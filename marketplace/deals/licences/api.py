from uuid import UUID

from fastapi import status
from sqlmodel import col, select

from marketplace.accounts.access import Keys
from marketplace.accounts.actors import Actor
from marketplace.accounts.errors import InvalidTokenError
from marketplace.assets.consents.errors import ConsentsMissingError
from marketplace.assets.errors import NotOwnerError
from marketplace.assets.identifiers import InvalidClassificationError
from marketplace.deals.access import MOVE_ERRORS, Operator, Performer, Reader, Signer
from marketplace.deals.errors import SamePeopleError
from marketplace.deals.licences import service, taking
from marketplace.deals.licences.access import CONFLICTS
from marketplace.deals.licences.errors import (
    NoLicenceDealError,
    NotOpenLicenceError,
    OutsideHeadLicenceError,
    PublishedTermsError,
    TermsChangedError,
)
from marketplace.deals.licences.models import Licence, LicenceRule
from marketplace.deals.licences.parties import role_in
from marketplace.deals.licences.queries import (
    get_licence,
    licences_of,
    licences_visible,
    rights_of_many,
)
from marketplace.deals.licences.schemas import (
    BreachNotice,
    LicenceRead,
    LicenceRuleRead,
    LicenceTermsSet,
    OpenLicenceTake,
    SublicenceOffer,
)
from marketplace.deals.negotiations.errors import ListingNotOpenError, OwnListingError
from marketplace.deals.queries import get_deal, read_agreement, read_deal
from marketplace.deals.schemas import AgreementRead, DealRead
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.money import UnknownCurrencyError
from marketplace.kernel.pagination import Cursor, InvalidCursorError, Limit
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router
from marketplace.kernel.schemas import Page
from marketplace.listings.access import Seller
from marketplace.listings.errors import TerritoryNotCoveredError
from marketplace.listings.models import Listing
from marketplace.listings.schemas import ListingRead
from marketplace.payments.errors import RequestNotOpenError

router = transactional_router(prefix="/v1", tags=["licences"])
READ_ERRORS = problems(InvalidTokenError, NotFoundError)


async def _read(session: Session, licences: list[Licence], actor: Actor) -> list[LicenceRead]:
    rights = await rights_of_many(session, [licence.id for licence in licences])
    return [_one(licence, rights[licence.id], actor) for licence in licences]


def _one(licence: Licence, right_ids: list[UUID], actor: Actor) -> LicenceRead:
    role = role_in(licence, actor)
    own = {
        name: getattr(licence, name)
        for name in LicenceRead.model_fields.keys() & Licence.model_fields.keys() - {"terms"}
    }
    return LicenceRead(
        **own,
        terms=licence.agreed,
        right_ids=right_ids,
        your_role=role,
        your_moves=licence.lifecycle.open_to(licence.state, role) if role else [],
    )


@router.get("/licences", responses=problems(InvalidTokenError, InvalidCursorError))
async def my_licences(
    actor: Reader, session: Session, cursor: Cursor = None, limit: Limit = 20
) -> Page[LicenceRead]:
    """Licences that you gave or hold, newest first; all of them for an operator."""
    found, following = await licences_visible(session, actor, cursor=cursor, limit=limit)
    return Page(items=await _read(session, list(found), actor), next=following)


@router.get("/licences/{licence_id}", responses=READ_ERRORS)
async def get_one_licence(licence_id: UUID, actor: Reader, session: Session) -> LicenceRead:
    """A licence: its scope, its term, its royalty, and what you can do now."""
    licence = await get_licence(session, licence_id, actor=actor)
    return (await _read(session, [licence], actor))[0]


@router.get("/deals/{deal_id}/licences", responses=READ_ERRORS)
async def deal_licences(deal_id: UUID, actor: Reader, session: Session) -> list[LicenceRead]:
    """What a deal licenses: one licence, or of a cross-licence one in each direction."""
    deal = await get_deal(session, deal_id, actor=actor)
    return await _read(session, list(await licences_of(session, deal.id)), actor)


@router.post(
    "/deals/{deal_id}/set-licence-terms",
    responses=problems(
        *MOVE_ERRORS,
        *CONFLICTS,
        NoLicenceDealError,
        PublishedTermsError,
        NotOwnerError,
        InvalidClassificationError,
        UnknownCurrencyError,
    ),
)
async def set_licence_terms(
    deal_id: UUID, request: LicenceTermsSet, actor: Performer, session: Session, keys: Keys
) -> AgreementRead:
    """Before the signature, agree on other terms, or on a licence that is granted back.

    This voids a signature under the text before.
    """
    deal = await taking.set_terms(session, keys, deal_id, request, actor=actor)
    return await read_agreement(session, deal)


@router.post(
    "/listings/{listing_id}/take",
    status_code=status.HTTP_201_CREATED,
    responses=problems(
        *MOVE_ERRORS,
        *CONFLICTS,
        ConsentsMissingError,
        ListingNotOpenError,
        NotOpenLicenceError,
        OwnListingError,
        SamePeopleError,
        TermsChangedError,
        NotOwnerError,
    ),
)
async def take_open_licence(
    listing_id: UUID, request: OpenLicenceTake, actor: Signer, session: Session, keys: Keys
) -> DealRead:
    """Take an open licence by notice: you are bound, and asked for its price, if it has one."""
    sha256 = request.terms_sha256
    deal = await taking.take_open(session, keys, listing_id, sha256, actor=actor)
    return read_deal(deal, actor)


@router.post(
    "/licences/{licence_id}/offer-sublicence",
    status_code=status.HTTP_201_CREATED,
    response_model=ListingRead,
    responses=problems(
        *MOVE_ERRORS,
        OutsideHeadLicenceError,
        TerritoryNotCoveredError,
        InvalidClassificationError,
        UnknownCurrencyError,
    ),
)
async def offer_sublicence(
    licence_id: UUID, request: SublicenceOffer, actor: Seller, session: Session
) -> Listing:
    """Licensee: draft a listing of a sub-licence, within the scope that you hold."""
    return await taking.offer_sublicence(session, licence_id, request, actor=actor)


@router.post("/licences/{licence_id}/give-notice", responses=problems(*MOVE_ERRORS))
async def give_breach_notice(
    licence_id: UUID, request: BreachNotice, actor: Signer, session: Session
) -> LicenceRead:
    """Licensor: name a breach; not cured in sixty days, it ends the licence."""
    licence = await service.give_notice(session, licence_id, request.reason, actor=actor)
    return (await _read(session, [licence], actor))[0]


@router.post("/licences/{licence_id}/withdraw-notice", responses=problems(*MOVE_ERRORS))
async def withdraw_breach_notice(
    licence_id: UUID, actor: Performer, session: Session
) -> LicenceRead:
    """Licensor: the breach is cured, and the licence goes on."""
    licence = await service.withdraw_notice(session, licence_id, actor=actor)
    return (await _read(session, [licence], actor))[0]


@router.post("/licences/{licence_id}/dismiss-notice", responses=problems(*MOVE_ERRORS))
async def dismiss_breach_notice(licence_id: UUID, actor: Operator, session: Session) -> LicenceRead:
    """Operator: there was no breach, and the licence goes on."""
    licence = await service.withdraw_notice(session, licence_id, actor=actor)
    return (await _read(session, [licence], actor))[0]


@router.post(
    "/licences/{licence_id}/terminate", responses=problems(*MOVE_ERRORS, RequestNotOpenError)
)
async def terminate_licence(licence_id: UUID, actor: Operator, session: Session) -> LicenceRead:
    """Operator: end a licence whose breach cannot be cured, before the sixty days are over."""
    licence = await service.end_by(session, licence_id, "terminate", actor=actor)
    return (await _read(session, [licence], actor))[0]


@router.post(
    "/licences/{licence_id}/surrender", responses=problems(*MOVE_ERRORS, RequestNotOpenError)
)
async def surrender_licence(licence_id: UUID, actor: Signer, session: Session) -> LicenceRead:
    """Licensee: give the licence up today. What is due until today stays due."""
    licence = await service.end_by(session, licence_id, "surrender", actor=actor)
    return (await _read(session, [licence], actor))[0]


@router.get(
    "/licence-rules",
    response_model=list[LicenceRuleRead],
    responses=problems(InvalidTokenError),
)
async def licence_rules(_: Reader, session: Session) -> object:
    """What makes a kind of licence effective, by jurisdiction; elsewhere, the contract does."""
    query = select(LicenceRule).order_by(
        col(LicenceRule.jurisdiction), col(LicenceRule.right_kind), col(LicenceRule.valid_from)
    )
    return (await session.execute(query.limit(1_000))).scalars().all()
