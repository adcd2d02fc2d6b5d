from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlmodel import Field

from marketplace.accounts.affiliations.lifecycle import AFFILIATION_PROPOSAL, ProposalState
from marketplace.kernel.db import Record, text_enum
from marketplace.kernel.lifecycle import Aggregate, Lifecycle


def _terms() -> tuple[CheckConstraint, ...]:
    """What holds of an affiliation, proposed or in force."""
    return (
        CheckConstraint("parent_id <> affiliate_id", name="two_organisations"),
        CheckConstraint("share_basis_points BETWEEN 1 AND 10000", name="share_range"),
        CheckConstraint("valid_until IS NULL OR valid_until >= valid_from", name="period"),
    )


class AffiliationProposal(Aggregate, table=True):
    """One organisation says that it is another's parent or affiliate; the other one confirms."""

    __tablename__: ClassVar[str] = "affiliation_proposal"
    __table_args__ = (
        *_terms(),
        Index(
            "affiliation_proposal_one_pending",
            "parent_id",
            "affiliate_id",
            unique=True,
            postgresql_where=text("state = 'proposed'"),
        ),
        Index("affiliation_proposal_affiliate_index", "affiliate_id", "id"),
        Index("affiliation_proposal_parent_index", "parent_id", "id"),
        Index(
            "affiliation_proposal_due_index", "due_at", postgresql_where=text("due_at IS NOT NULL")
        ),
    )
    lifecycle: ClassVar[Lifecycle[ProposalState]] = AFFILIATION_PROPOSAL

    proposer_id: UUID = Field(foreign_key="organisation.id")
    parent_id: UUID = Field(foreign_key="organisation.id")
    affiliate_id: UUID = Field(foreign_key="organisation.id")
    share_basis_points: int
    valid_from: date
    valid_until: date | None = None
    state: ProposalState = Field(default=ProposalState.PROPOSED, sa_type=text_enum(ProposalState))


class Affiliation(Record, table=True):
    """That one organisation belongs to another, from one day to the day before another.

    On any day an affiliate has one parent and no organisation is its own ancestor; a trigger
    keeps the latter, also among transactions that do not see each other.
    """

    __tablename__: ClassVar[str] = "affiliation"
    __table_args__: ClassVar[Any] = (
        *_terms(),
        CheckConstraint("(proposal_id IS NULL) <> (evidence IS NULL)", name="one_basis"),
        ExcludeConstraint(
            ("affiliate_id", "="),
            (text("daterange(valid_from, valid_until)"), "&&"),
            name="affiliation_one_parent",
            using="gist",
        ),
        Index("affiliation_parent_index", "parent_id", "id"),
        Index("affiliation_affiliate_index", "affiliate_id", "id"),
    )

    parent_id: UUID = Field(foreign_key="organisation.id")
    affiliate_id: UUID = Field(foreign_key="organisation.id")
    share_basis_points: int
    valid_from: date
    valid_until: date | None = None
    proposal_id: UUID | None = Field(default=None, foreign_key="affiliation_proposal.id")
    evidence: str | None = None
    recorded_by: UUID = Field(foreign_key="user_account.id")
