"""The front page: headline figures, the cumulative table and charts, from the ledger's facts."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from fastapi import Request, Response
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import Headers

from marketplace.kernel.driver_pools import Reads
from marketplace.kernel.fast_lane import Ready
from marketplace.pages.public.charts import Chart, Point, columns, lines, readable_unit
from marketplace.pages.public.rendering import (
    HEADERS,
    HOME,
    Query,
    as_response,
    choices,
    grouped,
    language_of,
    query_of,
    render,
    structured,
)
from marketplace.pages.public.texts import TEXTS, UNITS
from marketplace.settings import Settings
from marketplace.statistics.queries import Period, cumulative_table
from marketplace.statistics.schemas import CumulativeRow, CumulativeTable, Origin
from marketplace.statistics.units import Unit, read_unit

UNITS_SHOWN: Final = ("KRW", "10000KRW", "100000000KRW", "CNY", "10000CNY", "USD")
YEARS_DRAWN: Final = 8


@dataclass(frozen=True, slots=True)
class Wish:
    """What a reader asks of the page; what it does not know is as if it were not asked."""

    language: str
    unit: str
    period: Period

    @classmethod
    def of(cls, asked: Query, headers: Headers) -> "Wish":
        unit, period = asked.get("unit", ""), asked.get("period", "")
        return cls(
            language_of(asked, headers),
            unit if unit in UNITS_SHOWN else UNITS_SHOWN[1],
            Period(period) if period in set(Period) else Period.YEAR,
        )

    @property
    def query(self) -> dict[str, str]:
        return {"lang": self.language, "unit": self.unit, "period": self.period.value}


async def show_home(state: Any, headers: Headers, raw: str) -> Ready:
    """The page as the reader wants it, from what this process keeps."""
    wish = Wish.of(query_of(raw), headers)
    make = partial(_made, state.reads, state.settings, wish)
    ready: Ready = await state.pages.get((HOME, wish), make, headers, HEADERS)
    return ready


async def home(request: Request, session: AsyncSession) -> Response:
    """The same, for whoever comes another way."""
    ready = await show_home(request.app.state, request.headers, request.url.query)
    return as_response(ready)


async def _made(reads: Reads, settings: Settings, wish: Wish) -> bytes:
    unit, zone = read_unit(wish.unit), settings.reporting_time_zone
    table = await cumulative_table(
        reads, period=wish.period, kind=None, unit=unit, time_zone=zone
    )
    years = table
    if wish.period is not Period.YEAR:
        years = await cumulative_table(
            reads, period=Period.YEAR, kind=None, unit=unit, time_zone=zone
        )
    return _page(settings, wish, table, years, unit)


def _page(
    settings: Settings, wish: Wish, table: CumulativeTable, years: CumulativeTable, unit: Unit
) -> bytes:
    texts = TEXTS[wish.language]
    periods = [(period.value, texts[f"period.{period.value}"]) for period in reversed(Period)]
    units = [(code, unit_name(read_unit(code), wish.language)) for code in UNITS_SHOWN]
    return render(
        "home.html",
        wish.language,
        settings.issuer,
        HOME,
        wish.query,
        here="figures",
        headline=_headline(years, unit, wish.language),
        rows=[_row(row) for row in table.rows],
        total={"deals": grouped(table.total.deals), "amount": grouped(table.total.amount)},
        unit=unit_name(unit, wish.language),
        unit_code=wish.unit,
        period=wish.period.value,
        periods=choices(HOME, wish.query, "period", periods, wish.period.value),
        units=choices(HOME, wish.query, "unit", units, wish.unit),
        upright=_upright(years, wish.language),
        lying=_lying(years, texts),
        has_printed=any(row.origin is Origin.PUBLISHED for row in years.rows),
        released=None,
        zone=settings.reporting_time_zone,
        published=table.published,
        structured=_structured(settings, wish, table),
    )


def unit_name(unit: Unit, language: str) -> str:
    """A unit as readers of a language know it."""
    return UNITS[language].get(unit.code, unit.label)


def _row(row: CumulativeRow) -> dict[str, Any]:
    return {
        "label": row.label,
        "is_printed": row.origin is Origin.PUBLISHED,
        "deals": grouped(row.period.deals),
        "amount": grouped(row.period.amount),
        "sum_deals": grouped(row.cumulative.deals),
        "sum_amount": grouped(row.cumulative.amount),
    }


def _headline(years: CumulativeTable, unit: Unit, language: str) -> list[dict[str, str]]:
    texts, name = TEXTS[language], unit_name(unit, language)
    found = [
        _figure(texts["head.deals"], years.total.deals),
        _figure(texts["head.amount"], years.total.amount, name),
    ]
    if years.rows:
        last = years.rows[-1]
        year = last.ends.year
        found += [
            _figure(texts["head.deals_year"].format(year=year), last.period.deals),
            _figure(texts["head.amount_year"].format(year=year), last.period.amount, name),
        ]
    return found


def _figure(label: str, number: int, unit: str = "") -> dict[str, str]:
    return {"label": label, "text": grouped(number), "unit": unit}


def _upright(years: CumulativeTable, language: str) -> list[dict[str, Any]]:
    texts, rows = TEXTS[language], years.rows[-YEARS_DRAWN:]
    if not rows:
        return []
    most = max(abs(row.period.amount_minor) for row in rows)
    unit = readable_unit(years.currency, most)
    deals = [_point(row, row.period.deals, grouped(row.period.deals)) for row in rows]
    amounts = [
        _point(row, row.period.amount_minor, grouped(unit.rounded(row.period.amount_minor)))
        for row in rows
    ]
    label = texts["chart.in"].format(unit=unit_name(unit, language))
    return [
        chart("deals", texts["chart.deals"], texts["chart.deals_unit"], columns(deals)),
        chart("amounts", texts["chart.amounts"], label, columns(amounts)),
    ]


def _point(row: CumulativeRow, value: int, text: str) -> Point:
    return Point(str(row.begins.year), value, text, row.origin is Origin.PUBLISHED)


def _lying(years: CumulativeTable, texts: Mapping[str, str]) -> list[dict[str, Any]]:
    kinds = sorted(years.by_kind, key=lambda one: -one.deals)
    if not kinds:
        return []
    points = [
        Point(
            texts[f"kind.{one.kind}"], one.deals, grouped(one.deals), one.kind == "unspecified"
        )
        for one in kinds
    ]
    return [chart("kinds", texts["chart.kinds"], texts["chart.deals_unit"], lines(points))]


def chart(name: str, title: str, about: str, drawn: Chart) -> dict[str, Any]:
    return {"id": f"chart-{name}", "title": title, "about": about, "chart": drawn}


def _structured(settings: Settings, wish: Wish, table: CumulativeTable) -> Any:
    texts = TEXTS[wish.language]
    return structured(
        {
            "@type": "Dataset",
            "name": texts["table.title"],
            "description": texts["home.lead"],
            "inLanguage": wish.language,
            "url": f"{settings.issuer}/",
            "creator": {"@type": "Organization", "name": texts["brand"]},
            "isAccessibleForFree": True,
            "variableMeasured": ["deals", f"amount ({table.unit})"],
            "distribution": [
                {
                    "@type": "DataDownload",
                    "encodingFormat": "application/json",
                    "contentUrl": f"{settings.issuer}/v1/statistics/deals?unit={table.unit}",
                }
            ],
        }
    )
