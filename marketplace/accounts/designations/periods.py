"""The intervals that a designation leaves behind."""

from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.designations.models import Designation, DesignationPeriod, PeriodStatus
from marketplace.kernel.db import now


async def open_period(
    session: AsyncSession, designation: Designation, status: PeriodStatus, begins: date
) -> None:
    """Begin an interval that lasts until it is closed.

    Raises:
        DesignationOverlapError: by the database, when another one covers the day.
    """
    session.add(
        DesignationPeriod(
            created_at=now(session),
            designation_id=designation.id,
            organisation_id=designation.organisation_id,
            sector=designation.sector,
            status=status,
            valid_from=begins,
        )
    )
    await session.flush()


async def close_period(session: AsyncSession, designation: Designation, over_on: date) -> None:
    """End the interval that lasts; `over_on` is the first day that it is over."""
    query = select(DesignationPeriod).where(
        col(DesignationPeriod.designation_id) == designation.id,
        col(DesignationPeriod.valid_until).is_(None),
    )
    (await session.execute(query)).scalar_one().valid_until = over_on
    await session.flush()
