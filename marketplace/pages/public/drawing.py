"""The charts of the front page, from its figures."""

from collections.abc import Sequence
from typing import Any, Final

from marketplace.pages.public.charts import (
    Chart,
    Point,
    columns,
    lines,
    readable_unit,
    significant,
)
from marketplace.pages.public.figures import Figures
from marketplace.pages.public.table import Row
from marketplace.pages.public.texts import TEXTS
from marketplace.pages.public.wording import (
    UNTOLD,
    days_name,
    grouped,
    money,
    place_name,
    span_name,
    unit_name,
)
from marketplace.statistics.queries import UNSPECIFIED
from marketplace.statistics.releases.building import ALL
from marketplace.statistics.schemas import SeriesRead
from marketplace.statistics.units import Unit

YEARS_DRAWN: Final = 8
REGIONS_DRAWN: Final = 8

Drawn = dict[str, Any]


def upright(found: Figures, years: Sequence[Row], language: str) -> list[Drawn]:
    """Charts over the years; a series without a fact has none."""
    charts = _deals(found, years, language)
    for one in found.series:
        if one.series == "financing" and one.currency == found.years.currency:
            charts += _financing(found, one, language)
    if found.cycle:
        points = [
            Point(str(year), round(days * 10), f"{days:.1f}", look=_look(found, year))
            for year, days in found.cycle[-YEARS_DRAWN:]
        ]
        charts.append(_chart("cycle", language, columns(points)))
    return charts


def lying(found: Figures, years: Sequence[Row], language: str) -> list[Drawn]:
    """Charts of the parts of the whole."""
    charts = []
    if years and found.years.by_kind:
        days = days_name(years[0].begins, found.as_of, language)
        charts.append(_chart("kinds", language, lines(_kinds(found, language)), days=days))
    regions = _regions(found, language)
    if regions and found.regions:
        first, last = found.regions.rows[0], found.regions.rows[-1]
        days = days_name(first.begins, last.ends, language)
        charts.append(_chart("regions", language, lines(regions), days=days))
    return charts


def _kinds(found: Figures, language: str) -> list[Point]:
    """Each kind, and what is released without telling its kind."""
    texts, kinds = TEXTS[language], sorted(found.years.by_kind, key=lambda one: -one.deals)
    points = [
        Point(
            texts[f"kind.{one.kind}"],
            one.deals,
            grouped(one.deals),
            look="printed" if one.kind == UNSPECIFIED else "",
        )
        for one in kinds
    ]
    rest = found.years.total.deals - sum(one.deals for one in kinds)
    if rest > 0:
        points.append(Point(texts["withheld"], rest, grouped(rest), look="withheld"))
    return points


def _deals(found: Figures, years: Sequence[Row], language: str) -> list[Drawn]:
    rows = years[-YEARS_DRAWN:]
    if not rows:
        return []
    currency = found.years.currency
    unit = readable_unit(currency, [row.period.amount_minor or 0 for row in rows])
    deals, amounts = [], []
    for row in rows:
        about = _about(row, language)
        deals.append(Point(value=row.period.deals, text=grouped(row.period.deals), **about))
        written = _amount(row.period.amount_minor, unit, language)
        amounts.append(Point(**written, **about))
    return [
        _chart("deals", language, columns(deals)),
        _chart("amounts", language, columns(amounts), unit=unit_name(unit, language)),
    ]


def _amount(amount_minor: int | None, unit: Unit, language: str) -> dict[str, Any]:
    """An amount short and in full; one that nobody told is no bar."""
    if amount_minor is None:
        return {"value": None, "text": UNTOLD}
    full = money(amount_minor, unit.currency, language)
    return {"value": amount_minor, "text": significant(amount_minor, unit), "full": full}


def _about(row: Row, language: str) -> dict[str, Any]:
    """A year's name is short below a bar; a span that is longer says both of its years."""
    first, last = row.begins.year, row.ends.year
    label = str(first) if first == last else span_name(row.begins, row.ends, language)
    look = "printed" if row.is_printed else "" if row.is_complete else "running"
    return {"label": label, "look": look}


def _financing(found: Figures, one: SeriesRead, language: str) -> list[Drawn]:
    """What was lent in a year (a flow), and how many loans were left at its end (a stock)."""
    rows = {row.begins.year: row for row in one.rows}
    years = range(min(rows), found.today.year + 1)
    stocks = _carried({year: row.stock for year, row in rows.items()}, years)
    left = [
        Point(str(year), stock, grouped(stock), look=_look(found, year))
        for year, stock in stocks[-YEARS_DRAWN:]
    ]
    outstanding = _chart("balance", language, columns(left))
    supplied = {year: row.amount_minor for year, row in rows.items()}
    if all(minor is None for minor in supplied.values()):
        return [outstanding]
    shown = years[-YEARS_DRAWN:]
    unit = readable_unit(one.currency or "", [supplied.get(year) or 0 for year in shown])
    supply = [
        Point(
            label=str(year),
            look=_look(found, year),
            **_amount(supplied.get(year, 0), unit, language),
        )
        for year in shown
    ]
    unit_text = unit_name(unit, language)
    return [_chart("supply", language, columns(supply), unit=unit_text), outstanding]


def _carried(stocks: dict[int, int], years: range) -> list[tuple[int, int]]:
    """A stock at the end of every year: in one without a change, that of the year before."""
    told, stock = [], 0
    for year in years:
        stock = stocks.get(year, stock)
        told.append((year, stock))
    return told


def _look(found: Figures, year: int) -> str:
    return "running" if year >= found.today.year else ""


def _regions(found: Figures, language: str) -> Sequence[Point]:
    """The regions over all years that ended; what was withheld in any of them is one bar."""
    if not found.regions or not found.regions.rows:
        return []
    last = found.regions.rows[-1].cumulative
    told = [one for one in last if one.value != ALL and one.deals]
    whole = next((one.deals for one in last if one.value == ALL), None)
    shown = sorted(told, key=lambda one: -(one.deals or 0))[:REGIONS_DRAWN]
    points = [
        Point(place_name(one.value, language), one.deals, grouped(one.deals or 0)) for one in shown
    ]
    others = sum(one.deals or 0 for one in told) - sum(one.deals or 0 for one in shown)
    rest = (whole or 0) - sum(one.deals or 0 for one in told)
    for name, deals in (("others", others), ("withheld", rest)):
        if points and deals:
            look = "withheld" if name == "withheld" else ""
            points.append(Point(TEXTS[language][name], deals, grouped(deals), look=look))
    return points


def _chart(name: str, language: str, chart: Chart, **values: str) -> Drawn:
    texts = TEXTS[language]
    return {
        "id": f"chart-{name}",
        "title": texts[f"chart.{name}"],
        "about": texts[f"chart.{name}.about"].format(**values),
        "chart": chart,
        "told": "; ".join(bar.point.told for bar in chart.bars),
        "looks": [look for look in ("printed", "running", "withheld") if look in chart.looks],
    }
