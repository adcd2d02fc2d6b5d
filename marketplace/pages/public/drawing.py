"""The charts of the front page, from its figures."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from marketplace.pages.public.charts import Chart, Point, columns, lines, readable_unit
from marketplace.pages.public.figures import Figures
from marketplace.pages.public.rendering import grouped
from marketplace.pages.public.texts import TEXTS, UNITS
from marketplace.statistics.regions import region_name
from marketplace.statistics.schemas import CumulativeRow, CumulativeTable, Origin, SeriesRead
from marketplace.statistics.units import Unit

YEARS_DRAWN: Final = 8
REGIONS_DRAWN: Final = 8

Drawn = dict[str, Any]


def unit_name(unit: Unit, language: str) -> str:
    """A unit as readers of a language know it."""
    return UNITS[language].get(unit.code, unit.label)


def upright(found: Figures, language: str) -> list[Drawn]:
    """Charts over the years; a series without a fact has none."""
    charts = _deals(found.years, language)
    for one in found.series:
        if one.series == "financing" and one.currency == found.years.currency:
            charts.append(_supply(one, language))
    if found.cycle:
        texts = TEXTS[language]
        points = [Point(str(y), round(d * 10), f"{d:.1f}") for y, d in found.cycle[-YEARS_DRAWN:]]
        charts.append(_chart("cycle", texts["chart.cycle"], texts["chart.days"], columns(points)))
    return charts


def lying(found: Figures, language: str) -> list[Drawn]:
    """Charts of the parts of the whole."""
    texts = TEXTS[language]
    kinds = sorted(found.years.by_kind, key=lambda one: -one.deals)
    by_kind = [
        Point(texts[f"kind.{one.kind}"], one.deals, grouped(one.deals), one.kind == "unspecified")
        for one in kinds
    ]
    parts = (("kinds", by_kind), ("regions", _regions(found, language)))
    return [
        _chart(name, texts[f"chart.{name}"], texts["chart.deals_unit"], lines(points))
        for name, points in parts
        if points
    ]


def _deals(years: CumulativeTable, language: str) -> list[Drawn]:
    texts, rows = TEXTS[language], years.rows[-YEARS_DRAWN:]
    if not rows:
        return []
    told = [(row, row.period.amount_minor) for row in rows]
    known = [(row, amount_minor) for row, amount_minor in told if amount_minor is not None]
    unit = readable_unit(years.currency, max([0, *(abs(minor) for _, minor in known)]))
    deals = [_point(row, row.period.deals, grouped(row.period.deals)) for row in rows]
    amounts = [_point(row, minor, grouped(unit.rounded(minor))) for row, minor in known]
    label = texts["chart.in"].format(unit=unit_name(unit, language))
    return [
        _chart("deals", texts["chart.deals"], texts["chart.deals_unit"], columns(deals)),
        _chart("amounts", texts["chart.amounts"], label, columns(amounts)),
    ]


def _point(row: CumulativeRow, value: int, text: str) -> Point:
    return Point(str(row.begins.year), value, text, row.origin is Origin.PUBLISHED)


def _supply(one: SeriesRead, language: str) -> Drawn:
    texts, sums = TEXTS[language], Counter[int]()
    for row in one.rows:
        sums[row.begins.year] += row.amount_minor or 0
    years = sorted(sums)[-YEARS_DRAWN:]
    unit = readable_unit(one.currency or "", max(sums.values()))
    points = [Point(str(year), sums[year], grouped(unit.rounded(sums[year]))) for year in years]
    label = texts["chart.in"].format(unit=unit_name(unit, language))
    return _chart("supply", texts["chart.supply"], label, columns(points))


def _regions(found: Figures, language: str) -> Sequence[Point]:
    """The regions since the beginning; what was withheld in any year is one bar."""
    if not found.regions or not found.regions.rows:
        return []
    last = found.regions.rows[-1].cumulative
    told = [one for one in last if one.value != "total" and one.deals is not None]
    whole = next((one.deals for one in last if one.value == "total"), None)
    shown = sorted(told, key=lambda one: -(one.deals or 0))[:REGIONS_DRAWN]
    points = [
        Point(_region(one.value, language), one.deals or 0, grouped(one.deals or 0))
        for one in shown
        if one.deals
    ]
    rest = (whole or 0) - sum(point.value for point in points)
    if points and rest:
        points.append(Point(TEXTS[language]["withheld"], rest, grouped(rest), is_printed=True))
    return points


def _region(code: str, language: str) -> str:
    return TEXTS[language]["unknown"] if code == "unknown" else region_name(code, language)


def _chart(name: str, title: str, about: str, drawn: Chart) -> Drawn:
    return {"id": f"chart-{name}", "title": title, "about": about, "chart": drawn}
