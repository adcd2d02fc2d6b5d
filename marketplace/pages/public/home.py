"""The front page: headline figures, the cumulative table and charts, from the ledger's facts."""

from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, Final

from fastapi import Request, Response
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import Headers

from marketplace.kernel.driver_pools import Reads
from marketplace.kernel.fast_lane import Ready
from marketplace.pages.public.drawing import lying, unit_name, upright
from marketplace.pages.public.figures import Figures, gather
from marketplace.pages.public.rendering import (
    HEADERS,
    HOME,
    Query,
    as_response,
    choices,
    grouped,
    language_of,
    query_of,
    raw_query,
    render,
    structured,
)
from marketplace.pages.public.texts import TEXTS
from marketplace.settings import Settings
from marketplace.statistics.periods import Period
from marketplace.statistics.schemas import CumulativeRow, CumulativeTable, Origin, PublishedSource
from marketplace.statistics.schemas import Figures as TableFigures
from marketplace.statistics.units import Unit, read_unit

UNITS_SHOWN: Final = ("KRW", "10000KRW", "100000000KRW", "CNY", "10000CNY", "USD")
UNDISCLOSED: Final = "–"
STOCKS: Final = ("listings", "members", "institutions", "solicitations", "valuations")
"""Series whose present stock is told; one without a fact yet is left out."""


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


@lru_cache(maxsize=200)
def _wish(raw: str, accept_language: str) -> Wish:
    """Read once what many ask alike: reading it costs more than sending the page."""
    return Wish.of(query_of(raw), Headers({"accept-language": accept_language}))


async def show_home(state: Any, headers: Headers, raw: str) -> Ready:
    """The page as the reader wants it, from what this process keeps."""
    wish = _wish(raw, headers.get("accept-language", ""))
    make = partial(_made, state.reads, state.settings, wish)
    ready: Ready = await state.pages.get((HOME, wish), make, headers, HEADERS)
    return ready


async def home(request: Request, session: AsyncSession) -> Response:
    """The same, for whoever comes another way."""
    ready = await show_home(request.app.state, request.headers, raw_query(request))
    return as_response(ready)


async def _made(reads: Reads, settings: Settings, wish: Wish) -> bytes:
    found = await gather(reads, settings, wish.unit, wish.period)
    return _page(settings, wish, found)


def _page(settings: Settings, wish: Wish, found: Figures) -> bytes:
    texts, unit = TEXTS[wish.language], read_unit(wish.unit)
    periods = [(period.value, texts[f"period.{period.value}"]) for period in reversed(Period)]
    units = [(code, unit_name(read_unit(code), wish.language)) for code in UNITS_SHOWN]
    return render(
        "home.html",
        wish.language,
        settings.issuer,
        HOME,
        wish.query,
        here="figures",
        headline=_headline(found, unit, wish.language),
        rows=[_row(row) for row in found.table.rows],
        total=_figures(found.table.total),
        unit=unit_name(unit, wish.language),
        unit_code=wish.unit,
        period=wish.period.value,
        periods=choices(HOME, wish.query, "period", periods, wish.period.value),
        units=choices(HOME, wish.query, "unit", units, wish.unit),
        upright=upright(found, wish.language),
        lying=lying(found, wish.language),
        has_printed=any(row.origin is Origin.PUBLISHED for row in found.years.rows),
        released=found.regions.release if found.regions else None,
        zone=settings.reporting_time_zone,
        published=[_source(one, unit) for one in found.table.published],
        structured=_structured(settings, wish, found.table),
    )


def _row(row: CumulativeRow) -> dict[str, Any]:
    return {
        "label": row.label,
        "is_printed": row.origin is Origin.PUBLISHED,
        "period": _figures(row.period),
        "sum": _figures(row.cumulative),
    }


def _source(one: PublishedSource, unit: Unit) -> dict[str, Any]:
    """Where printed figures come from, and a printed total that its parts do not give."""
    told: dict[str, Any] = {"source": one.source, "as_of": one.as_of, "discrepancy": None}
    if one.discrepancy:
        parts_minor = one.discrepancy.parts_amount_minor or 0
        told["discrepancy"] = {
            "printed_deals": grouped(one.discrepancy.printed_deals),
            "parts_deals": grouped(one.discrepancy.parts_deals),
            "printed_amount": grouped(unit.rounded(one.discrepancy.printed_amount_minor)),
            "parts_amount": grouped(unit.rounded(parts_minor)),
        }
    return told


def _figures(told: TableFigures) -> dict[str, str]:
    amount = UNDISCLOSED if told.amount is None else grouped(told.amount)
    return {"deals": grouped(told.deals), "amount": amount}


def _headline(found: Figures, unit: Unit, language: str) -> list[dict[str, str]]:
    texts, name, years = TEXTS[language], unit_name(unit, language), found.years
    told = [
        _figure(texts["head.deals"], years.total.deals),
        _figure(texts["head.amount"], years.total.amount or 0, name),
    ]
    if years.rows:
        last = years.rows[-1]
        year = last.ends.year
        told += [
            _figure(texts["head.deals_year"].format(year=year), last.period.deals),
            _figure(texts["head.amount_year"].format(year=year), last.period.amount or 0, name),
        ]
    counts = {one.series: one for one in found.series}
    told += [
        _figure(texts[f"head.{one}"], counts[one].rows[-1].stock) for one in STOCKS if one in counts
    ]
    return told


def _figure(label: str, number: int, unit: str = "") -> dict[str, str]:
    return {"label": label, "text": grouped(number), "unit": unit}


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
