"""Periods that people ask documents for: days of the reporting time zone, half-open."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from fastapi import Depends, Query

from marketplace.accounts.calendar import Today, Zone, midnight
from marketplace.kernel.errors import UnprocessableError
from marketplace.kernel.schemas import Day

SPAN_MAX: Final = timedelta(days=366)
EARLIEST: Final = date(1970, 1, 1)
LATEST: Final = date(9000, 1, 1)

From = Annotated[Day | None, Query(alias="from", description="left out: the first of this month")]
Until = Annotated[Day | None, Query(description="the day after the last; left out: tomorrow")]


class PeriodError(UnprocessableError):
    code = "invalid_period"
    title = "A period is of a day or more, and at most 366 days"


@dataclass(frozen=True, slots=True)
class Period:
    """Days from `first` to before `after`, and the moments at which they begin and end."""

    first: date
    after: date
    since: datetime
    until: datetime
    zone: ZoneInfo

    @property
    def last(self) -> date:
        return self.after - timedelta(days=1)


async def _asked(zone: Zone, today: Today, first: From = None, until: Until = None) -> Period:
    """This month until now, where it was not said."""
    begin, after = first or today.replace(day=1), until or today + timedelta(days=1)
    if begin < EARLIEST or after > LATEST or not timedelta(0) < after - begin <= SPAN_MAX:
        raise PeriodError("`until` is the day after the last, at most 366 days later")
    return Period(begin, after, midnight(begin, zone), midnight(after, zone), zone)


AskedPeriod = Annotated[Period, Depends(_asked)]
"""The period that a request asks for; it may be refused with a PeriodError."""
