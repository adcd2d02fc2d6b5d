"""What part of a year lies between two days, by the convention of a contract (DOMAIN D5).

The first day counts and the last does not. Pure and exact.
"""

from datetime import date
from enum import StrEnum
from fractions import Fraction

from marketplace.assets.standing.days import months_after

_DAY_MAX = 30


class DayCount(StrEnum):
    """`months` counts whole months of a twelfth each, whatever their days."""

    MONTHS = "months"
    ACT_365F = "act_365f"
    ACT_360 = "act_360"
    ACT_ACT_ISDA = "act_act_isda"
    THIRTY_E_360 = "30e_360"


def year_fraction(
    start: date, end: date, convention: DayCount, anchor: date | None = None
) -> Fraction:
    """The part of a year from `start` up to `end`.

    `months` counts from the anchor, a loan's first day, so that its periods are whole months even
    where they end with a short one; days beyond the last whole month count as of 365.
    """
    days = (end - start).days
    if convention is DayCount.ACT_365F:
        return Fraction(days, 365)
    if convention is DayCount.ACT_360:
        return Fraction(days, 360)
    if convention is DayCount.ACT_ACT_ISDA:
        return _isda(start, end)
    if convention is DayCount.THIRTY_E_360:
        return Fraction(_thirty(end) - _thirty(start), 360)
    first = anchor or start
    return _months(first, end) - _months(first, start)


def _isda(start: date, end: date) -> Fraction:
    """Days in leap years over 366, the others over 365."""
    total = Fraction(0)
    for year in range(start.year, end.year + 1):
        opens, closes = max(start, date(year, 1, 1)), min(end, date(year + 1, 1, 1))
        length = (date(year + 1, 1, 1) - date(year, 1, 1)).days
        total += Fraction((closes - opens).days, length)
    return total


def _thirty(day: date) -> int:
    return day.year * 360 + day.month * 30 + min(day.day, _DAY_MAX)


def _months(start: date, end: date) -> Fraction:
    whole = (end.year - start.year) * 12 + end.month - start.month
    while months_after(start, whole) > end:
        whole -= 1
    left = (end - months_after(start, whole)).days
    return Fraction(whole, 12) + Fraction(left, 365)
