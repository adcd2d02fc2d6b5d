from datetime import datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from typing import Any, ClassVar, Final
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, Index, Integer, UniqueConstraint, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from marketplace.kernel.db import Record, minor, moment, text_enum
from marketplace.kernel.lifecycle import Aggregate, Lifecycle
from marketplace.listings.licensing.terms import LicenceTerms
from marketplace.listings.solicitations.lifecycle import SOLICITATION, SolicitationState

SECOND: Final = timedelta(seconds=1)


class Outcome(StrEnum):
    """What the organiser wants of an idea that it awards."""

    PURCHASE = "purchase"
    LICENCE = "licence"
    CO_DEVELOPMENT = "co_development"


class Solicitation(Aggregate, table=True):
    """A task that an organisation pays ideas for, with a budget, criteria and a deadline."""

    __tablename__: ClassVar[str] = "solicitation"
    __table_args__ = (
        Index("solicitation_organiser_index", "organiser_organisation_id", "id"),
        Index(
            "solicitation_public_index",
            "id",
            postgresql_where=text("opened_at IS NOT NULL"),
        ),
        Index("solicitation_due_index", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        CheckConstraint("budget_minor > 0 AND compensation_minor > 0", name="amounts_positive"),
        CheckConstraint("awards_max > 0", name="awards_positive"),
        CheckConstraint("(outcome = 'licence') = (licence_terms IS NOT NULL)", name="licence"),
        CheckConstraint(
            "(outcome = 'co_development') = (share_numerator IS NOT NULL)"
            " AND (share_numerator IS NULL) = (share_denominator IS NULL)",
            name="co_development",
        ),
        CheckConstraint(
            "share_numerator > 0 AND share_numerator < share_denominator", name="share_range"
        ),
    )
    lifecycle: ClassVar[Lifecycle[SolicitationState]] = SOLICITATION

    organiser_organisation_id: UUID = Field(foreign_key="organisation.id")
    title: str
    task: str
    language: str
    outcome: Outcome = Field(sa_type=text_enum(Outcome))
    licence_terms: dict[str, Any] | None = Field(default=None, sa_type=JSONB(none_as_null=True))
    """Of the licence that each award is of, where a licence is wanted."""
    share_numerator: int | None = None
    share_denominator: int | None = None
    """What of the future rights is the organiser's, where the idea is to be developed together."""
    budget_minor: int = minor()
    currency: str
    awards_max: int
    compensation_minor: int = minor()
    """For each submission, when it is cancelled after the first one."""
    criteria: list[dict[str, Any]] = Field(sa_type=JSONB)
    closes_at: datetime = moment()
    opened_at: datetime | None = moment(nullable=True)
    cancellation_asked_at: datetime | None = moment(nullable=True)
    """When the organiser wanted to cancel it for the compensation, which is done once."""
    state: SolicitationState = Field(
        default=SolicitationState.DRAFT, sa_type=text_enum(SolicitationState)
    )

    @property
    def subject(self) -> str:
        return f"solicitation:{self.id}"

    @property
    def licence(self) -> LicenceTerms | None:
        """The terms of the licence that each award is of; None where it is something else."""
        terms = self.licence_terms
        return None if terms is None else LicenceTerms.model_validate(terms)

    @property
    def organiser_share(self) -> Fraction | None:
        """The organiser's exact share of what is developed together; None if nothing is."""
        if self.share_numerator is None or self.share_denominator is None:
            return None
        return Fraction(self.share_numerator, self.share_denominator)

    @property
    def sealed_until(self) -> datetime:
        """The deadline includes its second."""
        return self.closes_at.replace(microsecond=0) + SECOND


class Submission(Record, table=True):
    """An idea entered for a solicitation, as it was: its hash is published, its text sealed."""

    __tablename__: ClassVar[str] = "submission"
    __table_args__ = (
        UniqueConstraint("solicitation_id", "number", name="submission_number_unique"),
        Index(
            "submission_one_live_per_right",
            "solicitation_id",
            "right_id",
            unique=True,
            postgresql_where=text("withdrawn_at IS NULL"),
        ),
        Index("submission_organisation_index", "organisation_id", "id"),
    )

    solicitation_id: UUID = Field(foreign_key="solicitation.id")
    number: int
    right_id: UUID = Field(foreign_key="ip_right.id")
    organisation_id: UUID = Field(foreign_key="organisation.id")
    sha256: str
    """Over the commitments to the text and the files, as they stand."""
    shares: list[dict[str, Any]] = Field(sa_type=JSONB)
    """Who of the team owns which exact share, as the register says at the moment."""
    withdrawn_at: datetime | None = moment(nullable=True)

    @property
    def team(self) -> set[UUID]:
        """Whose it was when it was entered."""
        return {UUID(one["organisation_id"]) for one in self.shares}

    def exact_shares(self) -> dict[UUID, Fraction]:
        """The team's shares as they were when it entered."""
        return {
            UUID(one["organisation_id"]): Fraction(one["numerator"], one["denominator"])
            for one in self.shares
        }


class Evaluator(Record, table=True):
    """A person who judges submissions without being told whose they are."""

    __tablename__: ClassVar[str] = "evaluator"
    __table_args__ = (
        UniqueConstraint("solicitation_id", "user_id", name="evaluator_once_unique"),
        Index("evaluator_user_index", "user_id", "id"),
    )

    solicitation_id: UUID = Field(foreign_key="solicitation.id")
    user_id: UUID = Field(foreign_key="user_account.id")
    organisation_id: UUID = Field(foreign_key="organisation.id")
    declared_at: datetime | None = moment(nullable=True)
    conflicts: list[UUID] = Field(default_factory=list, sa_type=ARRAY(Uuid))

    @property
    def purpose(self) -> str:
        """Why this person may read."""
        return f"solicitation:{self.solicitation_id}:{self.id}"


class Evaluation(Record, table=True):
    """What an evaluator thinks of a submission: a score for each criterion, or that they step back.

    `points` are the scores times their weights in basis points: 1,000,000 is the best.
    """

    __tablename__: ClassVar[str] = "evaluation"
    __table_args__ = (
        UniqueConstraint("submission_id", "evaluator_id", name="evaluation_once_unique"),
        CheckConstraint("num_nonnulls(scores, points) IN (0, 2)", name="scored_whole"),
        CheckConstraint("points BETWEEN 0 AND 1000000", name="points_range"),
    )

    submission_id: UUID = Field(foreign_key="submission.id")
    evaluator_id: UUID = Field(foreign_key="evaluator.id")
    scores: list[int] | None = Field(default=None, sa_type=ARRAY(Integer))
    points: int | None = None


class Award(Record, table=True):
    """What of the budget a submission gets. Their sum is kept within it by the database."""

    __tablename__: ClassVar[str] = "award"
    __table_args__ = (
        UniqueConstraint("submission_id", name="award_once_unique"),
        Index("award_solicitation_index", "solicitation_id"),
        CheckConstraint("amount_minor > 0", name="amount_positive"),
    )

    solicitation_id: UUID = Field(foreign_key="solicitation.id")
    submission_id: UUID = Field(foreign_key="submission.id")
    amount_minor: int = minor()
