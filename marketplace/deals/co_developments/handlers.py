from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.deals.co_developments.service import bring_in_force
from marketplace.kernel.events import Fact


async def on_paid(session: AsyncSession, fact: Fact) -> None:
    """The price of an agreement is held."""
    kind, _, paid_for = str(fact.data["subject"]).partition(":")
    if kind == "co_development":
        await bring_in_force(session, UUID(paid_for))
