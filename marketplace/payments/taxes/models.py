from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlmodel import Field

from marketplace.kernel.db import Record, minor, moment, text_enum


class TaxKind(StrEnum):
    VAT = "vat"
    WITHHOLDING = "withholding"
    CORPORATE_INCOME = "corporate_income"


class PartyKind(StrEnum):
    BUSINESS = "business"
    INDIVIDUAL = "individual"


class IncomeKind(StrEnum):
    IP_TRANSFER = "ip_transfer"
    RANKED_PRIZE = "ranked_prize"
    COMMISSION = "commission"


class TaxRate(Record, table=True):
    """How one jurisdiction taxes one kind of income of one kind of party, in a period.

    The tax is `rate` on the `taxable` share of what exceeds the allowance, and a `surtax` on that
    tax. Where the taxable amount is not over `exempt_up_to_minor` there is none.
    """

    __tablename__: ClassVar[str] = "tax_rate"
    __table_args__ = (
        ExcludeConstraint(
            ("jurisdiction", "="),
            ("kind", "="),
            ("party", "="),
            ("income", "="),
            ("residence", "="),
            (text("tstzrange(valid_from, valid_until)"), "&&"),
            name="tax_rate_no_overlap",
            using="gist",
        ),
        CheckConstraint(
            "taxable_basis_points BETWEEN 0 AND 10000 AND rate_basis_points BETWEEN 0 AND 10000"
            " AND surtax_basis_points BETWEEN 0 AND 10000"
            " AND rate_basis_points * (10000 + surtax_basis_points) <= 100000000",
            name="rates",
        ),
        CheckConstraint(
            "allowance_minor >= 0 AND exempt_up_to_minor >= 0"
            " AND (allowance_minor + exempt_up_to_minor = 0 OR currency IS NOT NULL)",
            name="reliefs",
        ),
        CheckConstraint(
            "kind <> 'vat' OR taxable_basis_points = 10000 AND surtax_basis_points = 0"
            " AND allowance_minor = 0 AND exempt_up_to_minor = 0",
            name="vat_is_plain",
        ),
        CheckConstraint("valid_until IS NULL OR valid_until > valid_from", name="period"),
    )

    jurisdiction: str
    kind: TaxKind = Field(sa_type=text_enum(TaxKind))
    party: PartyKind = Field(sa_type=text_enum(PartyKind))
    income: IncomeKind = Field(sa_type=text_enum(IncomeKind))
    residence: str
    taxable_basis_points: int
    rate_basis_points: int
    surtax_basis_points: int
    allowance_minor: int = minor()
    exempt_up_to_minor: int = minor()
    currency: str | None = None
    valid_from: datetime = moment()
    valid_until: datetime | None = moment(nullable=True)
    source: str = Field(description="the law, so that it can be looked up years later")


class TaxProfile(Record, table=True):
    """What an organisation declared about its taxes. Without one, none are added or withheld."""

    __tablename__: ClassVar[str] = "tax_profile"
    __table_args__ = (UniqueConstraint("organisation_id", name="tax_profile_organisation_unique"),)

    organisation_id: UUID = Field(foreign_key="organisation.id")
    residence: str
    party: PartyKind = Field(sa_type=text_enum(PartyKind))
    vat_number: str | None = None


class Withholding(Record, table=True):
    """Tax that was kept back from one payment to one payee, and the table row that says so."""

    __tablename__: ClassVar[str] = "withholding"
    __table_args__ = (
        UniqueConstraint("held_for", "organisation_id", name="withholding_once_unique"),
        Index("withholding_organisation_index", "organisation_id", "id"),
        Index("withholding_subject_index", "subject"),
        CheckConstraint(
            "tax_minor >= 0 AND surtax_minor >= 0 AND tax_minor + surtax_minor > 0"
            " AND tax_minor + surtax_minor <= gross_minor",
            name="amounts",
        ),
    )

    subject: str
    held_for: str
    organisation_id: UUID = Field(foreign_key="organisation.id")
    tax_rate_id: UUID = Field(foreign_key="tax_rate.id")
    gross_minor: int = minor()
    tax_minor: int = minor()
    surtax_minor: int = minor()
    currency: str
