"""Who was designated on any day: for everyone, without a token."""

from marketplace.accounts.calendar import AsOf, Today
from marketplace.accounts.designations import queries
from marketplace.accounts.designations.schemas import Counts, InstitutionRead
from marketplace.kernel.pagination import Cursor, InvalidCursorError, Limit
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router
from marketplace.kernel.schemas import Page

router = transactional_router(prefix="/v1/valuation-institutions", tags=["designations"])


@router.get("", responses=problems(InvalidCursorError))
async def valuation_institutions(
    session: Session, today: Today, as_of: AsOf = None, cursor: Cursor = None, limit: Limit = 20
) -> Page[InstitutionRead]:
    """The valuation institutions that were designated on a day, by name. No token needed."""
    found, following = await queries.institutions(
        session, as_of or today, cursor=cursor, limit=limit
    )
    return Page(items=found, next=following)


@router.get("/counts")
async def count_valuation_institutions(
    session: Session, today: Today, as_of: AsOf = None
) -> Counts:
    """How many valuation institutions were designated on a day, by sector. No token needed."""
    return await queries.counts(session, as_of or today)
