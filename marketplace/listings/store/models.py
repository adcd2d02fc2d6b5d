from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlmodel import Field

from marketplace.assets.models import RightKind
from marketplace.kernel.db import Record, minor, moment, text_enum
from marketplace.kernel.lifecycle import Aggregate, Lifecycle
from marketplace.listings.store.lifecycle import STORE_ENTRY, StoreState


class StoreRule(Record, table=True):
    """How young a filing of a kind has to be, and how many windows of what length it gets."""

    __tablename__: ClassVar[str] = "store_rule"
    __table_args__ = (
        ExcludeConstraint(
            ("right_kind", "="),
            (text("daterange(valid_from, valid_until)"), "&&"),
            name="store_rule_no_overlap",
            using="gist",
        ),
        CheckConstraint("valid_until IS NULL OR valid_until > valid_from", name="period"),
        CheckConstraint("months > 0 AND window_days > 0 AND windows_max > 0", name="positive"),
    )

    right_kind: RightKind = Field(sa_type=text_enum(RightKind))
    months: int
    window_days: int
    windows_max: int
    valid_from: date
    valid_until: date | None = None
    source: str


class StoreEntry(Aggregate, table=True):
    """An unpublished application that is shown to companies, a window at a time.

    The rule, the day of filing and the office's time zone are those of the day it was entered; the
    database holds each window against them.
    """

    __tablename__: ClassVar[str] = "store_entry"
    __table_args__ = (
        Index(
            "store_entry_one_live_per_right",
            "right_id",
            unique=True,
            postgresql_where=text("state IN ('open', 'selecting', 'selected')"),
        ),
        Index("store_entry_organisation_index", "organisation_id", "id"),
        Index("store_entry_open_index", "id", postgresql_where=text("state = 'open'")),
        Index("store_entry_due_index", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        CheckConstraint("asking_price_minor > 0", name="asking_price_positive"),
        CheckConstraint("rounds > 0", name="rounds_positive"),
    )
    lifecycle: ClassVar[Lifecycle[StoreState]] = STORE_ENTRY

    right_id: UUID = Field(foreign_key="ip_right.id")
    organisation_id: UUID = Field(foreign_key="organisation.id")
    rule_id: UUID = Field(foreign_key="store_rule.id")
    filed_on: date
    time_zone: str
    teaser: str
    language: str
    asking_price_minor: int | None = minor(default=None)
    currency: str
    rounds: int
    """How many windows its author wants at most, counted over the whole life of the application."""
    state: StoreState = Field(default=StoreState.OPEN, sa_type=text_enum(StoreState))

    @property
    def subject(self) -> str:
        return f"store_entry:{self.id}"


class Outcome(StrEnum):
    """What came of a window."""

    SELECTED = "selected"
    PASSED_OVER = "passed_over"
    NO_INTEREST = "no_interest"
    WITHDRAWN = "withdrawn"
    INELIGIBLE = "ineligible"


class StoreWindow(Record, table=True):
    """One of the times in which companies may apply for an application. An early end cuts it."""

    __tablename__: ClassVar[str] = "store_window"
    __table_args__ = (
        UniqueConstraint("right_id", "round", name="store_window_round_unique"),
        ExcludeConstraint(
            ("right_id", "="),
            (text("tstzrange(opens_at, closes_at)"), "&&"),
            name="store_window_no_overlap",
            using="gist",
        ),
        CheckConstraint("closes_at >= opens_at", name="period"),
        Index("store_window_entry_index", "entry_id"),
    )

    entry_id: UUID = Field(foreign_key="store_entry.id")
    right_id: UUID = Field(foreign_key="ip_right.id")
    round: int
    opens_at: datetime = moment()
    closes_at: datetime = moment()
    outcome: Outcome | None = Field(default=None, sa_type=text_enum(Outcome))


class StoreApplication(Record, table=True):
    """A company's word in a window that it wants the application, at which price and what for."""

    __tablename__: ClassVar[str] = "store_application"
    __table_args__ = (
        Index(
            "store_application_one_live",
            "window_id",
            "organisation_id",
            unique=True,
            postgresql_where=text("withdrawn_at IS NULL"),
        ),
        Index("store_application_organisation_index", "organisation_id", "id"),
        CheckConstraint("price_minor > 0", name="price_positive"),
    )

    window_id: UUID = Field(foreign_key="store_window.id")
    organisation_id: UUID = Field(foreign_key="organisation.id")
    price_minor: int = minor()
    message: str
    withdrawn_at: datetime | None = moment(nullable=True)
