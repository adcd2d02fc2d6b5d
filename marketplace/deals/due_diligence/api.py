from uuid import UUID

from marketplace.accounts.errors import InvalidTokenError
from marketplace.deals.access import Reader
from marketplace.deals.due_diligence.queries import sheet_of
from marketplace.deals.due_diligence.schemas import DueDiligenceSheet
from marketplace.deals.queries import get_deal
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router

router = transactional_router(prefix="/v1/deals/{deal_id}", tags=["deals"])


@router.get("/due-diligence", responses=problems(InvalidTokenError, NotFoundError))
async def due_diligence(deal_id: UUID, actor: Reader, session: Session) -> DueDiligenceSheet:
    """What is known of the right that is sold, topic by topic, with evidence and what it is of.

    What is `blocking` here refuses the release.
    """
    return await sheet_of(session, await get_deal(session, deal_id, actor=actor))
