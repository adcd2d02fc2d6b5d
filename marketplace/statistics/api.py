from dataclasses import dataclass
from datetime import date
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, Request, Response

from marketplace.accounts.access import Allowed
from marketplace.accounts.actors import Actor
from marketplace.accounts.errors import InvalidTokenError, PermissionMissingError
from marketplace.accounts.permissions import Permission
from marketplace.assets.models import RightKind
from marketplace.kernel.db import clock_of
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.money import UnknownCurrencyError
from marketplace.kernel.pagination import InvalidCursorError, Limit, decode, encode
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import HotReads, transactional_router
from marketplace.kernel.schemas import Currency, Day, Page
from marketplace.payments.currencies.errors import NoExchangeRateError
from marketplace.statistics.converting import converted_totals, live_sums
from marketplace.statistics.counts import series
from marketplace.statistics.finer import SameDimensionError, crossed_table
from marketplace.statistics.live import View, revisions
from marketplace.statistics.periods import Period, period_begin
from marketplace.statistics.proofs import Asked, prove
from marketplace.statistics.public import released_sums, told_table
from marketplace.statistics.releases.building import ALL
from marketplace.statistics.releases.queries import released_table, releases
from marketplace.statistics.releases.schemas import Dimension, DimensionTable, ReleaseRead
from marketplace.statistics.schemas import (
    Basis,
    CrossedTable,
    CumulativeTable,
    Proof,
    RevisionRead,
    SeriesRead,
)
from marketplace.statistics.sight import (
    LIVE_ONLY,
    WITHOUT_TOKEN_TOO,
    LiveStatisticsRestrictedError,
    Seen,
)
from marketplace.statistics.units import UnknownUnitError, read_unit

router = APIRouter(prefix="/v1/statistics", tags=["statistics"])
finer_router = transactional_router(prefix="/v1/statistics", tags=["statistics"])

UnitCode = Annotated[
    str,
    Query(max_length=20, description="`KRW`, `10000KRW`, `CNY` …: one table is in one currency"),
]
ConvertTo = Annotated[
    Currency | None, Query(description="say as well what all currencies make together in this one")
]
RatesOf = Annotated[Day | None, Query(description="whose rates; left out: today's")]
AsOf = Annotated[Day | None, Query(description="what was known by the end of this day")]
Begins = Annotated[Day, Query(description="the first day of the period", examples=["2026-01-01"])]
Cell = Annotated[str, Query(max_length=40, description="the cell's value; of `total` left out")]


@dataclass(frozen=True, slots=True)
class Conversion:
    """Into which currency everything is summed up as well, and by the rates of which day."""

    convert_to: ConvertTo = None
    rates_of: RatesOf = None


Statistician = Annotated[Actor, Depends(Allowed(Permission.READ_STATISTICS))]


@router.get(
    "/deals",
    response_model=CumulativeTable,
    openapi_extra=WITHOUT_TOKEN_TOO,
    responses=problems(
        InvalidTokenError,
        UnknownUnitError,
        UnknownCurrencyError,
        NoExchangeRateError,
        LiveStatisticsRestrictedError,
    ),
)
async def deal_statistics(
    http: Request,
    reads: HotReads,
    sight: Seen,
    wanted: Annotated[Conversion, Depends()],
    unit: UnitCode = "KRW",
    period: Period = Period.YEAR,
    kind: RightKind | None = None,
    as_of: AsOf = None,
    view: View = View.ACCOUNTING,
) -> Response:
    """Deals per period and cumulative: published history, then the deals settled here.

    For operators and statisticians exact at once after a deal settles, and equal to the ledger to
    the minor unit (`basis: live`); for everybody what is released, of which nobody can work out a
    single deal (`basis: released`). No token needed. `as_of` shows what was known on a day, and the
    `restated` view, which is live alone, moves what was undone to the period in which it was
    counted. With `convert_to` it also says what all currencies make together, by reference rates.
    """
    zone = http.app.state.settings.reporting_time_zone
    table = await told_table(
        reads,
        sight,
        period=period,
        kind=kind,
        unit=read_unit(unit),
        time_zone=zone,
        as_of=as_of,
        view=view,
    )
    if wanted.convert_to:
        is_live = table.basis is Basis.LIVE
        sums = await (live_sums(reads, kind, zone) if is_live else released_sums(reads, kind))
        on = wanted.rates_of or _today(http, zone)
        table.converted = await converted_totals(reads, sums, into=wanted.convert_to, on=on)
    return Response(table.model_dump_json(), media_type="application/json")


