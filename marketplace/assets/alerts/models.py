from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar, Final
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field

from marketplace.assets.models import LegalStatus
from marketplace.kernel.db import Record, moment, text_enum


class AlertReason(StrEnum):
    FEE_DUE = "fee_due"
    LAPSED = "lapsed"
    SURRENDERED = "surrendered"
    INVALIDATED = "invalidated"
    UNDETERMINED = "undetermined"
    ATTACHED = "attached"
    CHALLENGED = "challenged"


ENDINGS: Final = frozenset(LegalStatus) & frozenset(AlertReason)
"""What a right can come to before its term, or what nobody can tell any more."""


class RightAlert(Record, table=True):
    """Something that threatens a right, and since when (of a fee: the last day that is paid for).

    Whether it still does follows from the right. `told_at` is when the letters were written.
    """

    __tablename__: ClassVar[str] = "right_alert"
    __table_args__ = (
        UniqueConstraint("right_id", "reason", "since", name="right_alert_once_unique"),
        Index("right_alert_untold_index", "id", postgresql_where=text("told_at IS NULL")),
    )

    right_id: UUID = Field(foreign_key="ip_right.id")
    reason: AlertReason = Field(sa_type=text_enum(AlertReason))
    since: date
    told_at: datetime | None = moment(nullable=True)
