from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.errors import OrganisationSuspendedError
from marketplace.accounts.suspensions.models import OrganisationSuspension
from marketplace.kernel.pagination import page_by_id


async def open_suspension(
    session: AsyncSession, organisation_id: UUID, *, for_update: bool = False
) -> OrganisationSuspension | None:
    """The suspension that an organisation is under now."""
    query = select(OrganisationSuspension).where(
        col(OrganisationSuspension.organisation_id) == organisation_id,
        col(OrganisationSuspension.lifted_at).is_(None),
    )
    if for_update:
        query = query.with_for_update()
    return (await session.execute(query)).scalar_one_or_none()


async def require_not_suspended(session: AsyncSession, organisation_id: UUID) -> None:
    """Check that people may act for an organisation.

    Raises:
        OrganisationSuspendedError: not until the operator lifts its suspension.
    """
    if await open_suspension(session, organisation_id):
        raise OrganisationSuspendedError


async def suspensions_of(
    session: AsyncSession, organisation_id: UUID, *, cursor: str | None, limit: int
) -> tuple[Sequence[OrganisationSuspension], str | None]:
    """Past and present suspensions, newest first."""
    query = select(OrganisationSuspension).where(
        col(OrganisationSuspension.organisation_id) == organisation_id
    )
    return await page_by_id(session, query, OrganisationSuspension, cursor=cursor, limit=limit)
