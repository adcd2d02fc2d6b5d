from datetime import date
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB, ExcludeConstraint
from sqlmodel import Field

from marketplace.deals.royalties.accounts import ChargeKind
from marketplace.deals.royalties.lifecycle import (
    ROYALTY_PAYMENT,
    ROYALTY_REPORT,
    PaymentState,
    ReportState,
)
from marketplace.kernel.db import Record, minor, text_enum
from marketplace.kernel.lifecycle import Aggregate, Lifecycle


class RoyaltyReport(Aggregate, table=True):
    """What a licensee has to tell about one period of a licence, and what that comes to."""

    __tablename__: ClassVar[str] = "royalty_report"
    __table_args__ = (
        UniqueConstraint("licence_id", "number", name="royalty_report_number_unique"),
        Index("royalty_report_due_index", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        CheckConstraint("number > 0 AND ends_on > starts_on AND due_on >= ends_on", name="period"),
        CheckConstraint("due_minor = earned_minor + shortfall_minor - credited_minor", name="due"),
    )
    lifecycle: ClassVar[Lifecycle[ReportState]] = ROYALTY_REPORT

    licence_id: UUID = Field(foreign_key="licence.id")
    number: int
    starts_on: date
    ends_on: date = Field(description="the first day after the period")
    due_on: date = Field(description="the last day for the figures and the payment")
    year: int
    year_days: int
    full_year_days: int
    ends_year: bool
    filing_version: int = Field(default=0, description="of the figures that count; 0 before any")
    currency: str
    earned_minor: int = minor(default=0)
    shortfall_minor: int = minor(default=0)
    credited_minor: int = minor(default=0)
    due_minor: int = minor(default=0)
    dispute_reason: str | None = None
    state: ReportState = Field(default=ReportState.RUNNING, sa_type=text_enum(ReportState))

    @property
    def subject(self) -> str:
        return f"royalty_report:{self.id}"


class FilingCause(StrEnum):
    FIRST = "first"
    CORRECTION = "correction"
    AUDIT = "audit"


class RoyaltyFiling(Record, table=True):
    """Figures of a period as they were told at one moment; a correction is the next version."""

    __tablename__: ClassVar[str] = "royalty_filing"
    __table_args__ = (
        UniqueConstraint("report_id", "version", name="royalty_filing_version_unique"),
        CheckConstraint("base >= 0 AND third_party_basis_points BETWEEN 0 AND 10000", name="base"),
        CheckConstraint("(version = 1) = (corrects_id IS NULL)", name="corrects_one"),
    )

    report_id: UUID = Field(foreign_key="royalty_report.id")
    version: int
    corrects_id: UUID | None = Field(default=None, foreign_key="royalty_filing.id")
    cause: FilingCause = Field(sa_type=text_enum(FilingCause))
    base: int = minor()
    third_party_basis_points: int
    reason: str | None = None
    filed_by: UUID = Field(foreign_key="organisation.id")


class RoyaltyLine(Record, table=True):
    """Figures of one right in one territory, in minor units of the licence's currency."""

    __tablename__: ClassVar[str] = "royalty_line"
    __table_args__ = (
        UniqueConstraint("filing_id", "position", name="royalty_line_position_unique"),
        UniqueConstraint("filing_id", "right_id", "territory", name="royalty_line_once_unique"),
        CheckConstraint(
            "quantity >= 0 AND gross_minor >= 0 AND returns_minor >= 0 AND freight_minor >= 0"
            " AND taxes_minor >= 0 AND base >= 0",
            name="amounts",
        ),
    )

    filing_id: UUID = Field(foreign_key="royalty_filing.id")
    position: int
    right_id: UUID = Field(foreign_key="ip_right.id")
    territory: str
    quantity: int = minor()
    gross_minor: int = minor()
    returns_minor: int = minor()
    freight_minor: int = minor()
    taxes_minor: int = minor()
    base: int = minor()


class RoyaltyCharge(Record, table=True):
    """One entry of a licence's running account; a correction is an entry of the difference."""

    __tablename__: ClassVar[str] = "royalty_charge"
    __table_args__ = (
        UniqueConstraint("licence_id", "number", name="royalty_charge_number_unique"),
        CheckConstraint("amount_minor <> 0", name="amount"),
        CheckConstraint("(kind = 'royalty') = (filing_id IS NOT NULL)", name="filing"),
    )

    licence_id: UUID = Field(foreign_key="licence.id")
    number: int
    kind: ChargeKind = Field(sa_type=text_enum(ChargeKind))
    report_id: UUID | None = Field(default=None, foreign_key="royalty_report.id")
    filing_id: UUID | None = Field(
        default=None, foreign_key="royalty_filing.id", description="whose figures made it"
    )
    audit_id: UUID | None = Field(default=None, foreign_key="royalty_audit.id")
    amount_minor: int = minor()
    currency: str
    due_on: date


class RoyaltyPayment(Aggregate, table=True):
    """What a licensee was asked to pay at once; paid, it goes to the licensor's side."""

    __tablename__: ClassVar[str] = "royalty_payment"
    __table_args__ = (
        Index("royalty_payment_licence_index", "licence_id", "id"),
        Index("royalty_payment_due_index", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        CheckConstraint("amount_minor > 0 AND vat_minor >= 0", name="amount_positive"),
        CheckConstraint(
            "released_minor IN (0, amount_minor) AND commission_minor >= 0"
            " AND commission_vat_minor >= 0 AND withheld_minor >= 0"
            " AND commission_minor + commission_vat_minor + withheld_minor <= released_minor",
            name="deductions",
        ),
        CheckConstraint("(state = 'released') = (paid_on IS NOT NULL)", name="paid"),
    )
    lifecycle: ClassVar[Lifecycle[PaymentState]] = ROYALTY_PAYMENT

    licence_id: UUID = Field(foreign_key="licence.id")
    amount_minor: int = minor()
    vat_minor: int = minor(default=0)
    currency: str
    due_on: date
    claims: list[dict[str, Any]] = Field(sa_type=JSONB, description="which charges it settles")
    paid_on: date | None = None
    released_minor: int = minor(default=0)
    commission_minor: int = minor(default=0)
    commission_vat_minor: int = minor(default=0)
    withheld_minor: int = minor(default=0)
    state: PaymentState = Field(default=PaymentState.REQUESTED, sa_type=text_enum(PaymentState))

    @property
    def subject(self) -> str:
        return f"royalty_payment:{self.id}"


class LateInterestRate(Record, table=True):
    """The rate of interest on royalties of one currency that are paid late, in a period."""

    __tablename__: ClassVar[str] = "late_interest_rate"
    __table_args__ = (
        ExcludeConstraint(
            ("currency", "="),
            (text("daterange(valid_from, valid_until)"), "&&"),
            name="late_interest_rate_no_overlap",
            using="gist",
        ),
        CheckConstraint("rate_basis_points BETWEEN 0 AND 10000", name="rate"),
        CheckConstraint("valid_until IS NULL OR valid_until > valid_from", name="period"),
    )

    currency: str
    rate_basis_points: int
    valid_from: date
    valid_until: date | None = None
    source: str = Field(description="the law or the contract terms that say so")
