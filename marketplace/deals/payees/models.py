from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field

from marketplace.kernel.db import Record, minor, text_enum


class PayeeRole(StrEnum):
    SELLER = "seller"
    CO_OWNER = "co_owner"
    BROKER = "broker"
    OTHER = "other"


class DealPayee(Record, table=True):
    """Who gets which exact share of a deal's price.

    The shares of a deal have one denominator, and a deferred trigger refuses a transaction after
    which they do not sum to one.
    """

    __tablename__: ClassVar[str] = "deal_payee"
    __table_args__ = (
        UniqueConstraint("deal_id", "organisation_id", name="deal_payee_once_unique"),
        UniqueConstraint("deal_id", "position", name="deal_payee_position_unique"),
        CheckConstraint("numerator > 0 AND numerator <= denominator", name="share"),
    )

    deal_id: UUID = Field(foreign_key="deal.id")
    position: int
    organisation_id: UUID = Field(foreign_key="organisation.id")
    role: PayeeRole = Field(sa_type=text_enum(PayeeRole))
    numerator: int = minor()
    denominator: int = minor()
