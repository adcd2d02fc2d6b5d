from datetime import date, timedelta
from typing import Annotated, Final

from fastapi import Depends, Query

from marketplace.accounts.access import Allowed
from marketplace.accounts.actors import Actor
from marketplace.accounts.errors import InvalidTokenError
from marketplace.accounts.permissions import Permission
from marketplace.kernel.db import now
from marketplace.kernel.errors import UnprocessableError
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router
from marketplace.kernel.schemas import Day
from marketplace.statistics.financing.queries import financing_figures
from marketplace.statistics.financing.schemas import FinancingFigures

router = transactional_router(prefix="/v1/statistics", tags=["statistics"])
Reader = Annotated[Actor, Depends(Allowed(Permission.READ))]
PERIOD_MAX: Final = timedelta(days=366)
EARLIEST: Final = date(1970, 1, 1)


class InvalidPeriodError(UnprocessableError):
    code = "invalid_period"
    title = "A period begins before it ends, and is at most a year"


@router.get("/financing", responses=problems(InvalidTokenError, InvalidPeriodError))
async def financing_statistics(
    actor: Reader,
    session: Session,
    since: Annotated[Day | None, Query(description="a year ago, if left out")] = None,
    until: Annotated[Day | None, Query(description="tomorrow, if left out")] = None,
) -> FinancingFigures:
    """How long each stage of financing takes, and how many requests and loans end how.

    Read from the event log, of what began in the period.
    """
    end = until or now(session).date() + timedelta(days=1)
    if since is None:
        since = max(end, EARLIEST) - PERIOD_MAX
    if not timedelta(0) < end - since <= PERIOD_MAX:
        raise InvalidPeriodError
    return await financing_figures(session, since, end)
