from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from marketplace.assets.models import RightKind
from marketplace.kernel.money import UnknownCurrencyError
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import HotReads
from marketplace.statistics import queries
from marketplace.statistics.queries import Period
from marketplace.statistics.schemas import CumulativeTable
from marketplace.statistics.units import UnknownUnitError, read_unit

router = APIRouter(prefix="/v1/statistics", tags=["statistics"])

UnitCode = Annotated[
    str,
    Query(max_length=20, description="`KRW`, `10000KRW`, `CNY` …: one table is in one currency"),
]


@router.get(
    "/deals",
    response_model=CumulativeTable,
    responses=problems(UnknownUnitError, UnknownCurrencyError),
)
async def deal_statistics(
    http: Request,
    reads: HotReads,
    unit: UnitCode = "KRW",
    period: Period = Period.YEAR,
    kind: RightKind | None = None,
) -> Response:
    """Deals per period and cumulative: published history, then every deal settled here.

    Exact at once after a deal settles, and equal to the ledger to the minor unit. No token needed.
    """
    table = await queries.cumulative_table(
        reads,
        period=period,
        kind=kind,
        unit=read_unit(unit),
        time_zone=http.app.state.settings.reporting_time_zone,
    )
    return Response(table.model_dump_json(), media_type="application/json")
