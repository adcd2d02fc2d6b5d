"""Who will be paid from a subject, be it a deal, a part of one, or a royalty."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.deals.payees import queries as payees
from marketplace.deals.royalties import paying as royalties


async def paid_from(session: AsyncSession, subject: str) -> Sequence[UUID]:
    """Organisations that get a share of what is held for a subject; nobody for anything else."""
    return await payees.paid_from(session, subject) or await royalties.paid_from(session, subject)
