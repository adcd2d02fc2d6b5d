"""Periods come and go by the calendar, whoever files what."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.deals.licences.models import Licence
from marketplace.deals.royalties.accrual import ceased_from
from marketplace.deals.royalties.booking import book_figures
from marketplace.deals.royalties.lifecycle import TOLD, ReportState
from marketplace.deals.royalties.models import RoyaltyReport
from marketplace.deals.royalties.periods import add_months, due_on, period_of
from marketplace.deals.royalties.queries import newest_filings, reports_of
from marketplace.kernel.db import now
from marketplace.kernel.lifecycle import BY_SYSTEM, SYSTEM, Identity, begin, move

AHEAD: Final = frozenset((ReportState.RUNNING, ReportState.AWAITED, ReportState.LATE))
_DAY: Final = timedelta(days=1)


def midnight(day: date) -> datetime:
    """The moment at which a day begins, in UTC."""
    return datetime.combine(day, time(), UTC)


async def begin_report(session: AsyncSession, licence: Licence, number: int = 1) -> None:
    """Begin a period of a licence in effect, if it has one of that number."""
    terms = licence.royalty
    if terms is None or licence.starts_on is None:
        return
    period = period_of(licence.starts_on, licence.until(), terms.period_months, number)
    if period is None:
        return
    report = RoyaltyReport(
        created_at=now(session),
        licence_id=licence.id,
        number=number,
        starts_on=period.starts_on,
        ends_on=period.ends_on,
        due_on=due_on(period.ends_on, terms.due_days),
        year=period.year,
        year_days=period.year_days,
        full_year_days=period.full_year_days,
        ends_year=period.ends_year,
        currency=licence.currency,
    )
    due_at = midnight(period.ends_on)
    begin(session, report, BY_SYSTEM, due_at=due_at, licence_id=licence.id, number=number)
    await session.flush()


async def open_report(
    session: AsyncSession, licence: Licence, report: RoyaltyReport, *, role: str, actor: Identity
) -> None:
    """A period is over: its figures are awaited, and the next period has begun.

    Of a period in which no licensed right was in force any more, there are no figures.
    """
    ceased_on = await ceased_from(session, licence)
    _cut_year(licence, report, ceased_on)
    if ceased_on and ceased_on <= report.starts_on:
        move(session, report, "cancel", role=SYSTEM, actor=actor)
    else:
        due_at = midnight(report.due_on + _DAY)
        told: dict[str, Any] = {"licence_id": licence.id, "due_on": report.due_on}
        move(session, report, "open", role=role, actor=actor, due_at=due_at, **told)
    await begin_report(session, licence, report.number + 1)


async def become_late(
    session: AsyncSession, licence: Licence, report: RoyaltyReport, *, role: str, actor: Identity
) -> None:
    """Nobody filed the figures in time: both sides hear it, and the licensee is reminded."""
    move(session, report, "become_late", role=role, actor=actor, licence_id=licence.id)


def _cut_year(licence: Licence, report: RoyaltyReport, until: date | None) -> None:
    """Count the minimum only for the days on which a licensed right was in force."""
    assert licence.starts_on
    if until is None:
        return
    begins = add_months(licence.starts_on, 12 * report.year)
    report.year_days = min(report.year_days, max(0, (until - begins).days))


async def cut_off(session: AsyncSession, licence: Licence, *, actor: Identity) -> None:
    """A licence ended: its last period ends with it, and what would come later does not.

    The minimum of the last year is that of its days, be its last period already told.
    """
    ended_on = licence.until()
    last = None
    for report in await reports_of(session, licence.id, for_update=True):
        if report.starts_on < ended_on:
            last = report
        elif report.state in AHEAD:
            move(session, report, "cancel", role=SYSTEM, actor=actor)
    if last is None or licence.royalty is None:
        return
    last.ends_year = True
    _cut_year(licence, last, ended_on)
    if last.state in AHEAD:
        last.ends_on = min(last.ends_on, ended_on)
        last.due_on = due_on(last.ends_on, licence.royalty.due_days)
    if last.state == ReportState.RUNNING and last.ends_on <= now(session).date():
        due_at = midnight(last.due_on + _DAY)
        move(session, last, "open", role=SYSTEM, actor=actor, due_at=due_at, due_on=last.due_on)
    elif last.state in TOLD:
        filing = (await newest_filings(session, [last.id]))[last.id]
        await book_figures(session, licence, filing)
