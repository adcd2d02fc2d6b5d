"""What a right was sold for, told to those who compare it with what it was valued at."""

from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.deals.models import Deal
from marketplace.kernel.events import Fact
from marketplace.valuation.accuracy.service import note_price

CONSUMER: Final = "realised_prices"
SOLD: Final = ("deal.release", "deal.resolve_release", "deal.settle")


async def on_sold(session: AsyncSession, fact: Fact) -> None:
    """A price that was paid in full is what the right was worth to somebody."""
    deal = await session.get(Deal, UUID(fact.subject.removeprefix("deal:")))
    if deal is None or deal.released_minor != deal.price_minor:
        return
    await note_price(
        session,
        deal.right_id,
        price_minor=deal.price_minor,
        currency=deal.currency,
        sold_on=fact.recorded_at.date(),
        basis=deal.subject,
    )
