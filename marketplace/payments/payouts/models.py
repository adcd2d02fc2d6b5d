from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from marketplace.kernel.db import Record, minor, moment, text_enum
from marketplace.kernel.lifecycle import Aggregate, Lifecycle
from marketplace.payments.lifecycle import PAYOUT, PayoutState


class PayoutMethod(StrEnum):
    BANK = "bank"
    STRIPE = "stripe"
    STRIPE_REFUND = "stripe_refund"


class PayeeAccount(Record, table=True):
    """Where an organisation wants its money: encrypted, shown only masked."""

    __tablename__: ClassVar[str] = "payee_account"
    __table_args__ = (
        UniqueConstraint("organisation_id", name="payee_account_organisation_unique"),
    )

    organisation_id: UUID = Field(foreign_key="organisation.id")
    masked: str
    key_id: str
    wrapped_key: bytes = Field(sa_type=LargeBinary)
    ciphertext: bytes = Field(sa_type=LargeBinary)


class PayoutBatch(Record, table=True):
    """Payouts in one currency that leave in one file.

    Once sent it keeps the account and the day that it is paid from, whatever is configured later.
    """

    __tablename__: ClassVar[str] = "payout_batch"
    __table_args__ = (
        CheckConstraint("num_nulls(sent_at, debtor, execute_on) IN (0, 3)", name="sent_whole"),
    )

    currency: str
    message_id: str
    created_by: UUID = Field(foreign_key="user_account.id")
    sent_at: datetime | None = moment(nullable=True)
    debtor: dict[str, str] | None = Field(default=None, sa_type=JSONB(none_as_null=True))
    execute_on: date | None = None


class Payout(Aggregate, table=True):
    """Money on its way to a payee, whose account is kept as it was when the payout was made.

    By bank, that is an encrypted account; by Stripe, a connected account, or as a refund the
    charge of an online payment. `reversed_minor` was taken back from the connected account.
    """

    __tablename__: ClassVar[str] = "payout"
    __table_args__ = (
        UniqueConstraint("end_to_end_id", name="payout_end_to_end_unique"),
        Index("payout_batch_index", "batch_id", "id"),
        Index("payout_organisation_index", "organisation_id", "id"),
        Index(
            "payout_unbatched_index",
            "currency",
            "id",
            postgresql_where=text("batch_id IS NULL AND state = 'prepared' AND method = 'bank'"),
        ),
        Index("payout_due_index", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        UniqueConstraint("external_id", name="payout_external_unique"),
        Index("payout_subject_index", "subject", postgresql_where=text("subject IS NOT NULL")),
        Index(
            "payout_payment_index", "payment_id", postgresql_where=text("payment_id IS NOT NULL")
        ),
        CheckConstraint("amount_minor > 0", name="amount_positive"),
        CheckConstraint("reversed_minor BETWEEN 0 AND amount_minor", name="reversed_range"),
        CheckConstraint(
            "CASE method WHEN 'bank' THEN ciphertext IS NOT NULL"
            " WHEN 'stripe' THEN destination IS NOT NULL ELSE payment_id IS NOT NULL END",
            name="destination_known",
        ),
    )
    lifecycle: ClassVar[Lifecycle[PayoutState]] = PAYOUT

    batch_id: UUID | None = Field(default=None, foreign_key="payout_batch.id")
    organisation_id: UUID | None = Field(default=None, foreign_key="organisation.id")
    source: str
    amount_minor: int = minor()
    currency: str
    end_to_end_id: str
    masked: str
    key_id: str | None = None
    wrapped_key: bytes | None = Field(default=None, sa_type=LargeBinary)
    ciphertext: bytes | None = Field(default=None, sa_type=LargeBinary)
    method: PayoutMethod = Field(default=PayoutMethod.BANK, sa_type=text_enum(PayoutMethod))
    subject: str | None = None
    payment_id: UUID | None = Field(default=None, foreign_key="online_payment.id")
    destination: str | None = None
    external_id: str | None = None
    reversed_minor: int = minor(default=0)
    return_code: str | None = None
    return_text: str | None = None
    state: PayoutState = Field(default=PayoutState.PREPARED, sa_type=text_enum(PayoutState))
