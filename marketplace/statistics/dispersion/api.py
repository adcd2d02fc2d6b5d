from typing import Annotated

from fastapi import Depends
from starlette.concurrency import run_in_threadpool

from marketplace.accounts.access import Allowed
from marketplace.accounts.actors import Actor
from marketplace.accounts.errors import InvalidTokenError
from marketplace.accounts.permissions import Permission
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.money import UnknownCurrencyError
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import HotReads, transactional_router
from marketplace.statistics.dispersion.schemas import DispersionRead, DispersionRequest
from marketplace.statistics.dispersion.service import measure, platform_rows

router = transactional_router(prefix="/v1/statistics", tags=["statistics"])

Reader = Annotated[Actor, Depends(Allowed(Permission.READ))]


@router.post(
    "/dispersion",
    responses=problems(InvalidTokenError, NotFoundError, UnknownCurrencyError),
)
async def measure_dispersion(
    request: DispersionRequest, actor: Reader, reads: HotReads
) -> DispersionRead:
    """Measure how unevenly counts are spread over regions, and audit a printed table of them.

    Range, standard deviation (N - 1), coefficient of variation, locational Gini coefficient, HHI,
    degree of cooperation, location quotients and the network of co-applicants. Nothing is stored.
    """
    rows, withheld = request.regions or [], False
    if request.platform:
        rows, withheld = await platform_rows(reads, request.platform)
    return await run_in_threadpool(measure, request, rows, withheld=withheld)
