"""What the clock does with reports. It holds the report already, and must not wait for the licence.

Others hold the licence first and then its reports, so waiting for it here could be a deadlock.
"""

from collections.abc import Awaitable, Callable

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.deals.licences.models import Licence
from marketplace.deals.royalties import reporting
from marketplace.deals.royalties.models import RoyaltyReport
from marketplace.kernel.clocks import ClockMove
from marketplace.kernel.db import mark_locked
from marketplace.kernel.lifecycle import Identity

ReportMove = Callable[..., Awaitable[None]]


def _with_licence(make: ReportMove) -> ClockMove:
    async def run(
        session: AsyncSession, report: RoyaltyReport, *, role: str, actor: Identity
    ) -> None:
        query = select(Licence).where(col(Licence.id) == report.licence_id)
        licence = (await session.execute(query.with_for_update(nowait=True))).scalar_one()
        mark_locked(session, licence)
        await make(session, licence, report, role=role, actor=actor)

    return run


MOVES = {
    "open": _with_licence(reporting.open_report),
    "become_late": _with_licence(reporting.become_late),
}
