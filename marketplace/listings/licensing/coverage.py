"""Where a right holds, so that nobody licenses it where it does not."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.assets.models import Right
from marketplace.listings.errors import TerritoryNotCoveredError
from marketplace.listings.licensing.terms import LicenceTerms

REGIONAL: Final = frozenset(("AP", "BX", "EA", "EM", "EP", "GC", "IB", "OA", "WO"))
"""Offices whose rights hold in several countries, by the ST.3 code."""


def covers(office: str | None, territory: str) -> bool:
    """A right holds in its own office's country; an idea, and a regional right, wherever agreed."""
    return office is None or office in REGIONAL or office == territory


async def require_covered(
    session: AsyncSession, right_ids: Sequence[UUID], terms: LicenceTerms
) -> None:
    """Refuse, with a TerritoryNotCoveredError, a territory in which none of the rights holds."""
    query = select(Right.office).where(col(Right.id).in_(right_ids))
    offices = (await session.execute(query)).scalars().all()
    for territory in terms.territories:
        if not any(covers(office, territory) for office in offices):
            raise TerritoryNotCoveredError(territory)
