from typing import Annotated
from uuid import UUID

from fastapi import Depends, status

from marketplace.accounts.access import Allowed
from marketplace.accounts.actors import Actor
from marketplace.accounts.errors import InvalidTokenError, PermissionMissingError
from marketplace.accounts.permissions import Permission
from marketplace.assets.encumbrances.errors import EncumberedError, TrusteeOnlyError
from marketplace.assets.standing.errors import NotTradableError, RightRestrainedError
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.lifecycle import IllegalMoveError, NotYourMoveError
from marketplace.kernel.money import UnknownCurrencyError
from marketplace.kernel.pagination import Cursor, InvalidCursorError, Limit
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router
from marketplace.kernel.schemas import Page
from marketplace.listings.access import Seller
from marketplace.listings.store import applying, queries, service
from marketplace.listings.store.errors import (
    AppliedError,
    InStoreError,
    NotEligibleError,
    OwnEntryError,
    RoundsUsedError,
    WindowClosedError,
)
from marketplace.listings.store.schemas import (
    OwnStoreEntryRead,
    StoreApplicationRead,
    StoreApply,
    StoreEnter,
    StoreEntryRead,
    StoreRuleRead,
)

router = transactional_router(prefix="/v1/idea-store", tags=["idea store"])

Reader = Annotated[Actor, Depends(Allowed(Permission.READ))]
Applicant = Annotated[Actor, Depends(Allowed(Permission.NEGOTIATE))]
MOVE_ERRORS = (
    InvalidTokenError,
    PermissionMissingError,
    NotFoundError,
    IllegalMoveError,
    NotYourMoveError,
)


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    responses=problems(
        InvalidTokenError,
        PermissionMissingError,
        NotFoundError,
        NotEligibleError,
        RoundsUsedError,
        InStoreError,
        NotTradableError,
        RightRestrainedError,
        EncumberedError,
        TrusteeOnlyError,
        UnknownCurrencyError,
    ),
)
async def enter_store(request: StoreEnter, actor: Seller, session: Session) -> OwnStoreEntryRead:
    """Show your unpublished application to companies: its first window opens at once.

    The next ones open by themselves while nobody is chosen, as `GET /v1/idea-store/rules` allows.
    """
    return await queries.read(session, await service.enter(session, request, actor=actor))


@router.get("", responses=problems(InvalidCursorError))
async def store_entries(
    session: Session, cursor: Cursor = None, limit: Limit = 20
) -> Page[StoreEntryRead]:
    """What has an open window now, newest first."""
    found, following = await queries.shown(session, cursor=cursor, limit=limit)
    return Page(items=found, next=following)


@router.get("/rules")
async def store_rules(session: Session) -> list[StoreRuleRead]:
    """How young a filing has to be, and how many windows of what length it gets."""
    return [StoreRuleRead.model_validate(rule) for rule in await queries.rules(session)]


@router.get("/mine", responses=problems(InvalidTokenError, InvalidCursorError))
async def my_store_entries(
    actor: Reader, session: Session, cursor: Cursor = None, limit: Limit = 20
) -> Page[OwnStoreEntryRead]:
    """What your organisation entered, in any state, newest first."""
    found, following = await queries.own_ones(session, actor, cursor=cursor, limit=limit)
    return Page(items=found, next=following)


@router.get("/my-applications", responses=problems(InvalidTokenError, InvalidCursorError))
async def my_store_applications(
    actor: Reader, session: Session, cursor: Cursor = None, limit: Limit = 20
) -> Page[StoreApplicationRead]:
    """What your organisation applied for, newest first."""
    found, following = await queries.own_applications(session, actor, cursor=cursor, limit=limit)
    return Page(items=found, next=following)


@router.get("/{store_entry_id}", responses=problems(NotFoundError))
async def get_store_entry(store_entry_id: UUID, session: Session) -> StoreEntryRead:
    """An entry with its windows, and what came of them."""
    return await queries.read_public(session, await queries.get_entry(session, store_entry_id))


@router.post("/{store_entry_id}/withdraw", responses=problems(*MOVE_ERRORS))
async def withdraw_store_entry(
    store_entry_id: UUID, actor: Seller, session: Session
) -> OwnStoreEntryRead:
    """Take your application out of the store; a window that had opened counts."""
    return await queries.read(session, await service.withdraw(session, store_entry_id, actor=actor))


@router.post("/{store_entry_id}/pass-over", responses=problems(*MOVE_ERRORS))
async def pass_over_store_applications(
    store_entry_id: UUID, actor: Seller, session: Session
) -> OwnStoreEntryRead:
    """Choose nobody of those who applied: the next window opens, or the entry ends."""
    return await queries.read(
        session, await service.pass_over_all(session, store_entry_id, actor=actor)
    )


@router.get(
    "/{store_entry_id}/applications",
    responses=problems(InvalidTokenError, NotFoundError, InvalidCursorError),
)
async def store_applications(
    store_entry_id: UUID, actor: Reader, session: Session, cursor: Cursor = None, limit: Limit = 20
) -> Page[StoreApplicationRead]:
    """Author: who applied for your application in any of its windows, newest first."""
    found, following = await queries.applications_for(
        session, store_entry_id, actor=actor, cursor=cursor, limit=limit
    )
    return Page(items=found, next=following)


@router.post(
    "/{store_entry_id}/applications",
    status_code=status.HTTP_201_CREATED,
    responses=problems(
        InvalidTokenError,
        PermissionMissingError,
        NotFoundError,
        WindowClosedError,
        OwnEntryError,
        AppliedError,
    ),
)
async def apply_in_store(
    store_entry_id: UUID, request: StoreApply, actor: Applicant, session: Session
) -> StoreApplicationRead:
    """Say that your organisation wants it, for what and at which price; its author alone reads it.

    Chosen after the window, it is a deal at that price, which both sides then sign.
    """
    found = await applying.apply(session, store_entry_id, request, actor=actor)
    return await queries.read_one(session, found)


@router.post(
    "/{store_entry_id}/applications/{application_id}/withdraw",
    responses=problems(InvalidTokenError, PermissionMissingError, NotFoundError, WindowClosedError),
)
async def withdraw_store_application(
    store_entry_id: UUID, application_id: UUID, actor: Applicant, session: Session
) -> StoreApplicationRead:
    """Take your application back while the window is open."""
    found = await applying.take_back(session, store_entry_id, application_id, actor=actor)
    return await queries.read_one(session, found)
