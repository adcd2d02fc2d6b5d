"""How law counts years, which is where offices differ by a day (DOMAIN A3)."""

from calendar import monthrange
from datetime import date, timedelta


def last_day_of_years(start: date, years: int, *, first_day_counts: bool) -> date:
    """The last day of a period of years.

    Where the first day does not count (KR), 20 years from 2021-03-15 end on 2041-03-15; where it
    does (CN), 10 years from 1999-09-06 end on 2009-09-05. What begins on 29 February ends with
    February in a year that has no such day.
    """
    try:
        same = start.replace(year=start.year + years)
    except ValueError:
        return date(start.year + years, 2, 28)
    return same - timedelta(days=1) if first_day_counts else same


def months_after(day: date, months: int) -> date:
    """The same day some months later, or the last of a shorter month."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def years_begun(start: date, day: date) -> int:
    """Which year of a period a day falls in, the first being 1."""
    whole = day.year - start.year - ((day.month, day.day) < (start.month, start.day))
    return max(whole, 0) + 1


def business_days_before(day: date, count: int) -> date:
    """The day that lies some business days back; Saturdays and Sundays are none."""
    while count:
        day -= timedelta(days=1)
        count -= day.weekday() < 5  # noqa: PLR2004 - Monday is 0
    return day
