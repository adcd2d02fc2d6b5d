from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlmodel import Field

from marketplace.kernel.db import Record, moment, text_enum


class RightKind(StrEnum):
    """What can be traded (DOMAIN A1)."""

    IDEA = "idea"
    PATENT = "patent"
    UTILITY_MODEL = "utility_model"
    DESIGN = "design"


class LegalStatus(StrEnum):
    """A projection of the newest legal event; nobody types it in."""

    UNREGISTERED = "unregistered"
    PENDING = "pending"
    IN_FORCE = "in_force"
    LAPSED = "lapsed"
    INVALIDATED = "invalidated"
    EXPIRED = "expired"


class LegalEventKind(StrEnum):
    SUBMITTED = "submitted"
    FILED = "filed"
    GRANTED = "granted"
    RESTORED = "restored"
    LAPSED = "lapsed"
    INVALIDATED = "invalidated"
    EXPIRED = "expired"


class Right(Record, table=True):
    """An idea or an intellectual property right that can be traded. Its facts are public."""

    __tablename__: ClassVar[str] = "ip_right"

    kind: RightKind = Field(sa_type=text_enum(RightKind))
    title: str
    abstract: str | None = None
    language: str
    office: str | None = None
    classifications: list[str] = Field(default_factory=list, sa_type=ARRAY(Text))
    legal_status: LegalStatus = Field(sa_type=text_enum(LegalStatus))
    registered_by: UUID = Field(foreign_key="organisation.id", index=True)
    burdened_at: datetime | None = moment(nullable=True)
    """When something was last known of its encumbrances. Written by the database: whoever does
    what can conflict writes it first, so that all who do wait for each other."""


class RightIdentifier(Record, table=True):
    """An office's number of a right. One number names one right, so one right exists once."""

    __tablename__: ClassVar[str] = "right_identifier"
    __table_args__ = (
        UniqueConstraint(
            "office", "document_class", "normalized", name="right_identifier_once_unique"
        ),
    )

    right_id: UUID = Field(foreign_key="ip_right.id", index=True)
    office: str
    document_class: str
    normalized: str
    kind_code: str | None = None
    display: str
    raw: str


class LegalEvent(Record, table=True):
    """A fact about a right's life: when it was true, when we knew, and who said so."""

    __tablename__: ClassVar[str] = "legal_event"
    __table_args__ = (Index("legal_event_right_index", "right_id", "occurred_on", "id"),)

    right_id: UUID = Field(foreign_key="ip_right.id")
    kind: LegalEventKind = Field(sa_type=text_enum(LegalEventKind))
    occurred_on: date
    source: str
    recorded_by: UUID


def _no_overlap(name: str, begins: str, ends: str) -> Any:
    return ExcludeConstraint(
        ("right_id", "="),
        (text(f"tstzrange({begins}, {ends})"), "&&"),
        name=name,
        using="gist",
    )


class Ownership(Record, table=True):
    """Who owns a right, and when: half-open periods that the database keeps from overlapping."""

    __tablename__: ClassVar[str] = "ownership"
    __table_args__ = (
        _no_overlap("ownership_no_overlap", "owned_from", "owned_until"),
        CheckConstraint("owned_until IS NULL OR owned_until > owned_from", name="period"),
        Index("ownership_organisation_index", "organisation_id"),
    )

    right_id: UUID = Field(foreign_key="ip_right.id")
    organisation_id: UUID = Field(foreign_key="organisation.id")
    owned_from: datetime = moment()
    owned_until: datetime | None = moment(nullable=True)
    basis: str


class RightReservation(Record, table=True):
    """A dated lock on a right while a deal over it runs; two can never overlap."""

    __tablename__: ClassVar[str] = "right_reservation"
    __table_args__ = (
        _no_overlap("right_reservation_no_overlap", "reserved_from", "reserved_until"),
        CheckConstraint("reserved_until IS NULL OR reserved_until >= reserved_from", name="period"),
        UniqueConstraint("subject", "right_id", name="right_reservation_subject_unique"),
    )

    right_id: UUID = Field(foreign_key="ip_right.id")
    subject: str
    reserved_from: datetime = moment()
    reserved_until: datetime | None = moment(nullable=True)
