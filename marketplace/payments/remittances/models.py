from datetime import date
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field

from marketplace.kernel.db import Record, minor, text_enum
from marketplace.payments.taxes.models import TaxKind


class TaxRemittance(Record, table=True):
    """A tax that was paid to a state, as the bank's statement shows. Never changed.

    The period is what it was paid for, as the operator declared it there.
    """

    __tablename__: ClassVar[str] = "tax_remittance"
    __table_args__ = (
        UniqueConstraint("bank_entry_id", name="tax_remittance_bank_entry_unique"),
        Index("tax_remittance_tax_index", "jurisdiction", "tax", "id"),
        CheckConstraint("tax IN ('vat', 'withholding')", name="tax_is_owed"),
        CheckConstraint("amount_minor > 0", name="amount_positive"),
        CheckConstraint("period_until > period_from", name="period"),
    )

    tax: TaxKind = Field(sa_type=text_enum(TaxKind))
    jurisdiction: str
    amount_minor: int = minor()
    currency: str
    period_from: date
    period_until: date
    reference: str
    paid_on: date
    bank_entry_id: UUID = Field(foreign_key="bank_entry.id")
    recorded_by: UUID = Field(foreign_key="user_account.id")
