"""The front page: headline figures, the cumulative table and charts, each with what it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, Final

from fastapi import Request, Response
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import Headers

from marketplace.kernel.fast_lane import Ready
from marketplace.pages.public.drawing import lying, upright
from marketplace.pages.public.figures import Figures, gather
from marketplace.pages.public.headline import deal_figures, present_figures
from marketplace.pages.public.rendering import (
    HEADERS,
    HOME,
    Query,
    address,
    as_response,
    choices,
    language_of,
    query_of,
    raw_query,
    render,
    structured,
)
from marketplace.pages.public.table import Row, table_rows
from marketplace.pages.public.texts import TEXTS
from marketplace.pages.public.wording import (
    UNTOLD,
    day_name,
    grouped,
    money,
    period_name,
    span_name,
    unit_name,
)
from marketplace.settings import Settings
from marketplace.statistics.periods import Period
from marketplace.statistics.schemas import CumulativeTable, PublishedSource, RevisionRead
from marketplace.statistics.schemas import Figures as Sums
from marketplace.statistics.units import Unit, read_unit

PROOF: Final = "/v1/statistics/proof"
UNITS_SHOWN: Final = ("KRW", "10000KRW", "100000000KRW", "CNY", "10000CNY", "USD")


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
    make = partial(_made, state, wish)
    ready: Ready = await state.pages.get((HOME, wish), make, headers, HEADERS)
    return ready


async def home(request: Request, session: AsyncSession) -> Response:
    """The same, for whoever comes another way."""
    ready = await show_home(request.app.state, request.headers, raw_query(request))
    return as_response(ready)


async def _made(state: Any, wish: Wish) -> bytes:
    found = await gather(state, wish.unit, wish.period)
    return _page(state.settings, wish, found)


def _page(settings: Settings, wish: Wish, found: Figures) -> bytes:
    texts, unit, language = TEXTS[wish.language], read_unit(wish.unit), wish.language
    periods = [(period.value, texts[f"period.{period.value}"]) for period in reversed(Period)]
    units = [(code, unit_name(read_unit(code), language)) for code in UNITS_SHOWN]
    rows = _rows(found, found.table, unit, wish.period)
    years = _rows(found, found.years, unit, Period.YEAR)
    return render(
        "home.html",
        language,
        settings.issuer,
        HOME,
        wish.query,
        here="figures",
        as_of=_as_of(settings, found, language),
        today=day_name(found.today, language),
        deals=deal_figures(found, years, unit, language),
        present=present_figures(found, language),
        rows=[_shown(row, found, wish) for row in rows],
        coarse=_coarse(rows, language),
        total=_sums(found.table.total),
        unit=unit_name(unit, language),
        unit_code=wish.unit,
        currency=unit.currency,
        period=wish.period.value,
        periods=choices(HOME, wish.query, "period", periods, wish.period.value),
        units=choices(HOME, wish.query, "unit", units, wish.unit),
        upright=upright(found, years, language),
        lying=lying(found, years, language),
        has_printed=any(row.is_printed for row in years),
        released=_released(found, language),
        revised=[_revised(one, language) for one in found.revisions],
        is_live=found.is_live,
        zone=settings.reporting_time_zone,
        printed=[_source(one, unit.currency, language) for one in found.table.published],
        structured=_structured(settings, wish, found),
    )


def _rows(found: Figures, table: CumulativeTable, unit: Unit, period: Period) -> list[Row]:
    return table_rows(table, unit, period, found.today, is_live=found.is_live)


def _as_of(settings: Settings, found: Figures, language: str) -> str:
    texts, day = TEXTS[language], day_name(found.as_of, language)
    zone = settings.reporting_time_zone
    release = found.table.release
    if found.is_live or release is None:
        return texts["asof"].format(day=day, zone=zone)
    return texts["asof.released"].format(day=day, zone=zone, number=release.number)


def _shown(row: Row, found: Figures, wish: Wish) -> dict[str, Any]:
    language, proof = wish.language, None
    if row.has_facts and not row.is_printed and not row.is_part:
        asked = {"begins": row.begins.isoformat(), "period": wish.period.value}
        proof = address(PROOF, **asked, currency=found.table.currency)
    return {
        "label": span_name(row.begins, row.ends, language),
        "is_printed": row.is_printed,
        "until": day_name(found.as_of, language) if row.is_running else None,
        "is_part": row.is_part,
        "proof": proof,
        "period": _sums(row.period),
        "sum": _sums(row.cumulative),
    }


def _coarse(rows: Sequence[Row], language: str) -> list[str]:
    """The spans of printed history that no row of the asked period tells."""
    return [span_name(row.begins, row.ends, language) for row in rows if row.is_coarse]


def _sums(told: Sums) -> dict[str, str]:
    return {"deals": grouped(told.deals), "amount": grouped(told.amount)}


def _released(found: Figures, language: str) -> dict[str, Any] | None:
    if not found.regions:
        return None
    release = found.regions.release
    return {"number": release.number, "day": day_name(release.as_of, language)}


def _revised(one: RevisionRead, language: str) -> dict[str, str]:
    texts = TEXTS[language]
    return {
        "month": period_name(one.month, Period.MONTH, language),
        "number": str(one.number),
        "day": period_name(one.day.replace(day=1), Period.MONTH, language),
        "reason": texts.get(f"reason.{one.reason}", texts["reason.other"]),
    }


def _source(one: PublishedSource, currency: str, language: str) -> str:
    """Where printed history comes from, and where its own total is not that of its parts."""
    texts, day = TEXTS[language], day_name(one.as_of, language)
    about = texts["defined.source.text"].format(source=one.source, day=day)
    if one.discrepancy is None:
        return about
    printed, parts = one.discrepancy.printed_amount_minor, one.discrepancy.parts_amount_minor
    return about + texts["defined.discrepancy"].format(
        printed_deals=grouped(one.discrepancy.printed_deals),
        printed_amount=money(printed, currency, language),
        deals=grouped(one.discrepancy.parts_deals),
        amount=UNTOLD if parts is None else money(parts, currency, language),
    )


def _structured(settings: Settings, wish: Wish, found: Figures) -> Any:
    texts, table = TEXTS[wish.language], found.table
    data: dict[str, Any] = {
        "@type": "Dataset",
        "name": texts["table.title"],
        "description": texts["home.lead"],
        "inLanguage": wish.language,
        "url": f"{settings.issuer}/",
        "creator": {"@type": "Organization", "name": texts["brand"]},
        "isAccessibleForFree": True,
        "dateModified": found.as_of.isoformat(),
        "variableMeasured": ["deals", f"amount ({table.unit})"],
        "distribution": [
            {
                "@type": "DataDownload",
                "encodingFormat": "application/json",
                "contentUrl": f"{settings.issuer}/v1/statistics/deals?unit={table.unit}",
            }
        ],
    }
    if table.rows:
        data["temporalCoverage"] = f"{table.rows[0].begins}/{found.as_of}"
    return structured(data)
