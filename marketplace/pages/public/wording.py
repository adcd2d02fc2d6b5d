"""Days, periods, places and amounts as readers of a language write them."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from babel.core import Locale, UnknownLocaleError
from babel.dates import format_date, format_interval, format_skeleton
from babel.numbers import format_currency

from marketplace.kernel.money import minor_digits
from marketplace.pages.public.texts import TEXTS, UNITS
from marketplace.statistics.dimensions import UNKNOWN
from marketplace.statistics.periods import Period, period_begin, period_end
from marketplace.statistics.regions import region_name
from marketplace.statistics.units import Unit

_KEPT: Final = 2_000
_SKELETONS: Final = {Period.QUARTER: "yQQQ", Period.MONTH: "yMMM"}


UNTOLD: Final = "–"
"""What stands for an amount that nobody told: it is not zero."""


def grouped(number: int | None) -> str:
    return UNTOLD if number is None else f"{number:,}"


@lru_cache(maxsize=_KEPT)
def day_name(day: date, language: str) -> str:
    return format_date(day, "long", locale=language)


def moment_name(moment: datetime, zone: str, language: str) -> str:
    """A moment to the minute, on the clocks of a time zone, whose name stands beside it."""
    there = moment.astimezone(ZoneInfo(zone))
    return f"{day_name(there.date(), language)} {there:%H:%M}"


@lru_cache(maxsize=_KEPT)
def days_name(begins: date, ends: date, language: str) -> str:
    """A number of days, both included."""
    return format_interval(begins, ends, "yMMMd", locale=language)


@lru_cache(maxsize=_KEPT)
def span_name(begins: date, ends: date, language: str) -> str:
    """Whole years, quarters and months by their names; other spans by their first and last."""
    for period in reversed(Period):
        if (period_begin(begins, period), period_end(begins, period)) == (begins, ends):
            return period_name(begins, period, language)
    is_months = begins.day == 1 and ends == period_end(ends.replace(day=1), Period.MONTH)
    skeleton = "yMMM" if is_months else "yMMMd"
    return format_interval(begins, ends, skeleton, locale=language)


@lru_cache(maxsize=_KEPT)
def period_name(begins: date, period: Period, language: str) -> str:
    """The period that begins on a day."""
    if period is Period.YEAR:
        return f"{begins.year}"
    return format_skeleton(_SKELETONS[period], begins, locale=language)


def place_name(code: str, language: str) -> str:
    """A region, or a country where no more is known; of a region without a name, both."""
    if code == UNKNOWN:
        return TEXTS[language]["unknown"]
    name = region_name(code, language)
    if name != code:
        return name
    country = _country(code[:2], language)
    return country if len(code) == len("KR") else f"{country} ({code})"


def _country(code: str, language: str) -> str:
    name: str = Locale(language).territories.get(code, code)
    return name


def language_name(tag: str) -> str:
    """What a language calls itself; its code, where nobody wrote that down."""
    try:
        return Locale.parse(tag).get_display_name() or tag
    except UnknownLocaleError:
        return tag


def unit_name(unit: Unit, language: str) -> str:
    """A unit as readers of a language know it."""
    return UNITS[language].get(unit.code, unit.label)


def price(amount: Mapping[str, Any] | None, language: str) -> str | None:
    """An amount of the API in major units with its currency; None of none."""
    if amount is None:
        return None
    return money(amount["amount_minor"], amount["currency"], language)


def money(amount_minor: int, currency: str, language: str) -> str:
    return format_currency(major(amount_minor, currency), currency, locale=language)


def major(amount_minor: int, currency: str) -> Decimal:
    """An exact amount in major units."""
    return Decimal(amount_minor).scaleb(-minor_digits(currency))
