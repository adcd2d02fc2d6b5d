from datetime import date
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request, Response

from marketplace.assets.models import RightKind
from marketplace.kernel.db import clock_of
from marketplace.kernel.money import UnknownCurrencyError
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import HotReads
from marketplace.kernel.schemas import Currency, Day
from marketplace.payments.currencies.errors import NoExchangeRateError
from marketplace.statistics import queries
from marketplace.statistics.converting import converted_totals
from marketplace.statistics.queries import Period
from marketplace.statistics.schemas import CumulativeTable
from marketplace.statistics.units import UnknownUnitError, read_unit

router = APIRouter(prefix="/v1/statistics", tags=["statistics"])

UnitCode = Annotated[
    str,
    Query(max_length=20, description="`KRW`, `10000KRW`, `CNY` …: one table is in one currency"),
]
ConvertTo = Annotated[
    Currency | None, Query(description="say as well what all currencies make together in this one")
]
RatesOf = Annotated[Day | None, Query(description="whose rates; left out: today's")]


@router.get(
    "/deals",
    response_model=CumulativeTable,
    responses=problems(UnknownUnitError, UnknownCurrencyError, NoExchangeRateError),
)
async def deal_statistics(
    http: Request,
    reads: HotReads,
    unit: UnitCode = "KRW",
    period: Period = Period.YEAR,
    kind: RightKind | None = None,
    convert_to: ConvertTo = None,
    rates_of: RatesOf = None,
) -> Response:
    """Deals per period and cumulative: published history, then every deal settled here.

    Exact at once after a deal settles, and equal to the ledger to the minor unit. No token needed.
    With `convert_to` it also says what all currencies make together, by reference rates.
    """
    zone = http.app.state.settings.reporting_time_zone
    table = await queries.cumulative_table(
        reads,
        period=period,
        kind=kind,
        unit=read_unit(unit),
        time_zone=zone,
    )
    if convert_to:
        on = rates_of or _today(http, zone)
        table.converted = await converted_totals(
            reads, into=convert_to, on=on, kind=kind, time_zone=zone
        )
    return Response(table.model_dump_json(), media_type="application/json")


def _today(http: Request, zone: str) -> date:
    return clock_of(http.app.state.sessions).now().astimezone(ZoneInfo(zone)).date()
