from hashlib import sha256
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, status

from marketplace.accounts.access import Allowed
from marketplace.accounts.actors import Actor
from marketplace.accounts.errors import InvalidTokenError, PermissionMissingError
from marketplace.accounts.permissions import Permission
from marketplace.assets.consents import queries, service
from marketplace.assets.consents.errors import ConsentNotNeededError, OtherTermsError
from marketplace.assets.consents.lifecycle import ConsentState
from marketplace.assets.consents.models import Consent
from marketplace.assets.consents.rules import Deed
from marketplace.assets.consents.schemas import ConsentGive, ConsentRead, ConsentsAsk
from marketplace.assets.errors import NotOwnerError
from marketplace.assets.queries import get_right
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.lifecycle import IllegalMoveError, NotYourMoveError
from marketplace.kernel.money import UnknownCurrencyError
from marketplace.kernel.pagination import Cursor, InvalidCursorError, Limit
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router
from marketplace.kernel.schemas import Page

router = transactional_router(tags=["consents"])

Reader = Annotated[Actor, Depends(Allowed(Permission.READ))]
Asker = Annotated[Actor, Depends(Allowed(Permission.LIST))]
Signer = Annotated[Actor, Depends(Allowed(Permission.SIGN))]
State = Annotated[ConsentState | None, Query(description="left out: all")]
MOVE_ERRORS = (
    InvalidTokenError,
    PermissionMissingError,
    NotFoundError,
    IllegalMoveError,
    NotYourMoveError,
)


@router.post(
    "/v1/rights/{right_id}/consents",
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
async def ask_for_consents(
    right_id: UUID, request: ConsentsAsk, actor: Asker, session: Session
) -> object:
    """Ask the other owners to let you do something with the right under exactly these terms."""
    await get_right(session, right_id, actor=actor)
    deed = Deed(
        right_id,
        request.act,
        actor.organisation_id,
        sha256(request.terms.encode()).hexdigest(),
        request.counterparty_organisation_id,
    )
    return await service.ask(
        session, deed, request.terms, actor=actor, expires_at=request.expires_at
    )


@router.get("/v1/consents", responses=problems(InvalidTokenError, InvalidCursorError))
async def my_consents(
    actor: Reader,
    session: Session,
    state: State = None,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> Page[ConsentRead]:
    """What your organisation is asked to consent to, and what it asked, newest first."""
    found, following = await queries.consents_page(
        session, actor, state=state, cursor=cursor, limit=limit
    )
    return Page(items=[ConsentRead.model_validate(one) for one in found], next=following)


@router.get(
    "/v1/consents/{consent_id}",
    response_model=ConsentRead,
    responses=problems(InvalidTokenError, NotFoundError),
)
async def get_consent(consent_id: UUID, actor: Reader, session: Session) -> Consent:
    """One consent with the terms that it is about."""
    return await queries.get_consent(session, consent_id, actor=actor)


@router.post(
    "/v1/consents/{consent_id}/give",
    response_model=ConsentRead,
    responses=problems(*MOVE_ERRORS, OtherTermsError, UnknownCurrencyError),
)
async def give_consent(
    consent_id: UUID, request: ConsentGive, actor: Signer, session: Session
) -> Consent:
    """Consent to the terms whose SHA-256 you read; you may set a limit and an end."""
    return await service.answer(
        session,
        consent_id,
        "give",
        actor=actor,
        terms_sha256=request.terms_sha256,
        limit=request.limit.money() if request.limit else None,
        expires_at=request.expires_at,
        single_use=request.single_use,
    )


@router.post(
    "/v1/consents/{consent_id}/refuse",
    response_model=ConsentRead,
    responses=problems(*MOVE_ERRORS),
)
async def refuse_consent(consent_id: UUID, actor: Signer, session: Session) -> Consent:
    """Say no to what your organisation is asked."""
    return await service.answer(session, consent_id, "refuse", actor=actor)


@router.post(
    "/v1/consents/{consent_id}/revoke",
    response_model=ConsentRead,
    responses=problems(*MOVE_ERRORS),
)
async def revoke_consent(consent_id: UUID, actor: Signer, session: Session) -> Consent:
    """Take a consent back that was not used yet."""
    return await service.answer(session, consent_id, "revoke", actor=actor)


@router.post(
    "/v1/consents/{consent_id}/withdraw",
    response_model=ConsentRead,
    responses=problems(*MOVE_ERRORS),
)
async def withdraw_consent_request(consent_id: UUID, actor: Asker, session: Session) -> Consent:
    """No longer ask for a consent that was not answered yet."""
    return await service.answer(session, consent_id, "withdraw", actor=actor)
