from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field

from marketplace.kernel.db import Record, moment, text_enum


class ErrandKind(StrEnum):
    """What there is to ask of a provider. `look_…` reads; the others change something there."""

    OPEN_PAYMENT = "open_payment"
    CANCEL_PAYMENT = "cancel_payment"
    LOOK_AT_PAYMENT = "look_at_payment"
    SEND_PAYOUT = "send_payout"
    LOOK_AT_REFUND = "look_at_refund"
    REVERSE_TRANSFER = "reverse_transfer"
    OPEN_ACCOUNT = "open_account"
    LINK_ACCOUNT = "link_account"
    LOOK_AT_ACCOUNT = "look_at_account"
    LOOK_AT_DISPUTE = "look_at_dispute"
    SUBMIT_EVIDENCE = "submit_evidence"
    ACCEPT_DISPUTE = "accept_dispute"
    LOOK_AT_OWN_PAYOUT = "look_at_own_payout"


class Errand(Record, table=True):
    """A call to make outside any transaction. Asking again for one that waits only hastens it.

    `target` is the id of our row, or for `look_…` the provider's own id.
    """

    __tablename__: ClassVar[str] = "provider_errand"
    __table_args__ = (
        UniqueConstraint("kind", "target", name="provider_errand_once_unique"),
        Index("provider_errand_due_index", "due_at"),
    )

    kind: ErrandKind = Field(sa_type=text_enum(ErrandKind))
    target: str
    due_at: datetime = moment()
    asked: int = Field(default=1, description="how often it was asked for")
    attempts: int = 0
    error: str | None = None
