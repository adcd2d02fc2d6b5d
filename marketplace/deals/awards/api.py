from uuid import UUID

from fastapi import status

from marketplace.accounts.access import Keys
from marketplace.assets.encumbrances.errors import EncumberedError
from marketplace.assets.errors import NotOwnerError, RightReservedError
from marketplace.deals.access import MOVE_ERRORS, Signer
from marketplace.deals.awards import service
from marketplace.deals.awards.errors import BudgetExceededError, InvalidAwardError
from marketplace.deals.awards.schemas import (
    AwardedRead,
    AwardRead,
    AwardsGive,
    SolicitationFigures,
)
from marketplace.deals.co_developments.errors import FutureSharesError
from marketplace.deals.licences.errors import LicenceKindUnknownError
from marketplace.deals.payees.errors import InvalidSharesError
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router
from marketplace.listings.errors import TerritoryNotCoveredError
from marketplace.listings.solicitations.queries import public_one

router = transactional_router(prefix="/v1", tags=["solicitations"])


@router.post(
    "/solicitations/{solicitation_id}/awards",
    status_code=status.HTTP_201_CREATED,
    responses=problems(
        *MOVE_ERRORS,
        BudgetExceededError,
        InvalidAwardError,
        InvalidSharesError,
        RightReservedError,
        NotOwnerError,
        EncumberedError,
        TerritoryNotCoveredError,
        LicenceKindUnknownError,
        FutureSharesError,
    ),
)
async def give_awards(
    solicitation_id: UUID, request: AwardsGive, actor: Signer, session: Session, keys: Keys
) -> list[AwardedRead]:
    """Organiser: award submissions within the budget; each award becomes what you asked for.

    That is a deal, or an agreement to develop the idea together, which all parties sign.
    The rest of the ideas stay with their authors: nobody reads them any more.
    """
    return await service.give_awards(session, keys, solicitation_id, request.awards, actor=actor)


@router.get("/solicitations/{solicitation_id}/awards", responses=problems(NotFoundError))
async def solicitation_awards(solicitation_id: UUID, session: Session) -> list[AwardRead]:
    """What was awarded, by the numbers of the submissions."""
    return await service.awards_of(session, await public_one(session, solicitation_id))


@router.get("/statistics/solicitations")
async def solicitation_statistics(session: Session) -> SolicitationFigures:
    """How many tasks were opened, ideas entered and awarded, and what was paid out for them."""
    return await service.figures(session)
