from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from marketplace.kernel.db import minor, moment
from marketplace.kernel.ids import new_id

MAY_BE_NEGATIVE = (
    "address LIKE 'world:%' OR address LIKE 'payable:%'"
    " OR address LIKE 'expense:%' OR address LIKE 'loss:%'"
    " OR address LIKE 'tax:remitted:%'"
)


class LedgerAccount(SQLModel, table=True):
    """A balance kept beside the postings, so that overdrawing is refused by the database."""

    __tablename__: ClassVar[str] = "ledger_account"
    __table_args__ = (
        CheckConstraint(f"balance_minor >= 0 OR {MAY_BE_NEGATIVE}", name="not_overdrawn"),
    )

    address: str = Field(primary_key=True)
    currency: str = Field(primary_key=True)
    balance_minor: int = minor(default=0)


class LedgerTransaction(SQLModel, table=True):
    """Postings that happened together. `key` makes a business fact postable once."""

    __tablename__: ClassVar[str] = "ledger_transaction"
    __table_args__ = (
        UniqueConstraint("key", name="ledger_transaction_key_unique"),
        Index("ledger_transaction_subject_index", "subject"),
        Index("ledger_transaction_time_index", "recorded_at", postgresql_using="brin"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    key: str
    kind: str
    subject: str
    currency: str
    recorded_at: datetime = moment()


class LedgerPosting(SQLModel, table=True):
    """Money from one account to another: balanced by construction. Never changed or deleted."""

    __tablename__: ClassVar[str] = "ledger_posting"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="amount_positive"),
        CheckConstraint("source <> destination", name="moves"),
        Index(
            "ledger_posting_payee_source_index",
            "source",
            "transaction_id",
            postgresql_where=text("source LIKE 'payable:%'"),
        ),
        Index(
            "ledger_posting_payee_destination_index",
            "destination",
            "transaction_id",
            postgresql_where=text("destination LIKE 'payable:%'"),
        ),
    )

    transaction_id: UUID = Field(primary_key=True, foreign_key="ledger_transaction.id")
    position: int = Field(primary_key=True, sa_type=BigInteger)
    source: str
    destination: str
    amount_minor: int = minor()
