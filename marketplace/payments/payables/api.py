from marketplace.accounts.errors import InvalidTokenError, PermissionMissingError
from marketplace.kernel.pagination import Cursor, InvalidCursorError, Limit
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router
from marketplace.kernel.schemas import Page
from marketplace.payments.access import Operator
from marketplace.payments.payables import queries
from marketplace.payments.payables.schemas import StuckPayable

router = transactional_router(prefix="/v1", tags=["payouts"])


@router.get(
    "/stuck-payables",
    responses=problems(InvalidTokenError, PermissionMissingError, InvalidCursorError),
)
async def stuck_payables(
    actor: Operator, session: Session, cursor: Cursor = None, limit: Limit = 20
) -> Page[StuckPayable]:
    """Operator: what the platform owes and no batch of payouts takes along, and what it waits for.

    A refund that failed can be sent again; otherwise the payee has to give an account.
    """
    found, following = await queries.stuck_payables(session, cursor=cursor, limit=limit)
    return Page(items=found, next=following)
