from datetime import date
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field

from marketplace.kernel.db import Record, minor, text_enum
from marketplace.kernel.lifecycle import Aggregate, Lifecycle
from marketplace.payments.lifecycle import (
    BANK_ENTRY,
    PAYMENT_REQUEST,
    BankEntryState,
    PaymentRequestState,
)
from marketplace.payments.providers.bank.statement import Direction


class Provider(StrEnum):
    BANK = "bank"
    STRIPE = "stripe"


class QueueReason(StrEnum):
    UNKNOWN_REFERENCE = "unknown_reference"
    SEVERAL_REFERENCES = "several_references"
    UNDERPAID = "underpaid"
    OVERPAID = "overpaid"
    WRONG_CURRENCY = "wrong_currency"
    REQUEST_CLOSED = "request_closed"
    UNKNOWN_DEBIT = "unknown_debit"
    PAYOUT_DIFFERS = "payout_differs"
    DEBITED_AFTER_RETURN = "debited_after_return"
    REFUND_FAILED = "refund_failed"
    NOT_MATCHED = "not_matched"


class PaymentRequest(Aggregate, table=True):
    """An amount that a payer owes into held funds, under a reference of its own."""

    __tablename__: ClassVar[str] = "payment_request"
    __table_args__ = (
        UniqueConstraint("reference", name="payment_request_reference_unique"),
        Index(
            "payment_request_one_live",
            "subject",
            unique=True,
            postgresql_where=text("state IN ('open', 'paid')"),
        ),
        Index("payment_request_subject_index", "subject", "id"),
        Index("payment_request_due_index", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        CheckConstraint("amount_minor > 0", name="amount_positive"),
        CheckConstraint("received_minor BETWEEN 0 AND amount_minor", name="received_range"),
        CheckConstraint("state <> 'paid' OR received_minor = amount_minor", name="paid_in_full"),
    )
    lifecycle: ClassVar[Lifecycle[PaymentRequestState]] = PAYMENT_REQUEST

    subject: str
    payer_organisation_id: UUID = Field(foreign_key="organisation.id")
    amount_minor: int = minor()
    currency: str
    received_minor: int = minor(default=0)
    reference: str
    provider: Provider = Field(default=Provider.BANK, sa_type=text_enum(Provider))
    state: PaymentRequestState = Field(
        default=PaymentRequestState.OPEN, sa_type=text_enum(PaymentRequestState)
    )


class BankStatement(Record, table=True):
    """A statement file that an operator imported; the same bytes are imported once.

    The balances are those that the bank gave, before its first entry and after its last.
    """

    __tablename__: ClassVar[str] = "bank_statement"
    __table_args__ = (
        UniqueConstraint("sha256", name="bank_statement_once_unique"),
        Index("bank_statement_days_index", "account", "currency", "closes_on"),
    )

    sha256: str
    account: str
    statement_id: str
    currency: str
    entries: int
    new_entries: int
    opens_on: date | None = None
    closes_on: date | None = None
    opening_minor: int | None = minor(default=None)
    closing_minor: int | None = minor(default=None)
    imported_by: UUID = Field(foreign_key="user_account.id")


class BankEntry(Aggregate, table=True):
    """One booked movement on our bank account. The bank's id makes it exist once.

    The account of the other side is kept masked: enough to find it in the bank's own statement.
    """

    __tablename__: ClassVar[str] = "bank_entry"
    __table_args__ = (
        UniqueConstraint("account", "external_id", name="bank_entry_external_unique"),
        Index("bank_entry_open_index", "state", "id"),
        Index("bank_entry_due_index", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        Index("bank_entry_statement_index", "statement_id"),
        CheckConstraint("amount_minor > 0", name="amount_positive"),
    )
    lifecycle: ClassVar[Lifecycle[BankEntryState]] = BANK_ENTRY

    statement_id: UUID = Field(foreign_key="bank_statement.id")
    account: str
    external_id: str
    direction: Direction = Field(sa_type=text_enum(Direction))
    amount_minor: int = minor()
    currency: str
    booked_on: date
    remittance: str
    end_to_end_id: str | None = None
    counterparty_name: str | None = None
    counterparty_account: str | None = None
    reversal: bool = False
    return_code: str | None = None
    return_text: str | None = None
    reason: QueueReason | None = Field(default=None, sa_type=text_enum(QueueReason))
    state: BankEntryState = Field(
        default=BankEntryState.RECEIVED, sa_type=text_enum(BankEntryState)
    )
