from uuid import UUID

from fastapi import status

from marketplace.accounts.errors import InvalidTokenError, PermissionMissingError
from marketplace.assets.consents.errors import ConsentNotNeededError
from marketplace.assets.consents.schemas import ConsentRead
from marketplace.assets.errors import NotOwnerError
from marketplace.deals.access import Performer
from marketplace.deals.co_owners.service import ask_owners
from marketplace.deals.parties import lock_for
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.lifecycle import NotYourMoveError
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router

router = transactional_router(prefix="/v1/deals/{deal_id}", tags=["deals"])


@router.post(
    "/ask-consents",
    status_code=status.HTTP_201_CREATED,
    response_model=list[ConsentRead],
    responses=problems(
        InvalidTokenError,
        PermissionMissingError,
        NotFoundError,
        NotYourMoveError,
        NotOwnerError,
        ConsentNotNeededError,
    ),
)
async def ask_deal_consents(deal_id: UUID, actor: Performer, session: Session) -> object:
    """Seller: ask the other owners of what you give to agree to exactly the present text.

    In a cross-licence, the buyer asks those of what is granted back.
    """
    deal, _ = await lock_for(session, deal_id, actor)
    return await ask_owners(session, deal, actor=actor)
