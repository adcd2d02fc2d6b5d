from typing import ClassVar
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from marketplace.kernel.db import Record


class StoreSale(Record, table=True):
    """Which deal the application became that was chosen in the store."""

    __tablename__: ClassVar[str] = "store_sale"
    __table_args__ = (
        UniqueConstraint("application_id", name="store_sale_application_unique"),
        UniqueConstraint("deal_id", name="store_sale_deal_unique"),
    )

    entry_id: UUID = Field(foreign_key="store_entry.id")
    application_id: UUID = Field(foreign_key="store_application.id")
    deal_id: UUID = Field(foreign_key="deal.id")
