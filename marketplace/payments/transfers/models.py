from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field

from marketplace.kernel.db import Record, minor, moment


class TransferReversal(Record, table=True):
    """Money to take back from a payee's Stripe balance, as far as it covers it.

    `reversed_minor` is null until Stripe has answered; what was not covered stays owed, and is set
    off against the payee's next payout.
    """

    __tablename__: ClassVar[str] = "transfer_reversal"
    __table_args__ = (
        UniqueConstraint("external_id", name="transfer_reversal_external_unique"),
        Index("transfer_reversal_payout_index", "payout_id"),
        CheckConstraint("amount_minor > 0", name="amount_positive"),
        CheckConstraint("reversed_minor BETWEEN 0 AND amount_minor", name="reversed_range"),
    )

    payout_id: UUID = Field(foreign_key="payout.id")
    amount_minor: int = minor()
    reversed_minor: int | None = minor(default=None, nullable=True)
    external_id: str | None = None
    failure_code: str | None = None
    failure_text: str | None = None
    answered_at: datetime | None = moment(nullable=True)
