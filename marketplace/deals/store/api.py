from uuid import UUID

from fastapi import status

from marketplace.accounts.access import Keys
from marketplace.assets.encumbrances.errors import EncumberedError, TrusteeOnlyError
from marketplace.assets.errors import NotOwnerError, RightReservedError
from marketplace.assets.standing.errors import NotTradableError, RightRestrainedError
from marketplace.deals.access import MOVE_ERRORS, Signer
from marketplace.deals.payees.errors import InvalidSharesError
from marketplace.deals.store import service
from marketplace.deals.store.schemas import StoreFigures, StoreSelect, StoreSelected
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router
from marketplace.listings.store.errors import InvalidSelectionError

router = transactional_router(prefix="/v1", tags=["idea store"])


@router.post(
    "/idea-store/{store_entry_id}/select",
    status_code=status.HTTP_201_CREATED,
    responses=problems(
        *MOVE_ERRORS,
        InvalidSelectionError,
        InvalidSharesError,
        RightReservedError,
        NotOwnerError,
        NotTradableError,
        RightRestrainedError,
        EncumberedError,
        TrusteeOnlyError,
    ),
)
async def select_in_store(
    store_entry_id: UUID, request: StoreSelect, actor: Signer, session: Session, keys: Keys
) -> StoreSelected:
    """Author: choose one of those who applied; it becomes a deal at the price that they named.

    If the deal comes to nothing, the next window opens.
    """
    return await service.choose(session, keys, store_entry_id, request.application_id, actor=actor)


@router.get("/statistics/idea-store")
async def store_statistics(session: Session) -> StoreFigures:
    """How many windows were opened, companies applied and were chosen, and deals paid out."""
    return await service.figures(session)
