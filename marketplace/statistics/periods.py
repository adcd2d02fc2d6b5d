"""Periods of the calendar by which figures are told: months, quarters and years."""

from datetime import date, timedelta
from enum import StrEnum
from typing import Final


class Period(StrEnum):
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


_MONTHS: Final = {Period.MONTH: 1, Period.QUARTER: 3, Period.YEAR: 12}


def period_begin(month: date, period: Period) -> date:
    """The first day of the period that a day is in."""
    length = _MONTHS[period]
    return month.replace(month=(month.month - 1) // length * length + 1, day=1)


def period_end(begins: date, period: Period) -> date:
    """The last day of a period."""
    return period_until(begins, period) - timedelta(days=1)


def period_until(begins: date, period: Period) -> date:
    """The first day after the period; of the calendar's last period its last day."""
    months = begins.month - 1 + _MONTHS[period]
    if begins.year + months // 12 > date.max.year:
        return date.max
    return date(begins.year + months // 12, months % 12 + 1, 1)


def period_label(begins: date, period: Period) -> str:
    """As `2026`, `2026 Q1` or `2026-01`."""
    if period is Period.YEAR:
        return f"{begins.year}"
    if period is Period.QUARTER:
        return f"{begins.year} Q{(begins.month + 2) // 3}"
    return f"{begins.year}-{begins.month:02}"
