from datetime import datetime
from typing import ClassVar

from sqlalchemy import CheckConstraint, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlmodel import Field

from marketplace.kernel.db import Record, moment


class FeePolicy(Record, table=True):
    """The platform's commission in a period; a deal freezes the policy of its agreement."""

    __tablename__: ClassVar[str] = "fee_policy"
    __table_args__ = (
        ExcludeConstraint(
            (text("tstzrange(valid_from, valid_until)"), "&&"),
            name="fee_policy_no_overlap",
            using="gist",
        ),
        CheckConstraint("commission_basis_points BETWEEN 0 AND 10000", name="commission_range"),
        CheckConstraint("valid_until IS NULL OR valid_until > valid_from", name="period"),
    )

    commission_basis_points: int
    vat_country: str | None = None
    valid_from: datetime = moment()
    valid_until: datetime | None = moment(nullable=True)
    reason: str = Field(description="why it changed, for those who ask years later")
