"""Days, where law and registers count in days: those of the reporting time zone."""

from datetime import UTC, date, datetime, time
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import Depends, Query, Request

from marketplace.kernel.db import now
from marketplace.kernel.routing import Session
from marketplace.kernel.schemas import Day


async def _zone(request: Request) -> ZoneInfo:
    return ZoneInfo(request.app.state.settings.reporting_time_zone)


Zone = Annotated[ZoneInfo, Depends(_zone)]


async def _today(zone: Zone, session: Session) -> date:
    return now(session).astimezone(zone).date()


Today = Annotated[date, Depends(_today)]
AsOf = Annotated[Day | None, Query(description="left out: today")]


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The moment that a day begins."""
    return datetime.combine(day, time(), zone).astimezone(UTC)
