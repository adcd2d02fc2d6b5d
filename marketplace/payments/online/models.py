from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, LargeBinary, UniqueConstraint, text
from sqlmodel import Field

from marketplace.kernel.db import minor, moment, text_enum
from marketplace.kernel.lifecycle import Aggregate, Lifecycle
from marketplace.payments.funding.models import Provider
from marketplace.payments.online.lifecycle import ONLINE_PAYMENT, OnlinePaymentState


class OnlinePayment(Aggregate, table=True):
    """One attempt to pay a request through a provider. The client secret is kept encrypted.

    What is refunded and transferred from its charge is counted here, in the transactions that
    prepare it, so that the database refuses more than the charge; and so is what chargebacks have
    taken of it at this moment, which backs nothing any more.
    """

    __tablename__: ClassVar[str] = "online_payment"
    __table_args__ = (
        UniqueConstraint("external_id", name="online_payment_external_unique"),
        Index(
            "online_payment_one_live",
            "payment_request_id",
            unique=True,
            postgresql_where=text("state NOT IN ('cancelled', 'returned')"),
        ),
        Index("online_payment_subject_index", "subject", "id"),
        Index("online_payment_state_index", "state", "id"),
        Index("online_payment_due_index", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        CheckConstraint("amount_minor > 0", name="amount_positive"),
        CheckConstraint("refunded_minor BETWEEN 0 AND amount_minor", name="refunded_range"),
        CheckConstraint("transferred_minor BETWEEN 0 AND amount_minor", name="transferred_range"),
        CheckConstraint("taken_minor BETWEEN 0 AND amount_minor", name="taken_range"),
    )
    lifecycle: ClassVar[Lifecycle[OnlinePaymentState]] = ONLINE_PAYMENT

    payment_request_id: UUID = Field(foreign_key="payment_request.id")
    subject: str
    payer_organisation_id: UUID = Field(foreign_key="organisation.id")
    provider: Provider = Field(sa_type=text_enum(Provider))
    amount_minor: int = minor()
    currency: str
    external_id: str | None = None
    charge_id: str | None = None
    provider_status: str | None = None
    failure_code: str | None = None
    failure_text: str | None = None
    key_id: str | None = None
    wrapped_key: bytes | None = Field(default=None, sa_type=LargeBinary)
    ciphertext: bytes | None = Field(default=None, sa_type=LargeBinary)
    captured_at: datetime | None = moment(nullable=True)
    hold_expires_at: datetime | None = moment(nullable=True)
    refunded_minor: int = minor(default=0)
    transferred_minor: int = minor(default=0)
    taken_minor: int = minor(default=0)
    state: OnlinePaymentState = Field(
        default=OnlinePaymentState.CREATED, sa_type=text_enum(OnlinePaymentState)
    )
