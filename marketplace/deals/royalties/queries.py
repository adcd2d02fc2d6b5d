from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import func, or_
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.deals.licences.models import Licence
from marketplace.deals.licences.queries import get_licence
from marketplace.deals.royalties.accounts import Claim, InterestPeriod
from marketplace.deals.royalties.lifecycle import COUNTING, TOLD, ReportState
from marketplace.deals.royalties.models import (
    LateInterestRate,
    RoyaltyCharge,
    RoyaltyFiling,
    RoyaltyLine,
    RoyaltyPayment,
    RoyaltyReport,
)
from marketplace.kernel.db import mark_locked
from marketplace.kernel.errors import NotFoundError

CHARGES_MAX = 10_000
PAYMENTS_MAX = 2_000
REPORTS_MAX = 600


async def reports_of(
    session: AsyncSession, licence_id: UUID, *, for_update: bool = False
) -> Sequence[RoyaltyReport]:
    """The periods of a licence so far, by number."""
    query = (
        select(RoyaltyReport)
        .where(col(RoyaltyReport.licence_id) == licence_id)
        .order_by(col(RoyaltyReport.number))
        .limit(REPORTS_MAX)
    )
    if for_update:
        query = query.with_for_update()
    found = (await session.execute(query)).scalars().all()
    if for_update:
        for report in found:
            mark_locked(session, report)
    return found


def counted(reports: Sequence[RoyaltyReport], until: date) -> list[RoyaltyReport]:
    """The periods from the first on whose figures are known, or that there are none of."""
    found = []
    for report in reports:
        over = report.state in TOLD or report.state == ReportState.CANCELLED
        if not over or report.starts_on >= until:
            break
        found.append(report)
    return found


async def get_report(
    session: AsyncSession, report_id: UUID, *, actor: Actor
) -> tuple[RoyaltyReport, Licence]:
    """A report under a licence of the actor's; NotFoundError for any other."""
    report = await session.get(RoyaltyReport, report_id)
    if report is None:
        raise NotFoundError("no such royalty report")
    try:
        return report, await get_licence(session, report.licence_id, actor=actor)
    except NotFoundError as error:
        raise NotFoundError("no such royalty report") from error


async def newest_filings(
    session: AsyncSession, report_ids: Sequence[UUID]
) -> Mapping[UUID, RoyaltyFiling]:
    """The figures that count, by report."""
    query = (
        select(RoyaltyFiling)
        .where(col(RoyaltyFiling.report_id).in_(report_ids))
        .ext(distinct_on(col(RoyaltyFiling.report_id)))
        .order_by(col(RoyaltyFiling.report_id), col(RoyaltyFiling.version).desc())
    )
    return {found.report_id: found for found in (await session.execute(query)).scalars()}


async def filings_of(session: AsyncSession, report_id: UUID) -> Sequence[RoyaltyFiling]:
    """Every version of a period's figures, oldest first."""
    query = (
        select(RoyaltyFiling)
        .where(col(RoyaltyFiling.report_id) == report_id)
        .order_by(col(RoyaltyFiling.version))
        .limit(1_000)
    )
    return (await session.execute(query)).scalars().all()


async def lines_of(
    session: AsyncSession, filing_ids: Sequence[UUID]
) -> Mapping[UUID, list[RoyaltyLine]]:
    """The lines of some filings, by filing."""
    query = (
        select(RoyaltyLine)
        .where(col(RoyaltyLine.filing_id).in_(filing_ids))
        .order_by(col(RoyaltyLine.filing_id), col(RoyaltyLine.position))
    )
    found: dict[UUID, list[RoyaltyLine]] = {filing_id: [] for filing_id in filing_ids}
    for line in (await session.execute(query)).scalars():
        found[line.filing_id].append(line)
    return found


async def charges_of(session: AsyncSession, licence_id: UUID) -> Sequence[RoyaltyCharge]:
    """The entries of a licence's account, oldest first."""
    query = (
        select(RoyaltyCharge)
        .where(col(RoyaltyCharge.licence_id) == licence_id)
        .order_by(col(RoyaltyCharge.number))
        .limit(CHARGES_MAX)
    )
    return (await session.execute(query)).scalars().all()


def claim_of(charge: RoyaltyCharge) -> Claim:
    return Claim(charge.kind, charge.due_on, charge.amount_minor, charge.report_id)


async def payments_under(session: AsyncSession, licence_id: UUID) -> Sequence[RoyaltyPayment]:
    """Everything that was asked for under a licence, oldest first."""
    query = (
        select(RoyaltyPayment)
        .where(col(RoyaltyPayment.licence_id) == licence_id)
        .order_by(col(RoyaltyPayment.id))
        .limit(PAYMENTS_MAX)
    )
    return (await session.execute(query)).scalars().all()


async def settled_minor(session: AsyncSession, licence_id: UUID) -> int:
    """What counts against the charges: paid, waived, or asked for."""
    query = select(func.coalesce(func.sum(RoyaltyPayment.amount_minor), 0)).where(
        col(RoyaltyPayment.licence_id) == licence_id, col(RoyaltyPayment.state).in_(COUNTING)
    )
    return int((await session.execute(query)).scalar_one())


async def interest_periods(session: AsyncSession, currency: str) -> list[InterestPeriod]:
    """The rates of late interest of a currency over time."""
    query = (
        select(LateInterestRate)
        .where(col(LateInterestRate.currency) == currency)
        .order_by(col(LateInterestRate.valid_from))
        .limit(1_000)
    )
    return [
        InterestPeriod(rate.rate_basis_points, rate.valid_from, rate.valid_until)
        for rate in (await session.execute(query)).scalars()
    ]


async def interest_rates(session: AsyncSession) -> Sequence[LateInterestRate]:
    """Every rate, newest first within its currency."""
    query = (
        select(LateInterestRate)
        .order_by(col(LateInterestRate.currency), col(LateInterestRate.valid_from).desc())
        .limit(1_000)
    )
    return (await session.execute(query)).scalars().all()


async def reports_due(
    session: AsyncSession, actor: Actor, *, limit: int
) -> list[tuple[RoyaltyReport, Licence]]:
    """What the actor's organisation has to file now, the most urgent first."""
    query = (
        select(RoyaltyReport, Licence)
        .join(Licence, col(Licence.id) == col(RoyaltyReport.licence_id))
        .where(
            or_(
                col(RoyaltyReport.state) == ReportState.AWAITED,
                col(RoyaltyReport.state) == ReportState.LATE,
            )
        )
        .order_by(col(RoyaltyReport.due_on), col(RoyaltyReport.id))
        .limit(limit)
    )
    if not actor.is_operator:
        query = query.where(col(Licence.licensee_organisation_id) == actor.organisation_id)
    return [(row[0], row[1]) for row in await session.execute(query)]
