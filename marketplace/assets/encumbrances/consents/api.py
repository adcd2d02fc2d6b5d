from uuid import UUID

from fastapi import status

from marketplace.accounts.errors import (
    InvalidTokenError,
    PermissionMissingError,
    PersonNeededError,
)
from marketplace.assets.encumbrances.api import Reader, Signer
from marketplace.assets.encumbrances.consents import service
from marketplace.assets.encumbrances.consents.schemas import HolderConsentGive, HolderConsentRead
from marketplace.assets.encumbrances.errors import (
    ConsentExistsError,
    ConsentUsedError,
    InvalidTermsError,
)
from marketplace.assets.encumbrances.queries import get_encumbrance
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.money import UnknownCurrencyError
from marketplace.kernel.pagination import Cursor, InvalidCursorError, Limit
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router
from marketplace.kernel.schemas import Page

router = transactional_router(prefix="/v1/encumbrances", tags=["encumbrances"])


@router.post(
    "/{encumbrance_id}/consents",
    status_code=status.HTTP_201_CREATED,
    responses=problems(
        InvalidTokenError,
        PermissionMissingError,
        PersonNeededError,
        NotFoundError,
        InvalidTermsError,
        UnknownCurrencyError,
        ConsentExistsError,
    ),
)
async def give_holder_consent(
    encumbrance_id: UUID, request: HolderConsentGive, actor: Signer, session: Session
) -> HolderConsentRead:
    """Holder: consent to one act of the owner's, of one deal, to be used once.

    Of a pledge, consent to a sale names the least price, and what of it pays you first.
    """
    consent = await service.give_consent(session, encumbrance_id, request, actor=actor)
    return service.read_consent(consent)


@router.get(
    "/{encumbrance_id}/consents",
    responses=problems(InvalidTokenError, NotFoundError, InvalidCursorError),
)
async def consents_of_encumbrance(
    encumbrance_id: UUID, actor: Reader, session: Session, cursor: Cursor = None, limit: Limit = 20
) -> Page[HolderConsentRead]:
    """The consents of whoever holds it, newest first; its holder and the owner read them."""
    await get_encumbrance(session, encumbrance_id, actor=actor)
    found, following = await service.consents_of(
        session, encumbrance_id, cursor=cursor, limit=limit
    )
    return Page(items=[service.read_consent(consent) for consent in found], next=following)


@router.post(
    "/{encumbrance_id}/consents/{consent_id}/revoke",
    responses=problems(InvalidTokenError, PermissionMissingError, NotFoundError, ConsentUsedError),
)
async def revoke_holder_consent(
    encumbrance_id: UUID, consent_id: UUID, actor: Signer, session: Session
) -> HolderConsentRead:
    """Holder: take a consent back, as long as it is not used."""
    consent = await service.revoke_consent(session, encumbrance_id, consent_id, actor=actor)
    return service.read_consent(consent)
