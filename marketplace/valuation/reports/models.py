from datetime import date
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field

from marketplace.kernel.db import Record, minor, text_enum
from marketplace.valuation.purposes import Purpose


class ValuationReport(Record, table=True):
    """A report as it was signed. The database refuses to change it; a correction is a new version.

    What it says is the payload of `jws`; the other columns are there to be found and compared by.
    """

    __tablename__: ClassVar[str] = "valuation_report"
    __table_args__ = (
        UniqueConstraint("assignment_id", "version", name="valuation_report_version_unique"),
        UniqueConstraint("previous_id", name="valuation_report_previous_unique"),
        CheckConstraint("(version = 1) = (previous_id IS NULL)", name="corrects_another"),
        CheckConstraint(
            "low_minor BETWEEN 0 AND point_minor AND point_minor <= high_minor", name="value_range"
        ),
        CheckConstraint("valid_until > report_date AND base_date <= report_date", name="dates"),
        Index("valuation_report_order_index", "order_id", "id"),
        Index("valuation_report_institution_index", "institution_id", "id"),
    )

    order_id: UUID = Field(foreign_key="valuation_order.id")
    assignment_id: UUID = Field(foreign_key="valuation_assignment.id")
    institution_id: UUID = Field(foreign_key="organisation.id")
    version: int
    previous_id: UUID | None = Field(default=None, foreign_key="valuation_report.id")
    purpose: Purpose = Field(sa_type=text_enum(Purpose))
    base_date: date
    report_date: date
    valid_until: date
    point_minor: int = minor()
    low_minor: int = minor()
    high_minor: int = minor()
    currency: str
    grade: str | None = None
    content_sha256: str
    jws: str

    @property
    def subject(self) -> str:
        return f"valuation_report:{self.id}"
