from typing import ClassVar
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
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
