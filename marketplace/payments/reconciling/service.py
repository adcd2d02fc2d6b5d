"""What a provider says it moved in a day, against what the ledger says."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from marketplace.kernel.db import Sessions
from marketplace.settings import Settings


@dataclass(frozen=True, slots=True)
class Reconciled:
    """How many movements were compared, and a line for each that differs."""

    compared: int
    differences: tuple[str, ...]


Reconciler = Callable[[Settings, Sessions, date], Awaitable[Reconciled]]
"""Compares one provider's movements of a day with the ledger."""


def day_of(day: date) -> tuple[datetime, datetime]:
    """A day in UTC as a half-open period."""
    start = datetime.combine(day, time(), UTC)
    return start, start + timedelta(days=1)
