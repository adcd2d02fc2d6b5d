from datetime import date, datetime
from enum import StrEnum
from fractions import Fraction
from typing import ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlmodel import Field

from marketplace.kernel.db import Record, moment, text_enum


class ConveyanceKind(StrEnum):
    DECLARATION = "declaration"
    GRANT = "grant"
    ASSIGNMENT = "assignment"
    MERGER = "merger"
    SUCCESSION = "succession"
    EMPLOYMENT = "employment"
    COURT_ORDER = "court_order"
    RETURN = "return"


class Conveyance(Record, table=True):
    """One link of a chain of title: a share of a right came to somebody, from somebody or newly.

    `declaration` is what a registrant says; where the office tells of a `grant`, that counts
    instead. Of rivals the one counts that the office received first, whenever we learned of it.
    `content_sha256` is of what a register told, so that told again it is the same link.
    """

    __tablename__: ClassVar[str] = "conveyance"
    __table_args__ = (
        CheckConstraint("numerator > 0 AND numerator <= denominator", name="share"),
        CheckConstraint(
            "(kind IN ('declaration', 'grant')) = (from_organisation_id IS NULL)", name="giver"
        ),
        CheckConstraint("from_organisation_id <> to_organisation_id", name="two_parties"),
        CheckConstraint(
            "received_on <= recorded_on AND recorded_on <= gazetted_on"
            " AND received_on <= gazetted_on",
            name="office_dates",
        ),
        CheckConstraint("receipt_order IS NULL OR received_on IS NOT NULL", name="receipt"),
        CheckConstraint("recordal_months BETWEEN 0 AND 24", name="recordal_months"),
        Index("conveyance_right_index", "right_id", "id"),
        UniqueConstraint("right_id", "content_sha256", name="conveyance_content_unique"),
        Index("conveyance_basis_index", "basis"),
        UniqueConstraint(
            "right_id",
            "recordal_number",
            "from_organisation_id",
            "to_organisation_id",
            name="conveyance_recordal_unique",
        ),
    )

    right_id: UUID = Field(foreign_key="ip_right.id")
    kind: ConveyanceKind = Field(sa_type=text_enum(ConveyanceKind))
    from_organisation_id: UUID | None = Field(default=None, foreign_key="organisation.id")
    to_organisation_id: UUID = Field(foreign_key="organisation.id")
    numerator: int = Field(sa_type=BigInteger)
    denominator: int = Field(sa_type=BigInteger)
    contract_on: date | None = None
    effective_on: date | None = None
    received_on: date | None = None
    receipt_order: int | None = None
    recorded_on: date | None = None
    gazetted_on: date | None = None
    passed_at: datetime = moment()
    recordal_number: str | None = None
    recordal_months: int | None = Field(
        default=None, description="in which it has to be received to hold against later purchasers"
    )
    basis: str
    source: str
    recorded_by: UUID | None = None
    content_sha256: str | None = None

    @property
    def share(self) -> Fraction:
        return Fraction(self.numerator, self.denominator)


class Ownership(Record, table=True):
    """Who owns which share of a right, and when, as the chain of title that we know makes it.

    Periods are half open. The database keeps an owner's from overlapping, and the shares of a right
    a whole at every moment since its first owner.
    """

    __tablename__: ClassVar[str] = "ownership"
    __table_args__ = (
        ExcludeConstraint(
            ("right_id", "="),
            ("organisation_id", "="),
            (text("tstzrange(owned_from, owned_until)"), "&&"),
            name="ownership_no_overlap",
            using="gist",
        ),
        CheckConstraint("owned_until IS NULL OR owned_until > owned_from", name="period"),
        CheckConstraint("numerator > 0 AND numerator <= denominator", name="share"),
        Index("ownership_organisation_index", "organisation_id"),
    )

    right_id: UUID = Field(foreign_key="ip_right.id")
    organisation_id: UUID = Field(foreign_key="organisation.id")
    numerator: int = Field(sa_type=BigInteger)
    denominator: int = Field(sa_type=BigInteger)
    owned_from: datetime = moment()
    owned_until: datetime | None = moment(nullable=True)
    basis: str

    @property
    def share(self) -> Fraction:
        return Fraction(self.numerator, self.denominator)
