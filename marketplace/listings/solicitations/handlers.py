from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.kernel.events import Fact
from marketplace.listings.solicitations.service import compensate


async def on_paid(session: AsyncSession, fact: Fact) -> None:
    """The compensation of a solicitation that is cancelled has come."""
    kind, _, paid_for = str(fact.data["subject"]).partition(":")
    if kind == "solicitation":
        await compensate(session, UUID(paid_for))
