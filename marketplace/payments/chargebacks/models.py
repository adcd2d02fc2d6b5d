from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field

from marketplace.kernel.db import minor, moment, text_enum
from marketplace.kernel.lifecycle import Aggregate, Lifecycle
from marketplace.payments.chargebacks.lifecycle import CHARGEBACK, ChargebackState


class Chargeback(Aggregate, table=True):
    """A payer had their bank take a payment back, and the card network decides who keeps it.

    `taken_minor` went to the payer and is owed by them; `lost_minor` is what was taken beyond the
    payment, as when the rate of a currency moved, and negative for a gain. Both follow the ledger.
    """

    __tablename__: ClassVar[str] = "chargeback"
    __table_args__ = (
        UniqueConstraint("external_id", name="chargeback_external_unique"),
        Index("chargeback_payment_index", "payment_id"),
        Index("chargeback_subject_index", "subject"),
        Index("chargeback_state_index", "state", "id"),
        Index("chargeback_due_index", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        CheckConstraint("taken_minor >= 0", name="taken_range"),
    )
    lifecycle: ClassVar[Lifecycle[ChargebackState]] = CHARGEBACK

    payment_id: UUID = Field(foreign_key="online_payment.id")
    subject: str
    external_id: str
    reason: str
    amount_minor: int = minor()
    currency: str
    taken_minor: int = minor(default=0)
    lost_minor: int = minor(default=0)
    evidence: str | None = None
    evidence_due_at: datetime | None = moment(nullable=True)
    failure_text: str | None = None
    state: ChargebackState = Field(default=ChargebackState.OPEN, sa_type=text_enum(ChargebackState))
