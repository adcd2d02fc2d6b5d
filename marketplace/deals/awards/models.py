from typing import ClassVar
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from marketplace.kernel.db import Record


class AwardedDeal(Record, table=True):
    """Which deal an award became."""

    __tablename__: ClassVar[str] = "awarded_deal"
    __table_args__ = (
        UniqueConstraint("award_id", name="awarded_deal_award_unique"),
        UniqueConstraint("deal_id", name="awarded_deal_deal_unique"),
    )

    award_id: UUID = Field(foreign_key="award.id")
    deal_id: UUID = Field(foreign_key="deal.id")
