from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import Index, text
from sqlmodel import Field

from marketplace.kernel.db import Record, moment


class OrganisationSuspension(Record, table=True):
    """Why nobody could act for an organisation, and from when to when."""

    __tablename__: ClassVar[str] = "organisation_suspension"
    __table_args__ = (
        Index(
            "organisation_suspension_one_at_a_time",
            "organisation_id",
            unique=True,
            postgresql_where=text("lifted_at IS NULL"),
        ),
        Index("organisation_suspension_organisation_index", "organisation_id", "id"),
    )

    organisation_id: UUID = Field(foreign_key="organisation.id")
    reason: str
    suspended_by: UUID = Field(foreign_key="user_account.id")
    lifted_at: datetime | None = moment(nullable=True)
    lifted_by: UUID | None = Field(default=None, foreign_key="user_account.id")
    lifted_because: str | None = None
