from datetime import date
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, Request, Response

from marketplace.accounts.access import Allowed
from marketplace.accounts.actors import Actor
from marketplace.accounts.errors import InvalidTokenError, PermissionMissingError
from marketplace.accounts.permissions import Permission
from marketplace.assets.models import RightKind
from marketplace.kernel.db import clock_of
from marketplace.kernel.errors import ForbiddenError, MarketplaceError, NotFoundError
from marketplace.kernel.money import UnknownCurrencyError
from marketplace.kernel.pagination import InvalidCursorError, Limit, decode, encode
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import HotReads, transactional_router
from marketplace.kernel.schemas import Currency, Day, Page
from marketplace.payments.currencies.errors import NoExchangeRateError
from marketplace.settings import Settings
from marketplace.statistics import queries
from marketplace.statistics.converting import converted_totals
from marketplace.statistics.finer import crossed_table
from marketplace.statistics.live import View, revisions, series
from marketplace.statistics.proofs import prove
from marketplace.statistics.queries import Period
from marketplace.statistics.releases.queries import released_table, releases
from marketplace.statistics.releases.schemas import Dimension, DimensionTable, ReleaseRead
from marketplace.statistics.schemas import (
    CrossedTable,
    CumulativeTable,
    Proof,
    RevisionRead,
    SeriesRead,
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
Statistician = Annotated[Actor, Depends(Allowed(Permission.READ_STATISTICS))]
PUBLIC: Final = "public"


class LiveStatisticsRestrictedError(ForbiddenError):
    code = "live_statistics_restricted"
    title = "Totals of this moment are for statisticians; everybody reads the released tables"


async def _reader(http: Request) -> None:
    """Lets everybody in, or, where the operator wants it, those who may read finer statistics."""
    settings: Settings = http.app.state.settings
    if settings.live_statistics == PUBLIC:
        return
    _, _, token = http.headers.get("authorization", "").partition(" ")
    try:
        async with http.app.state.sessions.begin() as session:
            actor: Actor = await http.app.state.authenticator.actor(session, token)
    except MarketplaceError as error:
        raise LiveStatisticsRestrictedError from error
    if not actor.may(Permission.READ_STATISTICS):
        raise LiveStatisticsRestrictedError


LIVE: Final = [Depends(_reader)]


@router.get(
    "/deals",
    response_model=CumulativeTable,
    dependencies=LIVE,
    responses=problems(
        UnknownUnitError, UnknownCurrencyError, NoExchangeRateError, LiveStatisticsRestrictedError
    ),
)
async def deal_statistics(
    http: Request,
    reads: HotReads,
    unit: UnitCode = "KRW",
    period: Period = Period.YEAR,
    kind: RightKind | None = None,
    convert_to: ConvertTo = None,
    rates_of: RatesOf = None,
    as_of: AsOf = None,
    view: View = View.ACCOUNTING,
) -> Response:
    """Deals per period and cumulative: published history, then every deal settled here.

    Exact at once after a deal settles, and equal to the ledger to the minor unit. No token needed,
    unless the operator restricts it. `as_of` shows what was known on a day, and the `restated` view
    moves what was undone to the period in which it was counted. With `convert_to` it also says what
    all currencies make together, by reference rates.
    """
    zone = http.app.state.settings.reporting_time_zone
    table = await queries.cumulative_table(
        reads,
        period=period,
        kind=kind,
        unit=read_unit(unit),
        time_zone=zone,
        as_of=as_of,
        view=view,
    )
    if convert_to:
        on = rates_of or _today(http, zone)
        table.converted = await converted_totals(
            reads, into=convert_to, on=on, kind=kind, time_zone=zone
        )
    return Response(table.model_dump_json(), media_type="application/json")


@router.get(
    "/revisions",
    dependencies=LIVE,
    responses=problems(InvalidCursorError, LiveStatisticsRestrictedError, UnknownCurrencyError),
)
async def figure_revisions(
    reads: HotReads, currency: Currency = "KRW", cursor: str | None = None, limit: Limit = 20
) -> Page[RevisionRead]:
    """Changes of months that had ended, numbered, each with its reason; the newest months first."""
    before = _before(cursor) if cursor else (date.max, 0)
    found = await revisions(reads, currency, before=before, limit=limit + 1)
    last = found[limit - 1] if len(found) > limit else None
    following = encode(last.month.isoformat(), last.number) if last else None
    return Page(items=found[:limit], next=following)


@router.get("/series")
async def count_series(http: Request, reads: HotReads) -> list[SeriesRead]:
    """Members, listings, institutions and more: flow and stock, month by month. No token needed."""
    return await series(reads, http.app.state.settings.reporting_time_zone)


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


@router.get("/proof", responses=problems(NotFoundError, UnknownCurrencyError))
async def proof(
    http: Request,
    reads: HotReads,
    begins: Begins,
    period: Period = Period.YEAR,
    currency: Currency = "KRW",
    dimension: Dimension | None = None,
    value: Cell = "total",
) -> Proof:
    """Prove a published cell: both sums, the digest of its entries, and the seal that covers it.

    Without a dimension, the total of the period. No token needed.
    """
    settings: Settings = http.app.state.settings
    return await prove(
        reads,
        dimension=dimension.value if dimension else "total",
        value=value,
        period=period,
        begins=queries.period_begin(begins, period),
        currency=currency,
        time_zone=settings.reporting_time_zone,
        totals_known=settings.live_statistics == PUBLIC,
    )


@finer_router.get(
    "/crossed",
    responses=problems(
        InvalidTokenError, PermissionMissingError, UnknownUnitError, UnknownCurrencyError
    ),
)
async def crossed_statistics(
    actor: Statistician,
    reads: HotReads,
    down: Dimension,
    across: Dimension,
    begins: Begins,
    period: Period = Period.YEAR,
    unit: UnitCode = "KRW",
) -> CrossedTable:
    """For statisticians of the state: deals of one period by two dimensions, still controlled."""
    return await crossed_table(
        reads,
        down=down.value,
        across=across.value,
        period=period,
        begins=queries.period_begin(begins, period),
        unit=read_unit(unit),
    )


def _before(cursor: str) -> tuple[date, int]:
    month, number = decode(cursor, str, int)
    try:
        return date.fromisoformat(month), number
    except ValueError as error:
        raise InvalidCursorError from error


def _today(http: Request, zone: str) -> date:
    return clock_of(http.app.state.sessions).now().astimezone(ZoneInfo(zone)).date()
