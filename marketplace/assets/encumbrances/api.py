from typing import Annotated
from uuid import UUID

from fastapi import Depends, Response, status

from marketplace.accounts.access import Allowed
from marketplace.accounts.actors import Actor
from marketplace.accounts.errors import InvalidTokenError, PermissionMissingError
from marketplace.accounts.permissions import Permission
from marketplace.assets.consents.errors import ConsentsMissingError
from marketplace.assets.encumbrances import acting, queries
from marketplace.assets.encumbrances.errors import (
    ConsentMissingError,
    EncumberedError,
    EntryChangedError,
    EntryElsewhereError,
    InvalidTermsError,
    NotGrantableError,
    NotWithdrawableError,
    OutlivesRightError,
    RankTakenError,
    RegisteredError,
    TrusteeOnlyError,
)
from marketplace.assets.encumbrances.models import Encumbrance
from marketplace.assets.encumbrances.schemas import (
    EncumbranceGrant,
    EncumbranceRead,
    RegisterChange,
    RegisterDeletion,
    RegisterEntryRecord,
    RegistrationInput,
)
from marketplace.assets.encumbrances.service import start_of
from marketplace.assets.errors import NotOwnerError, RightReservedError
from marketplace.assets.identifiers import InvalidClassificationError
from marketplace.assets.standing.errors import (
    ChallengedError,
    FeesDueError,
    NotTradableError,
    RightRestrainedError,
)
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.lifecycle import IllegalMoveError, NotYourMoveError
from marketplace.kernel.money import UnknownCurrencyError
from marketplace.kernel.pagination import Cursor, InvalidCursorError, Limit
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router
from marketplace.kernel.schemas import Page

router = transactional_router(prefix="/v1/encumbrances", tags=["encumbrances"])
right_router = transactional_router(prefix="/v1/rights", tags=["encumbrances"])

Reader = Annotated[Actor, Depends(Allowed(Permission.READ))]
Signer = Annotated[Actor, Depends(Allowed(Permission.SIGN))]
Operator = Annotated[Actor, Depends(Allowed(Permission.OPERATE_LISTINGS))]

CONFLICTS = (
    EncumberedError,
    ConsentMissingError,
    TrusteeOnlyError,
    OutlivesRightError,
    RightReservedError,
    NotTradableError,
    RightRestrainedError,
    FeesDueError,
    ChallengedError,
)
_DOOR = (InvalidTokenError, PermissionMissingError, NotFoundError)
_MOVED = (*_DOOR, IllegalMoveError, NotYourMoveError)
_REGISTERED = (*_DOOR, IllegalMoveError, InvalidTermsError, RankTakenError, EntryElsewhereError)


async def _read(session: Session, encumbrance: Encumbrance, actor: Actor) -> EncumbranceRead:
    (read,) = await queries.read_all(session, [encumbrance], actor)
    return read


@right_router.get(
    "/{right_id}/encumbrances",
    responses=problems(InvalidTokenError, NotFoundError, InvalidCursorError),
)
async def encumbrances_of_right(
    right_id: UUID, actor: Reader, session: Session, cursor: Cursor = None, limit: Limit = 20
) -> Page[EncumbranceRead]:
    """What burdens a right, and what burdened it, newest first: for its owner and the operator.

    Whoever holds one of them sees that one, and what the public register shows.
    """
    found, following = await queries.encumbrances_of(
        session, right_id, actor, cursor=cursor, limit=limit
    )
    return Page(items=await queries.read_all(session, found, actor), next=following)


@right_router.post(
    "/{right_id}/encumbrances",
    status_code=status.HTTP_201_CREATED,
    responses=problems(
        *_DOOR,
        NotOwnerError,
        ConsentsMissingError,
        NotGrantableError,
        InvalidTermsError,
        InvalidClassificationError,
        UnknownCurrencyError,
        *CONFLICTS,
    ),
)
async def grant_encumbrance(
    right_id: UUID, request: EncumbranceGrant, actor: Signer, session: Session
) -> EncumbranceRead:
    """Owner: declare a licence, an option or a pledge, or publish an open licence.

    What a register has to show (a pledge, a registered exclusive licence) waits for its entry, and
    keeps others away meanwhile. It is refused where something stands against it: the answer names
    its kind, number and scope. Where other owners have to consent, the answer has the text to ask
    them for, with `POST /v1/rights/{right_id}/consents`; then grant exactly the same.
    """
    encumbrance = await acting.grant(session, right_id, request, actor=actor)
    return await _read(session, encumbrance, actor)