@router.get(
    "/revisions",
    dependencies=LIVE_ONLY,
    openapi_extra=WITHOUT_TOKEN_TOO,
    responses=problems(
        InvalidTokenError,
        InvalidCursorError,
        LiveStatisticsRestrictedError,
        UnknownCurrencyError,
    ),
)
async def figure_revisions(
    reads: HotReads, currency: Currency = "KRW", cursor: str | None = None, limit: Limit = 20
) -> Page[RevisionRead]:
    """Changes of months that had ended, numbered, each with its reason; the newest months first.

    Each is that of a single deal, and so for operators and statisticians.
    """
    before = _before(cursor) if cursor else (date.max, 0)
    found = await revisions(reads, currency, before=before, limit=limit + 1)
    last = found[limit - 1] if len(found) > limit else None
    following = encode(last.month.isoformat(), last.number) if last else None
    return Page(items=found[:limit], next=following)


@router.get("/series", openapi_extra=WITHOUT_TOKEN_TOO, responses=problems(InvalidTokenError))
async def count_series(
    http: Request,
    reads: HotReads,
    sight: Seen,
    period: Period = Period.MONTH,
    as_of: AsOf = None,
) -> list[SeriesRead]:
    """Members, listings, institutions and more: flow and stock, by period. No token needed.

    Counts are live; with `as_of`, of the months that had ended by that day. Amounts are live for
    operators and statisticians, and released for everybody.
    """
    zone = http.app.state.settings.reporting_time_zone
    return await series(reads, zone, sight, period=period, as_of=as_of)


@router.get("/releases")
async def statistics_releases(
    reads: HotReads,
    before: Annotated[int, Query(ge=1, le=2**31 - 1)] = 2**31 - 1,
    limit: Limit = 20,
) -> list[ReleaseRead]:
    """Releases of controlled tables, the newest first. No token needed."""
    return await releases(reads, before=before, limit=limit)


@router.get(
    "/tables/{dimension}",
    responses=problems(UnknownUnitError, UnknownCurrencyError, NotFoundError),
)
async def dimension_table(
    http: Request,
    reads: HotReads,
    dimension: Dimension,
    unit: UnitCode = "KRW",
    period: Period = Period.YEAR,
    as_of: AsOf = None,
) -> DimensionTable:
    """Deals of periods that ended, by one dimension, as released by a day. No token needed.

    Figures that would tell of a few parties are `suppressed`, and the rest of a period is one sum,
    `withheld`; nothing can be worked out from totals, drill-downs or successive releases.
    """
    until = as_of or _today(http, http.app.state.settings.reporting_time_zone)
    return await released_table(reads, dimension.value, period, read_unit(unit), until)


@router.get(
    "/proof",
    openapi_extra=WITHOUT_TOKEN_TOO,
    responses=problems(InvalidTokenError, NotFoundError, UnknownCurrencyError),
)
async def proof(
    http: Request,
    reads: HotReads,
    sight: Seen,
    begins: Begins,
    period: Period = Period.YEAR,
    currency: Currency = "KRW",
    dimension: Dimension | None = None,
    value: Cell = "total",
) -> Proof:
    """Prove a published cell: both sums, the digest of its entries, and the seal that covers it.

    Without a dimension, the total of the period: the released one, or for who reads live figures
    that of this moment. Printed history has no ledger here. No token needed.
    """
    asked = Asked(
        dimension=dimension.value if dimension else ALL,
        value=value,
        period=period,
        begins=period_begin(begins, period),
        currency=currency,
    )
    zone = http.app.state.settings.reporting_time_zone
    return await prove(reads, asked, sight=sight, time_zone=zone)


@finer_router.get(
    "/crossed",
    responses=problems(
        InvalidTokenError,
        PermissionMissingError,
        NotFoundError,
        SameDimensionError,
        UnknownUnitError,
        UnknownCurrencyError,
    ),
)
async def crossed_statistics(
    actor: Statistician,
    reads: HotReads,
    down: Dimension,
    across: Dimension,
    begins: Begins,
    unit: UnitCode = "KRW",
) -> CrossedTable:
    """For statisticians of the state: deals of a released year by two dimensions.

    Finer than what everybody reads, and still controlled as a whole: rows, columns, cells, and
    everything that was released of that year.
    """
    year = period_begin(begins, Period.YEAR)
    return await crossed_table(reads, down.value, across.value, year, read_unit(unit))


def _before(cursor: str) -> tuple[date, int]:
    month, number = decode(cursor, str, int)
    try:
        return date.fromisoformat(month), number
    except ValueError as error:
        raise InvalidCursorError from error


def _today(http: Request, zone: str) -> date:
    return clock_of(http.app.state.sessions).now().astimezone(ZoneInfo(zone)).date()
