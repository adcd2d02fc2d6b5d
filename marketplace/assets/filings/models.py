from fractions import Fraction
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field

from marketplace.kernel.db import Record


class FiledIdea(Record, table=True):
    """An application, or what came of it, that an idea was filed as."""

    __tablename__: ClassVar[str] = "filed_idea"
    __table_args__ = (
        UniqueConstraint("right_id", name="filed_idea_right_unique"),
        Index("filed_idea_idea_index", "idea_id", "id"),
    )

    idea_id: UUID = Field(foreign_key="ip_right.id")
    right_id: UUID = Field(foreign_key="ip_right.id")
    filed_by: UUID = Field(foreign_key="organisation.id")


class FutureShare(Record, table=True):
    """What of every right that is filed from an idea somebody else than its owners will own."""

    __tablename__: ClassVar[str] = "future_share"
    __table_args__ = (
        UniqueConstraint("subject", name="future_share_subject_unique"),
        Index("future_share_idea_index", "idea_id"),
        CheckConstraint("numerator > 0 AND numerator < denominator", name="range"),
    )

    idea_id: UUID = Field(foreign_key="ip_right.id")
    organisation_id: UUID = Field(foreign_key="organisation.id")
    numerator: int
    denominator: int
    subject: str

    @property
    def share(self) -> Fraction:
        return Fraction(self.numerator, self.denominator)
