from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.kernel.events import Fact
from marketplace.listings.video.service import remove_with


async def on_ended(session: AsyncSession, fact: Fact) -> None:
    """The bytes of a video that can never be shown again are not kept."""
    await remove_with(session, [UUID(fact.subject.removeprefix("listing:"))])
