"""When a window of the idea store may open, and how long it is open (DOMAIN C1)."""

from datetime import date, datetime, timedelta

from marketplace.assets.standing.days import months_after


def last_opening_day(filed_on: date, months: int) -> date:
    """The last day, at the office, on which a window may open; the day of filing does not count.

    Six months from 2026-03-15 end with 2026-09-15, and from 2026-08-31 with 2027-02-28.
    """
    return months_after(filed_on, months)


def may_open(filed_on: date, months: int, on: date) -> bool:
    """Whether a filing is young enough on a day."""
    return filed_on <= on <= last_opening_day(filed_on, months)


def window_end(opens_at: datetime, days: int) -> datetime:
    """The first moment after a window: whole days of 24 hours, whatever the clocks do."""
    return opens_at + timedelta(days=days)
