from datetime import date
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlmodel import Field, SQLModel

from marketplace.kernel.db import Record, minor, text_enum


class PartyRole(StrEnum):
    """Who bears a part of a loss (DOMAIN D7)."""

    LENDER = "lender"
    FUND = "fund"
    GUARANTOR = "guarantor"
    REGUARANTOR = "reguarantor"
    INSURER = "insurer"
    APPRAISER = "appraiser"
    GOVERNMENT = "government"


class ReferenceRate(Record, table=True):
    """A base rate of floating loans, as COFIX or LPR, from a day on until the next. Append-only."""

    __tablename__: ClassVar[str] = "reference_rate"
    __table_args__ = (UniqueConstraint("name", "valid_from", name="reference_rate_day_unique"),)

    name: str
    valid_from: date
    rate_basis_points: int
    source: str


class RiskSharingScheme(Record, table=True):
    """How losses are shared, from a day on. A loan keeps the row that it was made under."""

    __tablename__: ClassVar[str] = "risk_sharing_scheme"
    __table_args__ = (
        ExcludeConstraint(
            ("name", "="),
            (text("daterange(valid_from, valid_until)"), "&&"),
            name="risk_sharing_scheme_no_overlap",
            using="gist",
        ),
        CheckConstraint("valid_until IS NULL OR valid_until > valid_from", name="period"),
    )

    name: str
    valid_from: date
    valid_until: date | None = None
    source: str


class RiskShare(SQLModel, table=True):
    """One party's share, in the scheme's order. The database keeps their sum at the whole."""

    __tablename__: ClassVar[str] = "risk_share"
    __table_args__ = (
        UniqueConstraint("scheme_id", "role", name="risk_share_role_unique"),
        CheckConstraint("basis_points BETWEEN 1 AND 10000", name="share"),
    )

    scheme_id: UUID = Field(primary_key=True, foreign_key="risk_sharing_scheme.id")
    position: int = Field(primary_key=True)
    role: PartyRole = Field(sa_type=text_enum(PartyRole))
    basis_points: int


class CompensationFund(Record, table=True):
    """Public money that bears a part of losses; its balance is the ledger's."""

    __tablename__: ClassVar[str] = "compensation_fund"
    __table_args__ = (
        Index("compensation_fund_organisation_index", "organisation_id", "id"),
        CheckConstraint("loan_max_minor > 0 AND lender_year_max_minor > 0", name="caps"),
        CheckConstraint("default_rate_max_basis_points BETWEEN 0 AND 10000", name="stop_loss"),
    )

    organisation_id: UUID = Field(foreign_key="organisation.id")
    name: str
    currency: str
    loan_max_minor: int | None = minor(default=None)
    lender_year_max_minor: int | None = minor(default=None)
    default_rate_max_basis_points: int | None = None


class FundTopUp(Record, table=True):
    """Money that a fund is to get; it has come when the payment request of its id is paid."""

    __tablename__: ClassVar[str] = "fund_top_up"
    __table_args__ = (
        Index("fund_top_up_fund_index", "fund_id", "id"),
        CheckConstraint("amount_minor > 0", name="amount"),
    )

    fund_id: UUID = Field(foreign_key="compensation_fund.id")
    amount_minor: int = minor()

    @property
    def subject(self) -> str:
        return f"fund_top_up:{self.id}"
