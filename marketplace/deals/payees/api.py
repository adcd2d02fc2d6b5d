from uuid import UUID

from marketplace.accounts.access import Keys
from marketplace.deals.access import MOVE_ERRORS, Performer
from marketplace.deals.payees.errors import (
    FeesSharedError,
    InvalidPayeeError,
    InvalidSharesError,
)
from marketplace.deals.payees.schemas import PayeesName
from marketplace.deals.payees.service import name_payees
from marketplace.deals.pools.errors import PooledSharesError
from marketplace.deals.queries import read_agreement
from marketplace.deals.schemas import AgreementRead
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router

router = transactional_router(prefix="/v1/deals", tags=["deals"])


@router.post(
    "/{deal_id}/name-payees",
    responses=problems(
        *MOVE_ERRORS, InvalidSharesError, InvalidPayeeError, PooledSharesError, FeesSharedError
    ),
)
async def name_deal_payees(
    deal_id: UUID, request: PayeesName, actor: Performer, session: Session, keys: Keys
) -> AgreementRead:
    """Seller: before the signature, name co-owners and brokers with their exact shares.

    They share the price after the commission, and bear the commission alike. This voids a signature
    under the text before.
    """
    deal = await name_payees(session, keys, deal_id, request.payees, actor=actor)
    return await read_agreement(session, deal)
