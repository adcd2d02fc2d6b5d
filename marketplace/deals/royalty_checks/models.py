from datetime import date
from typing import ClassVar

from sqlalchemy import CheckConstraint, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlmodel import Field

from marketplace.kernel.db import Record


class RoyaltyCheckPolicy(Record, table=True):
    """From where on figures are flagged, in a period; a check tells which row it went by."""

    __tablename__: ClassVar[str] = "royalty_check_policy"
    __table_args__ = (
        ExcludeConstraint(
            (text("daterange(valid_from, valid_until)"), "&&"),
            name="royalty_check_policy_no_overlap",
            using="gist",
        ),
        CheckConstraint(
            "declared_shortfall_basis_points BETWEEN 0 AND 10000"
            " AND earlier_drop_basis_points BETWEEN 0 AND 10000"
            " AND peer_distance_hundredths > 0 AND peers_min >= 5",
            name="thresholds",
        ),
        CheckConstraint("valid_until IS NULL OR valid_until > valid_from", name="period"),
    )

    declared_shortfall_basis_points: int
    earlier_drop_basis_points: int
    peer_distance_hundredths: int = Field(description="in hundredths of a standard deviation")
    peers_min: int = Field(description="fewer would tell what one of them reported")
    valid_from: date
    valid_until: date | None = None
    source: str