@right_router.post(
    "/{right_id}/register-entries",
    status_code=status.HTTP_201_CREATED,
    responses=problems(
        *_DOOR,
        InvalidTermsError,
        InvalidClassificationError,
        UnknownCurrencyError,
        EntryChangedError,
        EntryElsewhereError,
        RankTakenError,
        *CONFLICTS,
    ),
)
async def record_register_entry(
    right_id: UUID,
    request: RegisterEntryRecord,
    actor: Operator,
    session: Session,
    response: Response,
) -> EncumbranceRead:
    """Operator: record what the office's register shows; recorded already, nothing changes (200).

    An attachment is recorded whatever stands; anything else only if nothing stands against it.
    """
    encumbrance, is_new = await acting.record_entry(session, right_id, request, actor=actor)
    if not is_new:
        response.status_code = status.HTTP_200_OK
    return await _read(session, encumbrance, actor)


@router.get("", responses=problems(InvalidTokenError, InvalidCursorError))
async def my_encumbrances(
    actor: Reader, session: Session, cursor: Cursor = None, limit: Limit = 20
) -> Page[EncumbranceRead]:
    """What your organisation holds of the rights of others, newest first."""
    found, following = await queries.encumbrances_held(session, actor, cursor=cursor, limit=limit)
    return Page(items=await queries.read_all(session, found, actor), next=following)


@router.get("/{encumbrance_id}", responses=problems(InvalidTokenError, NotFoundError))
async def get_encumbrance(encumbrance_id: UUID, actor: Reader, session: Session) -> EncumbranceRead:
    """One that you hold, or that burdens a right of yours."""
    encumbrance = await queries.get_encumbrance(session, encumbrance_id, actor=actor)
    return await _read(session, encumbrance, actor)


@router.post("/{encumbrance_id}/register", responses=problems(*_REGISTERED))
async def register_encumbrance(
    encumbrance_id: UUID, request: RegistrationInput, actor: Operator, session: Session
) -> EncumbranceRead:
    """Operator: it was entered in the register; its rank is the order of receipt there."""
    encumbrance = await acting.register(session, encumbrance_id, request, actor=actor)
    return await _read(session, encumbrance, actor)


@router.post(
    "/{encumbrance_id}/change", responses=problems(*_REGISTERED, UnknownCurrencyError, *CONFLICTS)
)
async def change_encumbrance(
    encumbrance_id: UUID, request: RegisterChange, actor: Operator, session: Session
) -> EncumbranceRead:
    """Operator: the register shows another amount, end or holder. The rank stays."""
    encumbrance = await acting.change(session, encumbrance_id, request, actor=actor)
    return await _read(session, encumbrance, actor)


@router.post(
    "/{encumbrance_id}/delete", responses=problems(*_DOOR, IllegalMoveError, InvalidTermsError)
)
async def delete_encumbrance(
    encumbrance_id: UUID, request: RegisterDeletion, actor: Operator, session: Session
) -> EncumbranceRead:
    """Operator: it was deleted from the register, or lifted. Its history stays."""
    day = request.valid_from
    moment = start_of(day) if day else None
    encumbrance = await acting.end(
        session, encumbrance_id, "delete", actor=actor, valid_from=moment
    )
    return await _read(session, encumbrance, actor)


@router.post("/{encumbrance_id}/reject", responses=problems(*_DOOR, IllegalMoveError))
async def reject_encumbrance(
    encumbrance_id: UUID, actor: Operator, session: Session
) -> EncumbranceRead:
    """Operator: the office refused to register it."""
    encumbrance = await acting.end(session, encumbrance_id, "reject", actor=actor)
    return await _read(session, encumbrance, actor)


@router.post("/{encumbrance_id}/release", responses=problems(*_MOVED, RegisteredError))
async def release_encumbrance(
    encumbrance_id: UUID, actor: Signer, session: Session
) -> EncumbranceRead:
    """Holder: give up what no register shows. What one shows ends by its deletion there."""
    encumbrance = await acting.end(session, encumbrance_id, "release", actor=actor)
    return await _read(session, encumbrance, actor)


@router.post("/{encumbrance_id}/cancel", responses=problems(*_MOVED))
async def cancel_encumbrance(
    encumbrance_id: UUID, actor: Signer, session: Session
) -> EncumbranceRead:
    """Holder: give up what still waits for its registration."""
    encumbrance = await acting.end(session, encumbrance_id, "cancel", actor=actor)
    return await _read(session, encumbrance, actor)


@router.post("/{encumbrance_id}/withdraw", responses=problems(*_MOVED, NotWithdrawableError))
async def withdraw_encumbrance(
    encumbrance_id: UUID, actor: Signer, session: Session
) -> EncumbranceRead:
    """Owner: end an open licence for the future. Licences taken under it go on."""
    encumbrance = await acting.end(session, encumbrance_id, "withdraw", actor=actor)
    return await _read(session, encumbrance, actor)
