"""The figures at the top of the front page, each with what it is: flow or stock, and of when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from marketplace.pages.public.figures import Figures
from marketplace.pages.public.table import Row
from marketplace.pages.public.texts import TEXTS
from marketplace.pages.public.wording import days_name, grouped, period_name, unit_name
from marketplace.statistics.periods import Period
from marketplace.statistics.schemas import SeriesRead
from marketplace.statistics.units import Unit

STOCKS: Final = ("listings", "members", "institutions", "solicitations", "financing")
"""Series of which it is told how many there are now; one without a fact yet is left out."""
SUMS: Final = ("valuations",)
"""Series of things that stay: how many there were so far is a sum of flows, and no stock."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure, and in a few words what it is."""

    label: str
    text: str
    basis: str
    unit: str = ""

    @property
    def size(self) -> str:
        """How large its digits can be, for they are never broken."""
        lengths = {"": 9, "long": 13, "longer": 17}
        return next((name for name, most in lengths.items() if len(self.text) <= most), "longest")


def deal_figures(found: Figures, years: Sequence[Row], unit: Unit, language: str) -> list[Figure]:
    """Deals and amounts: since the beginning, and of the last year."""
    texts, name, total = TEXTS[language], _unit(unit, language), found.years.total
    since = years[0].begins if years else found.as_of
    basis = _since(since, Period.MONTH, language, "" if found.is_live else ".released")
    printed = sum(row.period.deals for row in years if row.is_printed)
    printed_minor = sum(row.period.amount_minor or 0 for row in years if row.is_printed)
    parts = [
        _parts(language, grouped(part), whole)
        for part, whole in (
            (printed, total.deals),
            (unit.rounded(printed_minor), total.amount),
        )
    ]
    told = [
        Figure(texts["head.deals"], grouped(total.deals), basis + parts[0]),
        Figure(texts["head.amount"], grouped(total.amount), basis + parts[1], name),
    ]
    return told + _last_year(found, years, unit, language)


def _parts(language: str, printed: str, whole: int | None) -> str:
    if printed == "0" or not whole:
        return ""
    return TEXTS[language]["basis.printed"].format(printed=printed)


def _unit(unit: Unit, language: str) -> str:
    """A unit below its number; one that begins with a number itself is a factor of it."""
    name = unit_name(unit, language)
    return f"× {name}" if name[0].isdigit() else name


def _last_year(found: Figures, years: Sequence[Row], unit: Unit, language: str) -> list[Figure]:
    if not years:
        return []
    texts, last = TEXTS[language], years[-1]
    until, year = min(last.ends, max(found.as_of, last.begins)), last.ends.year
    basis = texts["basis.flow"].format(days=days_name(last.begins, until, language))
    if last.is_part:
        basis = texts["basis.part"].format(year=year)
    return [
        Figure(texts["head.deals_year"].format(year=year), grouped(last.period.deals), basis),
        Figure(
            texts["head.amount_year"].format(year=year),
            grouped(last.period.amount),
            basis,
            _unit(unit, language),
        ),
    ]


def present_figures(found: Figures, language: str) -> list[Figure]:
    """How much there is of everything else, now or so far."""
    texts = TEXTS[language]
    series: dict[str, list[SeriesRead]] = {}
    for one in found.series:
        series.setdefault(one.series, []).append(one)
    told = [
        Figure(
            texts[f"head.{name}"],
            grouped(sum(one.rows[-1].stock for one in series[name])),
            texts["basis.stock"],
        )
        for name in STOCKS
        if name in series
    ]
    return told + [_so_far(series[name], name, language) for name in SUMS if name in series]


def _so_far(parts: Sequence[SeriesRead], name: str, language: str) -> Figure:
    rows = [row for one in parts for row in one.rows]
    begins, total = min(row.begins for row in rows), grouped(sum(row.flow for row in rows))
    return Figure(TEXTS[language][f"head.{name}"], total, _since(begins, Period.YEAR, language))


def _since(begins: date, period: Period, language: str, which: str = "") -> str:
    name = period_name(begins, period, language)
    return TEXTS[language][f"basis.sum{which}"].format(month=name)
