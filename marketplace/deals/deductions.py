"""What comes out of a release beside commission and taxes."""

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.deals.brokers.queries import brokerage_of
from marketplace.deals.claims.service import claims_on
from marketplace.deals.models import Deal
from marketplace.deals.rules import Deductions


async def deductions_of(session: AsyncSession, deal: Deal) -> Deductions:
    """The secured claims on a deal's price, and its brokers; a plain deal costs no statement."""
    return Deductions(await claims_on(session, deal), await brokerage_of(session, deal))
