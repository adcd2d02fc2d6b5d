from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from marketplace.kernel.db import Record, moment


class EncumbranceCertificate(Record, table=True):
    """What we certified, as it was signed."""

    __tablename__: ClassVar[str] = "encumbrance_certificate"
    __table_args__ = (Index("encumbrance_certificate_right_index", "right_id", "id"),)

    right_id: UUID = Field(foreign_key="ip_right.id")
    organisation_id: UUID = Field(foreign_key="organisation.id")
    valid_at: datetime = moment()
    known_at: datetime = moment()
    jws: str
