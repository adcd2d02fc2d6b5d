"""The calendar of a licence: its royalty years, and the periods that are reported."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

MONTHS_OF_YEAR: Final = 12


def add_months(day: date, months: int) -> date:
    """The same day of a later month; of a shorter month, its last day."""
    year, month = divmod(day.year * MONTHS_OF_YEAR + day.month - 1 + months, MONTHS_OF_YEAR)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


@dataclass(frozen=True, slots=True)
class Period:
    """One period of a licence, half-open."""

    number: int
    year: int
    starts_on: date
    ends_on: date
    year_days: int
    full_year_days: int
    ends_year: bool


def period_of(licence_from: date, licence_until: date, months: int, number: int) -> Period | None:
    """The period with a number, from 1, cut at the licence's end; None after it.

    Months are counted from the licence's first day, so that the 31st is not lost in February.
    """
    starts_on = add_months(licence_from, months * (number - 1))
    if starts_on >= licence_until:
        return None
    year = months * (number - 1) // MONTHS_OF_YEAR
    year_from = add_months(licence_from, MONTHS_OF_YEAR * year)
    full_until = add_months(licence_from, MONTHS_OF_YEAR * (year + 1))
    year_until = min(full_until, licence_until)
    ends_on = min(add_months(licence_from, months * number), licence_until)
    return Period(
        number=number,
        year=year,
        starts_on=starts_on,
        ends_on=ends_on,
        year_days=(year_until - year_from).days,
        full_year_days=(full_until - year_from).days,
        ends_year=ends_on == year_until,
    )


def due_on(ends_on: date, due_days: int) -> date:
    """The last day for a period's report and payment; the period's last day is the one before."""
    return ends_on + timedelta(days=due_days - 1)
