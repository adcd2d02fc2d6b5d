from datetime import date
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field

from marketplace.kernel.db import Record, minor


class Appraisal(Record, table=True):
    """What a designated institution found a right to be worth, for a loan. Append-only."""

    __tablename__: ClassVar[str] = "appraisal"
    __table_args__ = (
        Index("appraisal_right_index", "right_id", "valued_on", "id"),
        Index("appraisal_request_index", "request_id", "id"),
        CheckConstraint("value_minor > 0", name="value"),
    )

    request_id: UUID = Field(foreign_key="financing_request.id")
    right_id: UUID = Field(foreign_key="ip_right.id")
    institution_organisation_id: UUID = Field(foreign_key="organisation.id")
    value_minor: int = minor()
    currency: str
    valued_on: date
    report_reference: str
    grade: str | None = None
