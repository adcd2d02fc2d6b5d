from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlmodel import Field, SQLModel

from marketplace.kernel.db import Record, minor, moment, text_enum


class InvoiceKind(StrEnum):
    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"


class SellerOfRecord(Record, table=True):
    """Who invoices the platform's fees in a period, as the law has it named on an invoice.

    `series` begins every number of the seller's; a seller keeps it through changes of name or
    address, and no other has it. Years are those of the seller's time zone.
    """

    __tablename__: ClassVar[str] = "seller_of_record"
    __table_args__ = (
        ExcludeConstraint(
            (text("tstzrange(valid_from, valid_until)"), "&&"),
            name="seller_of_record_no_overlap",
            using="gist",
        ),
        CheckConstraint("valid_until IS NULL OR valid_until > valid_from", name="period"),
    )

    series: str
    name: str
    address: str | None = None
    country: str
    registration_number: str | None = None
    vat_number: str | None = None
    time_zone: str
    valid_from: datetime = moment()
    valid_until: datetime | None = moment(nullable=True)


class InvoiceSeries(SQLModel, table=True):
    """The last number of a seller's invoices or credit notes in a year: taken under its lock."""

    __tablename__: ClassVar[str] = "invoice_series"

    series: str = Field(primary_key=True)
    kind: InvoiceKind = Field(primary_key=True, sa_type=text_enum(InvoiceKind))
    year: int = Field(primary_key=True)
    last_number: int = Field(sa_type=BigInteger)


class Invoice(Record, table=True):
    """A fee that was invoiced to who bore it, or a credit note for a part of one. Never changed.

    It is of one movement of the ledger, which is invoiced once to each, whatever is told again.
    Names are as they were when it was issued.
    """

    __tablename__: ClassVar[str] = "invoice"
    __table_args__ = (
        UniqueConstraint("series", "kind", "year", "number", name="invoice_number_unique"),
        Index(
            "invoice_once_unique",
            "transaction_id",
            "organisation_id",
            text("coalesce(invoice_id, '00000000-0000-0000-0000-000000000000')"),
            unique=True,
        ),
        Index("invoice_organisation_index", "organisation_id", "id"),
        Index("invoice_subject_index", "subject"),
        Index(
            "invoice_credited_index", "invoice_id", postgresql_where=text("invoice_id IS NOT NULL")
        ),
        CheckConstraint("(kind = 'credit_note') = (invoice_id IS NOT NULL)", name="credits_one"),
        CheckConstraint(
            "net_minor >= 0 AND vat_minor >= 0 AND gross_minor > 0"
            " AND net_minor + vat_minor = gross_minor",
            name="amounts",
        ),
        CheckConstraint("number > 0", name="number_positive"),
    )

    kind: InvoiceKind = Field(sa_type=text_enum(InvoiceKind))
    series: str
    year: int
    number: int = Field(sa_type=BigInteger)
    seller_id: UUID = Field(foreign_key="seller_of_record.id")
    organisation_id: UUID = Field(foreign_key="organisation.id")
    buyer_name: str
    buyer_country: str
    buyer_vat_number: str | None = None
    subject: str
    transaction_id: UUID = Field(foreign_key="ledger_transaction.id")
    invoice_id: UUID | None = Field(default=None, foreign_key="invoice.id")
    tax_rate_id: UUID | None = Field(default=None, foreign_key="tax_rate.id")
    vat_basis_points: int
    net_minor: int = minor()
    vat_minor: int = minor()
    gross_minor: int = minor()
    currency: str
    issued_on: date
    supplied_on: date

    @property
    def label(self) -> str:
        """As people quote it: `IPM-2026-000017`, of a credit note `IPM-C-2026-000003`."""
        letter = "-C" if self.kind == InvoiceKind.CREDIT_NOTE else ""
        return f"{self.series}{letter}-{self.year}-{self.number:06}"
