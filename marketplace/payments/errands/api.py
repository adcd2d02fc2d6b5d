from sqlmodel import col, select

from marketplace.accounts.errors import InvalidTokenError, PermissionMissingError
from marketplace.kernel.pagination import Limit
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router
from marketplace.payments.access import Operator
from marketplace.payments.errands.models import Errand
from marketplace.payments.errands.schemas import ErrandRead

router = transactional_router(prefix="/v1", tags=["providers"])


@router.get(
    "/provider-errands",
    response_model=list[ErrandRead],
    responses=problems(InvalidTokenError, PermissionMissingError),
)
async def provider_errands(actor: Operator, session: Session, limit: Limit = 20) -> object:
    """Operator: calls to Stripe that are yet to be made, those that failed most often first."""
    query = select(Errand).order_by(col(Errand.attempts).desc(), col(Errand.id)).limit(limit)
    return (await session.execute(query)).scalars().all()
