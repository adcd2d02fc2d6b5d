from datetime import datetime
from typing import ClassVar

from sqlalchemy import Boolean, CheckConstraint, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlmodel import Field

from marketplace.kernel.db import Record, moment, text_enum
from marketplace.valuation.purposes import Purpose


class AssignmentPolicy(Record, table=True):
    """How valuations for a purpose are assigned in a period. Orders keep the one they began with.

    `top_k` are drawn from; who had `same_client_max` cases of a client's group in
    `same_client_days` has no more of them; a right is not valued again by the same institution
    within `revaluation_months`, or ever where that is null.
    """

    __tablename__: ClassVar[str] = "assignment_policy"
    __table_args__ = (
        ExcludeConstraint(
            ("purpose", "="),
            (text("tstzrange(valid_from, valid_until)"), "&&"),
            name="assignment_policy_no_overlap",
            using="gist",
        ),
        CheckConstraint("valid_until IS NULL OR valid_until > valid_from", name="period"),
        CheckConstraint(
            "answer_hours BETWEEN 1 AND 720 AND work_days BETWEEN 1 AND 365"
            " AND pause_days_max BETWEEN 0 AND 365 AND accept_days BETWEEN 1 AND 90",
            name="times",
        ),
        CheckConstraint(
            "top_k BETWEEN 1 AND 100 AND same_client_max >= 1 AND same_client_days >= 1"
            " AND revaluation_months >= 0 AND spread_limit_basis_points >= 0",
            name="limits",
        ),
    )

    purpose: Purpose = Field(sa_type=text_enum(Purpose))
    client_may_name: bool = Field(sa_type=Boolean)
    answer_hours: int
    work_days: int
    pause_days_max: int
    accept_days: int
    top_k: int
    same_client_max: int
    same_client_days: int
    revaluation_months: int | None = None
    spread_limit_basis_points: int
    valid_from: datetime = moment()
    valid_until: datetime | None = moment(nullable=True)
    reason: str
