from datetime import date
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlmodel import Field

from marketplace.accounts.designations.lifecycle import DESIGNATION, DesignationState
from marketplace.kernel.db import Record, text_enum
from marketplace.kernel.lifecycle import Aggregate, Lifecycle


class Sector(StrEnum):
    PUBLIC = "public"
    PRIVATE = "private"


class PeriodStatus(StrEnum):
    DESIGNATED = "designated"
    SUSPENDED = "suspended"


class Designation(Aggregate, table=True):
    """An organisation's way to being a valuation institution, and through it to the end."""

    __tablename__: ClassVar[str] = "designation"
    __table_args__ = (
        Index(
            "designation_one_live",
            "organisation_id",
            unique=True,
            postgresql_where=text(
                "state IN ('applied', 'inspected', 'reviewed', 'designated', 'suspended')"
            ),
        ),
        UniqueConstraint("source", "reference", name="designation_reference_unique"),
        Index("designation_organisation_index", "organisation_id", "id"),
        Index("designation_due_index", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        CheckConstraint("(source IS NULL) = (reference IS NULL)", name="published"),
    )
    lifecycle: ClassVar[Lifecycle[DesignationState]] = DESIGNATION

    organisation_id: UUID = Field(foreign_key="organisation.id")
    sector: Sector = Field(sa_type=text_enum(Sector))
    designated_on: date | None = None
    suspended_until: date | None = None
    withdrawn_on: date | None = None
    source: str | None = Field(default=None, description="who published it, when imported")
    reference: str | None = Field(default=None, description="its name in that publication")
    state: DesignationState = Field(
        default=DesignationState.APPLIED, sa_type=text_enum(DesignationState)
    )


class DesignationPeriod(Record, table=True):
    """From one day to the day before another: designated, or suspended meanwhile.

    Half-open days of one organisation that the database keeps from overlapping, so that what was
    on any day is one look-up, whatever happened since.
    """

    __tablename__: ClassVar[str] = "designation_period"
    __table_args__ = (
        ExcludeConstraint(
            ("organisation_id", "="),
            (text("daterange(valid_from, valid_until)"), "&&"),
            name="designation_period_no_overlap",
            using="gist",
        ),
        Index("designation_period_from_index", "valid_from"),
        Index("designation_period_designation_index", "designation_id", "id"),
        CheckConstraint("valid_until IS NULL OR valid_until >= valid_from", name="period"),
    )

    designation_id: UUID = Field(foreign_key="designation.id")
    organisation_id: UUID = Field(foreign_key="organisation.id")
    sector: Sector = Field(sa_type=text_enum(Sector))
    status: PeriodStatus = Field(sa_type=text_enum(PeriodStatus))
    valid_from: date
    valid_until: date | None = None


class DesignationStep(Record, table=True):
    """A step of the procedure with its day and evidence; never changed."""

    __tablename__: ClassVar[str] = "designation_step"
    __table_args__ = (Index("designation_step_designation_index", "designation_id", "id"),)

    designation_id: UUID = Field(foreign_key="designation.id")
    name: str
    taken_on: date
    evidence: str
    taken_by: UUID | None = Field(default=None, foreign_key="user_account.id")
