"""The clock port: the only source of "now", so that tests and demos can move time."""

from datetime import UTC, date, datetime, timedelta
from typing import Final, Protocol

EARLIEST_ZONE: Final = timedelta(hours=14)
"""Where on Earth a day begins first."""


def latest_date(moment: datetime) -> date:
    """The latest date that it is anywhere: a date after it is in the future for everybody."""
    return (moment + EARLIEST_ZONE).date()


class Clock(Protocol):
    def now(self) -> datetime:
        """The present moment in UTC."""
        ...


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class ShiftedClock:
    """The system clock moved by an offset that the caller may change."""

    def __init__(self, offset: timedelta = timedelta(0)) -> None:
        self.offset = offset

    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset
