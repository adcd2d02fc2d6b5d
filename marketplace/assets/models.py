from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, Index, Integer, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import INT4MULTIRANGE, JSONB, ExcludeConstraint
from sqlmodel import Field

from marketplace.kernel.db import Record, moment, text_enum


class RightKind(StrEnum):
    """What can be traded (DOMAIN A1)."""

    IDEA = "idea"
    PATENT = "patent"
    UTILITY_MODEL = "utility_model"
    DESIGN = "design"


class LegalStatus(StrEnum):
    """A projection of the legal events by the rules of the jurisdiction; nobody types it in."""

    UNREGISTERED = "unregistered"
    PENDING = "pending"
    IN_FORCE = "in_force"
    LAPSED = "lapsed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    SURRENDERED = "surrendered"
    INVALIDATED = "invalidated"
    EXPIRED = "expired"
    UNDETERMINED = "undetermined"


class LegalEventKind(StrEnum):
    SUBMITTED = "submitted"
    FILED = "filed"
    PUBLISHED = "published"
    GRANTED = "granted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    FEE_PAID = "fee_paid"
    LAPSED = "lapsed"
    RESTORED = "restored"
    EXTENDED = "extended"
    SURRENDERED = "surrendered"
    INVALIDATED = "invalidated"
    EXPIRED = "expired"
    ATTACHED = "attached"
    ATTACHMENT_LIFTED = "attachment_lifted"
    CHALLENGED = "challenged"
    CHALLENGE_ENDED = "challenge_ended"
    OTHER = "other"


class Right(Record, table=True):
    """An idea or an intellectual property right that can be traded. Its facts are public.

    From `legal_status` to `turns_at` it is the newest projection of the register's facts
    (`assets/standing`), which time alone changes at `turns_at`. `checked_on` is when the register
    was looked at last, and `known_at` when a fact was learned last: facts of one right are learned
    one after the other.
    """

    __tablename__: ClassVar[str] = "ip_right"
    __table_args__ = (
        Index("ip_right_turns_index", "turns_at", postgresql_where=text("turns_at IS NOT NULL")),
        Index(
            "ip_right_fees_index",
            "fees_paid_until",
            postgresql_where=text("legal_status = 'in_force'"),
        ),
    )

    kind: RightKind = Field(sa_type=text_enum(RightKind))
    title: str
    abstract: str | None = None
    language: str
    office: str | None = None
    classifications: list[str] = Field(default_factory=list, sa_type=ARRAY(Text))
    legal_status: LegalStatus = Field(sa_type=text_enum(LegalStatus))
    last_day: date | None = None
    fees_paid_until: date | None = None
    restrained_since: date | None = None
    challenged_since: date | None = None
    turns_at: datetime | None = moment(nullable=True)
    checked_on: date | None = None
    known_at: datetime | None = moment(nullable=True)
    registered_by: UUID = Field(foreign_key="organisation.id", index=True)
    burdened_at: datetime | None = moment(nullable=True)
    """When something was last known of its encumbrances. Written by the database: whoever does
    what can conflict writes it first, so that all who do wait for each other."""
    burdens: Any = Field(default=None, sa_type=INT4MULTIRANGE, nullable=True)
    """The kinds of what burdens it, by their places; written by the database."""
    reserved_for: str | None = None
    """The subject of its open reservation; written by the database."""


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
    """A fact about a right's life: when it was true, when we knew, and who said so.

    `origin` is the register that tells it (or `owner`, `operator`), and `event_key` names it there,
    so that it is kept once. `effective_on` is for the fact whose effect begins on another day.
    """

    __tablename__: ClassVar[str] = "legal_event"
    __table_args__ = (
        Index("legal_event_right_index", "right_id", "occurred_on", "id"),
        UniqueConstraint("right_id", "origin", "event_key", name="legal_event_once_unique"),
        CheckConstraint("(kind = 'fee_paid') = (fee_year IS NOT NULL)", name="fee_year"),
        CheckConstraint("(kind = 'extended') = (extension_days IS NOT NULL)", name="extension"),
        CheckConstraint("claims IS NULL OR kind = 'invalidated'", name="claims"),
    )

    right_id: UUID = Field(foreign_key="ip_right.id")
    kind: LegalEventKind = Field(sa_type=text_enum(LegalEventKind))
    occurred_on: date
    effective_on: date | None = None
    claims: list[int] | None = Field(default=None, sa_type=ARRAY(Integer))
    fee_year: int | None = None
    extension_days: int | None = None
    source: str
    origin: str
    event_key: str
    code: str | None = None
    payload: dict[str, Any] | None = Field(default=None, sa_type=JSONB)
    recorded_by: UUID | None = None


class RightReservation(Record, table=True):
    """A dated lock on a right while a deal over it runs; two can never overlap."""

    __tablename__: ClassVar[str] = "right_reservation"
    __table_args__ = (
        ExcludeConstraint(
            ("right_id", "="),
            (text("tstzrange(reserved_from, reserved_until)"), "&&"),
            name="right_reservation_no_overlap",
            using="gist",
        ),
        CheckConstraint("reserved_until IS NULL OR reserved_until >= reserved_from", name="period"),
        UniqueConstraint("subject", "right_id", name="right_reservation_subject_unique"),
    )

    right_id: UUID = Field(foreign_key="ip_right.id")
    subject: str
    reserved_from: datetime = moment()
    reserved_until: datetime | None = moment(nullable=True)
