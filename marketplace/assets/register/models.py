from datetime import date
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field

from marketplace.assets.models import LegalEventKind
from marketplace.kernel.db import Record, text_enum


class RegisterCheck(Record, table=True):
    """Somebody looked a right up in a register, which told on that day what we have of it."""

    __tablename__: ClassVar[str] = "register_check"
    __table_args__ = (
        UniqueConstraint("right_id", "origin", "as_of", name="register_check_once_unique"),
    )

    right_id: UUID = Field(foreign_key="ip_right.id")
    origin: str
    as_of: date
    source: str
    recorded_by: UUID | None = None


class Retraction(Record, table=True):
    """A fact that was no fact: it is kept, and counts for nothing from now on."""

    __tablename__: ClassVar[str] = "retraction"
    __table_args__ = (
        CheckConstraint("num_nonnulls(legal_event_id, conveyance_id) = 1", name="one_fact"),
        UniqueConstraint("legal_event_id", name="retraction_legal_event_unique"),
        UniqueConstraint("conveyance_id", name="retraction_conveyance_unique"),
        Index("retraction_right_index", "right_id"),
    )

    right_id: UUID = Field(foreign_key="ip_right.id")
    legal_event_id: UUID | None = Field(default=None, foreign_key="legal_event.id")
    conveyance_id: UUID | None = Field(default=None, foreign_key="conveyance.id")
    source: str
    recorded_by: UUID | None = None


class EventCode(Record, table=True):
    """What a code in a register's files means to us. A code that is not here is kept, as `other`.

    `code` is a whole code, or of WIPO ST.27 the national part or the pair of key and detail.
    """

    __tablename__: ClassVar[str] = "event_code"
    __table_args__ = (UniqueConstraint("scheme", "office", "code", name="event_code_once_unique"),)

    scheme: str
    office: str
    code: str
    kind: LegalEventKind = Field(sa_type=text_enum(LegalEventKind))
    meaning: str
