from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, Index, Text
from sqlmodel import Field

from marketplace.kernel.db import Record, minor, moment


class LenderProduct(Record, table=True):
    """What a lender lends, and under which conditions. Its terms never change; it is withdrawn."""

    __tablename__: ClassVar[str] = "lender_product"
    __table_args__ = (
        Index("lender_product_lender_index", "lender_organisation_id", "id"),
        Index("lender_product_currency_index", "currency", "id"),
        CheckConstraint("amount_min_minor BETWEEN 1 AND amount_max_minor", name="amounts"),
        CheckConstraint("rate_min_basis_points BETWEEN 0 AND rate_max_basis_points", name="rates"),
        CheckConstraint("ltv_max_basis_points BETWEEN 1 AND 10000", name="ltv"),
        CheckConstraint("term_months_max BETWEEN 1 AND 360", name="term"),
        CheckConstraint("valid_until IS NULL OR valid_until > valid_from", name="period"),
    )

    lender_organisation_id: UUID = Field(foreign_key="organisation.id")
    name: str
    currency: str
    amount_min_minor: int = minor()
    amount_max_minor: int = minor()
    ltv_max_basis_points: int
    term_months_max: int
    rate_min_basis_points: int
    rate_max_basis_points: int
    regions: list[str] = Field(default_factory=list, sa_type=ARRAY(Text))
    right_kinds: list[str] = Field(default_factory=list, sa_type=ARRAY(Text))
    guarantee_required: bool = False
    grade_min: str | None = None
    valid_from: date
    valid_until: date | None = None
    withdrawn_at: datetime | None = moment(nullable=True)
