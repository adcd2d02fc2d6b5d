from uuid import UUID

from marketplace.accounts.errors import InvalidTokenError
from marketplace.deals.access import Reader
from marketplace.deals.bundles.schemas import DealItemRead
from marketplace.deals.bundles.service import items_of
from marketplace.deals.queries import get_deal
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router
from marketplace.kernel.schemas import Amount

router = transactional_router(prefix="/v1/deals", tags=["bundles"])


@router.get("/{deal_id}/items", responses=problems(InvalidTokenError, NotFoundError))
async def deal_items(deal_id: UUID, actor: Reader, session: Session) -> list[DealItemRead]:
    """The rights of a deal over several, each with its exact part of the price."""
    deal = await get_deal(session, deal_id, actor=actor)
    return [
        DealItemRead(
            position=item.position,
            right_id=item.right_id,
            weight=item.weight,
            amount=Amount(amount_minor=item.amount_minor, currency=deal.currency),
        )
        for item in await items_of(session, deal)
    ]
